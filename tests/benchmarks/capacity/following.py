"""How long a change takes, and how long until another process serves it too.

Both are in this process, but share nothing except the database, as two processes do.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from bot.upkeep import Pace
from retrieval.corpus import Corpora, Upload
from retrieval.postgres.database import CHANGED
from retrieval.postgres.servers import Servers
from tests.benchmarks.capacity.places import Place

_PATIENCE: Final = 60.0
"""Seconds after which a change is not heard of any more."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Seconds since somebody added an article, its encoding included.

    Attributes:
        here: Until the process that has added it says so; the median.
        elsewhere: Until another process serves it; the median. It hears of it as soon as it is
            kept, when the first may have something to tidy up yet.
        slowest: The longest of those.
    """

    here: float
    elsewhere: float
    slowest: float


def follow(place: Place, changes: int) -> Followed:
    """Add so many short articles to the collection, one after the other."""
    encoder = place.encoder()
    encoder.load()
    servers, others = place.servers(), place.servers()
    at_here: list[float] = []
    at_there: list[float] = []
    with place.corpora(encoder, servers) as here, place.corpora(encoder, others) as there:
        here.open()
        there.open()
        with _following(there, others) as served:
            for number in range(changes):
                start = time.perf_counter()
                here.shared.add(_article(number))
                at_here.append(time.perf_counter() - start)
                at_there.append(_served_at(served, here.shared.digest) - start)
    return Followed(median(at_here), median(at_there), max(at_there))


_Served = tuple[float, str | None]
"""When something else was served, and what."""


@contextmanager
def _following(corpora: Corpora, servers: Servers | None) -> Iterator[queue.Queue[_Served]]:
    """What the bot does all the time: it listens to the database, or looks every few seconds."""
    served: queue.Queue[_Served] = queue.Queue()
    stop = threading.Event()

    def look(_: object = None) -> None:
        corpora.refresh()
        served.put((time.perf_counter(), corpora.shared.digest))

    def listen() -> None:
        if servers is not None:
            servers.listen(CHANGED, look, stop)
        while not stop.wait(Pace().refresh):
            look()

    thread = threading.Thread(target=listen, name="following")
    thread.start()
    try:
        served.get(timeout=_PATIENCE)  # It listens from now on.
        yield served
    finally:
        stop.set()
        thread.join()


def _served_at(served: queue.Queue[_Served], digest: str | None) -> float:
    """When it was served; ``queue.Empty`` is raised where it never is."""
    while True:
        at, found = served.get(timeout=_PATIENCE)
        if found == digest:
            return at


def _article(number: int) -> Upload:
    text = f"Change {number} of the day was made at {time.time_ns()}, and somebody has noted it."
    return Upload(f"change-{number}.txt", text.encode())
