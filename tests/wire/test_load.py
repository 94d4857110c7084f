"""Questions at once while Discord has its troubles: each is answered, and none twice."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.load import measure
from tests.loopback import Trouble

SORTS = ("typing", "message", "callback", "webhook")


async def test_every_question_is_answered_once_whatever_befalls_the_requests(
    tmp_path: Path,
) -> None:
    """Every other request of each sort meets a fault: at this share each fault comes at least
    once. An interaction that is not acknowledged in time is lost, since Discord then refuses it.
    """
    outcome = await measure(tmp_path, people=20, channels=8, rounds=1, faults=0.5)
    assert (outcome.answered, outcome.lost, outcome.doubled) == (20, 0, 0)
    for sort in SORTS:
        assert {trouble for where, trouble in outcome.faults if where == sort} == set(Trouble)
    assert "Traceback" not in outcome.log
