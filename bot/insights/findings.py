"""What was asked in a server over some days, with what lacks an answer merged by meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.insights.merging import Group
from bot.store import Insights
from retrieval.errors import CorpusError

if TYPE_CHECKING:
    from bot.client import FootnoteClient

PER_PAGE: Final = 5
"""Groups that a page shows."""
_MERGED: Final = 500
"""Questions without an answer that are looked at, the latest."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a period.

    Attributes:
        titles: Of the articles by id, as far as they are still there.
        groups: The questions that lack an answer.
    """

    days: int
    insights: Insights
    titles: Mapping[str, str]
    groups: Sequence[Group]
    first: datetime
    last: datetime

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.groups) // PER_PAGE))


async def find(client: FootnoteClient, server: int, days: int) -> Findings:
    """What was asked in a server in its last ``days`` days, today being one of them.

    Raises:
        StorageError: That cannot be read.
    """
    services = client.services
    first, last = bounds(services.store.now(), days)
    insights = await asyncio.to_thread(services.store.insights, server, first)
    try:
        articles = await client.library.known(server)
    except CorpusError:
        articles = ()
    return Findings(
        days=days,
        insights=insights,
        titles={article.id: article.title for article in articles},
        groups=await open_groups(client, server, first),
        first=first,
        last=last,
    )


async def open_groups(
    client: FootnoteClient, server: int, since: datetime | None = None
) -> list[Group]:
    """The questions of a server that lack an answer, merged by meaning."""
    services = client.services
    latest = await asyncio.to_thread(services.store.open_questions, server, _MERGED)
    asked = [each for each in latest if since is None or each.at >= since]
    return await client.library.with_encoder(partial(services.merger.merge, asked))


def bounds(now: datetime, days: int) -> tuple[datetime, datetime]:
    """The beginning of the first of the last ``days`` days, and now; both in UTC."""
    last = now.astimezone(UTC)
    first = last - timedelta(days=days - 1)
    return first.replace(hour=0, minute=0, second=0, microsecond=0), last
