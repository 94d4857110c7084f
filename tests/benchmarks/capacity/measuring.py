"""All that is measured of one place, in turn."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retrieval.database import SQLiteDatabase
from retrieval.database.copying import copy_encodings
from retrieval.engines.embedded import dense
from tests.benchmarks.capacity.following import Followed, follow
from tests.benchmarks.capacity.places import Place
from tests.benchmarks.capacity.server import Held
from tests.benchmarks.capacity.serving import Served, serve

_LOOK_S: Final = 0.1
"""Seconds between two looks at the connections."""
_CHANGES: Final = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of one place.

    Attributes:
        passages: Of the collection.
        bytes_each: Bytes on the disk for each passage, by kind. Of a server's only those that an
            empty database does not take.
        written: Seconds for 1,000 passages whose encodings were there, reading included.
        served: What a process does that answers from it.
        connections: That this process had at most at one time.
        database_processor: Milliseconds that a question takes of the server's processors; opening
            the collection is in it.
        followed: How changes arrive elsewhere.
    """

    name: str
    passages: int
    bytes_each: Mapping[str, float]
    written: float
    served: Served
    connections: int
    database_processor: float
    followed: Followed


def measure(
    place: Place,
    encodings: SQLiteDatabase,
    held: Held | None,
    questions: Sequence[str],
    *,
    askers: int,
    asked: int,
) -> Measured:
    """Write the collection, look, ask, change.

    Args:
        place: Where nothing is yet.
        encodings: Those of all passages.
        held: The server's database, where it is one.

    Raises:
        RuntimeError: A passage had no encoding.
    """
    empty = held.sizes() if held is not None else Counter[str]()
    passages, seconds = _write(place, encodings)
    sizes = held.sizes() if held is not None else _files(place.data)
    sizes.subtract(empty)
    served, connections, processor = _serve(place, held, questions, askers, asked)
    return Measured(
        name=place.name,
        passages=passages,
        bytes_each={kind: size / passages for kind, size in sizes.items() if size},
        written=1000 * seconds / passages,
        served=served,
        connections=connections,
        database_processor=processor,
        followed=follow(place, _CHANGES),
    )


@contextmanager
def graph_above(sentences: int | None) -> Iterator[None]:
    """Collections with more sentences than that have a graph; ``None`` for the product's limit."""
    before = dense.EXACT_UP_TO
    if sentences is not None:
        dense.EXACT_UP_TO = sentences  # type: ignore[misc]  # what a benchmark may
    try:
        yield
    finally:
        dense.EXACT_UP_TO = before  # type: ignore[misc]


def _write(place: Place, encodings: SQLiteDatabase) -> tuple[int, float]:
    """How many passages were written, and the seconds that it took."""
    encoder, servers = place.encoder(), place.servers()
    encoder.load()
    backend = place.backend(servers)
    backend.open()
    copy_encodings(encodings, backend.database, lambda _: None)
    backend.close()
    with place.corpora(encoder, servers) as corpora:
        start = time.perf_counter()
        report = corpora.open()
        seconds = time.perf_counter() - start
        if report.encoded:
            raise RuntimeError(f"{report.encoded} passages had no encodings")
        return corpora.shared.status().passages, seconds


def _serve(
    place: Place, held: Held | None, questions: Sequence[str], askers: int, asked: int
) -> tuple[Served, int, float]:
    """What a new process found, its connections, and the server's processor time a question."""
    before = held.processor_seconds() if held is not None else 0.0
    connections = 0
    fresh = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        count = stack.enter_context(held.watching()) if held is not None else lambda: 0
        process = stack.enter_context(ProcessPoolExecutor(1, mp_context=fresh))
        serving = process.submit(serve, place, questions, askers, asked)
        while wait([serving], _LOOK_S).not_done:
            connections = max(connections, count())
        served = serving.result()
    used = held.processor_seconds() - before if held is not None else 0.0
    return served, connections, 1000 * used / (2 * asked + 4 * askers)


def _files(folder: Path) -> Counter[str]:
    """Bytes by what the files are: databases by name, and the columns of indexes."""
    found: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_file():
            first = file.relative_to(folder).parts[0]
            kind = f"index, {file.stem}" if "indexes" in file.parts else first
            found[kind] += file.stat().st_size
    return found
