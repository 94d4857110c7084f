"""A process that does nothing but answer: its memory, and how many questions a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from statistics import median

from tests.benchmarks.capacity.places import Place
from tests.benchmarks.speed.servers import resident
from tests.benchmarks.speed.texts import never_asked
from tests.benchmarks.speed.timing import percentile


@dataclass(frozen=True, slots=True)
class Served:
    """What answering took; memory is what was resident, in megabytes, times in milliseconds.

    Attributes:
        opened: Seconds until the first question can be asked, the model being loaded.
        memory_before: With all libraries and the model.
        memory_opened: With the collection.
        memory_after: After the questions.
        alone: Questions a second of one who waits for each answer.
        together: Of all askers.
        processor: Milliseconds that a question takes of the process's processor, together.
        asked: How many questions were asked together.
    """

    opened: float
    memory_before: float
    memory_opened: float
    memory_after: float
    alone: float
    alone_p50: float
    alone_p99: float
    together: float
    together_p50: float
    together_p99: float
    processor: float
    asked: int


def serve(place: Place, questions: Sequence[str], askers: int, asked: int) -> Served:
    """Ask a collection that was written before, in a process of its own.

    Args:
        asked: Questions of one asker, and of all together; each is asked once only.
    """
    encoder, servers = place.encoder(), place.servers()
    encoder.encode_question(questions[0])
    before = resident()
    fresh = never_asked(questions)
    with place.corpora(encoder, servers) as corpora, ThreadPoolExecutor(askers) as crowd:
        start = time.perf_counter()
        corpora.open()
        opened = time.perf_counter() - start
        memory = resident()

        def ask(question: str) -> float:
            start = time.perf_counter()
            corpora.ask(question)
            return 1000 * (time.perf_counter() - start)

        # Threads and connections are made, and files read, before anything is measured.
        list(crowd.map(ask, islice(fresh, 4 * askers)))
        alone, alone_took, _ = _asked(lambda texts: [ask(text) for text in texts], fresh, asked)
        together, took, processor = _asked(lambda texts: list(crowd.map(ask, texts)), fresh, asked)
        after = resident()
    return Served(
        opened=opened,
        memory_before=before,
        memory_opened=memory,
        memory_after=after,
        alone=alone,
        alone_p50=median(alone_took),
        alone_p99=percentile(alone_took, 0.99),
        together=together,
        together_p50=median(took),
        together_p99=percentile(took, 0.99),
        processor=processor,
        asked=asked,
    )


def _asked(
    ask: Callable[[list[str]], list[float]], questions: Iterator[str], count: int
) -> tuple[float, list[float], float]:
    """Questions a second, how long each took, and the process's processor time for each."""
    texts = list(islice(questions, count))
    start, used = time.perf_counter(), time.process_time()
    took = ask(texts)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    return count / seconds, took, 1000 * used / count
