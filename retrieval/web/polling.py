"""When to look at a page or feed again, so that its server does not mind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

SOONEST: Final = timedelta(minutes=1)
LATEST: Final = timedelta(days=1)
"""How far failures alone stretch the wait."""
MOST_ASKED: Final = timedelta(days=7)
"""How long a server can ask to be left alone: it may mean what it says, but not for ever."""
_SPREAD: Final = 0.1


def next_check(
    now: datetime,
    interval: timedelta,
    *,
    failures: int = 0,
    retry_after: float | None = None,
    jitter: float = 0.0,
) -> datetime:
    """When to look again: after the interval, doubled for each failure in a row up to a day.

    Args:
        now: When the last check ended.
        interval: Between checks while all goes well; at least a minute is kept.
        failures: Checks in a row that have failed, the last one included.
        retry_after: Seconds that the server asked to be left alone, as in ``FetchError``.
        jitter: From 0 to 1, a random number: spreads checks over a tenth of the wait, so that what
            was added together is not asked for together ever after.
    """
    wait = max(interval, SOONEST)
    # The longest interval is reached after 11 doublings of the shortest.
    wait = max(wait, min(LATEST, min(wait, LATEST) * (1 << min(max(failures, 0), 11))))
    wait += wait * (_SPREAD * min(max(jitter, 0.0), 1.0))
    asked = timedelta(seconds=min(max(retry_after or 0.0, 0.0), MOST_ASKED.total_seconds()))
    return now + max(wait, asked)
