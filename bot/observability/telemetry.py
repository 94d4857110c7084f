"""Watches over questions: counts and times them, traces them, and logs what became of each."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from bot.observability.metrics import Metrics, Stage
from bot.observability.outcomes import Outcome, Way, outcome_of
from bot.observability.requests import request_id
from bot.observability.tracing import NoTracing, Span, Tracing, make_tracing, now
from bot.settings import Settings
from retrieval.answers import Answer, Timings

log = logging.getLogger(__name__)

_MILLISECONDS = 1000.0


@dataclass(slots=True)
class Question:
    """A question that is being answered, and what became of it."""

    outcome: Outcome = "failed"

    def is_answered_by(self, answer: Answer) -> None:
        """Note what was found; called when the asker has it."""
        self.outcome = "answered" if answer.answered else "not_found"


class Telemetry:
    """What is measured of questions, wherever they come in.

    Args:
        clock: Seconds that only ever grow.
    """

    def __init__(
        self,
        metrics: Metrics | None = None,
        tracing: Tracing | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.metrics = metrics or Metrics(CollectorRegistry())
        self._tracing = tracing or NoTracing()
        self._clock = clock

    @contextmanager
    def question(self, way: Way) -> Iterator[Question]:
        """Around everything that is done for a question, from its admission to its answer."""
        asked = Question()
        begun = self._clock()
        with self._tracing.question() as span:
            try:
                yield asked
            except BaseException as error:
                asked.outcome = outcome_of(error)
                if asked.outcome == "failed":
                    span.fail(type(error).__name__)
                raise
            finally:
                self._is_over(way, asked, self._clock() - begun, span)

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Around a part of what is done for a question; one that fails counts too."""
        begun = self._clock()
        try:
            with self._tracing.stage(stage):
                yield
        finally:
            self.metrics.stage_seconds.labels(stage).observe(self._clock() - begun)

    async def answering(self, asking: Awaitable[Answer]) -> Answer:
        """An answer, with its stages noted as it tells them itself."""
        begun = self._clock()
        answer = await asking
        took = self._clock() - begun
        if answer.took_ms.total:
            self._note_stages(answer.took_ms, took)
        else:
            self.metrics.from_memory.inc()
        return answer

    def close(self) -> None:
        """Send what is left of the spans, within some seconds."""
        self._tracing.close()

    def _note_stages(self, timings: Timings, took: float) -> None:
        """Note the stages of an answer that was there after ``took`` seconds, just now.

        They follow each other up to now. What they leave of the time was waited.
        """
        known: list[tuple[Stage, float]] = [
            ("encode", timings.encode / _MILLISECONDS),
            ("search", timings.search / _MILLISECONDS),
            ("rerank", timings.rerank / _MILLISECONDS),
        ]
        waited = max(0.0, took - sum(seconds for _, seconds in known))
        since = now() - took
        for stage, seconds in [("wait", waited), *known]:
            self.metrics.stage_seconds.labels(stage).observe(seconds)
            self._tracing.past(stage, since, seconds)
            since += seconds

    def _is_over(self, way: Way, asked: Question, seconds: float, span: Span) -> None:
        outcome = asked.outcome
        self.metrics.questions.labels(way, outcome).inc()
        if outcome in ("answered", "not_found"):
            self.metrics.question_seconds.observe(seconds)
        span.note("request", request_id())
        span.note("way", way)
        span.note("outcome", outcome)
        log.info("A question is over", extra={"way": way, "outcome": outcome, "seconds": seconds})


def make_telemetry(settings: Settings) -> Telemetry:
    """What the settings ask for."""
    return Telemetry(tracing=make_tracing(settings.otlp_endpoint))
