"""What is counted and timed, as Prometheus reads it.

A label has few values, all known beforehand or as many as this process has shards: none tells a
server, a person or a question.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector

from bot.observability.outcomes import OUTCOMES, WAYS

Stage = Literal["acknowledge", "wait", "encode", "search", "rerank", "render", "send"]
"""The parts of a question's time: until Discord knows that it is worked on, until a thread is free,
three of the answer itself, until it can be shown, and until Discord has taken it."""
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)

STATUSES: Final = ("2xx", "4xx", "5xx", "lost")
"""What Discord answers a request with; lost: nothing."""

Scope = Literal["user", "global", "shared", "unknown"]
"""Whose limit it is that Discord refuses a request for: the bot's for one route, the bot's in all,
that of a place for everybody, or not said."""
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """All counters and histograms, each there from the start: a rate needs a zero to begin at.

    Args:
        registry: Where they are collected from.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.questions = Counter(
            "footnote_questions",
            "Questions by how they came in and what became of them.",
            ("way", "outcome"),
            registry=registry,
        )
        self.question_seconds = Histogram(
            "footnote_question_seconds",
            "From when a question is taken up until Discord has its answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "footnote_stage_seconds",
            "The parts of that time.",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.from_memory = Counter(
            "footnote_answers_from_memory",
            "Answers that were given to the same question before, and took no stage's time.",
            registry=registry,
        )
        self.sessions = Counter(
            "footnote_gateway_sessions",
            "Sessions that a shard has begun with Discord's gateway; each after the first is one "
            "that could not be resumed.",
            ("shard",),
            registry=registry,
        )
        self.resumes = Counter(
            "footnote_gateway_resumes",
            "Sessions that a shard has gone on with on a new connection.",
            ("shard",),
            registry=registry,
        )
        self.disconnects = Counter(
            "footnote_gateway_disconnects",
            "Connections of a shard that were lost, or did not come about.",
            ("shard",),
            registry=registry,
        )
        self.requests = Counter(
            "footnote_discord_requests",
            "Requests to Discord's REST API by what it answered; lost: nothing.",
            ("status",),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "footnote_discord_request_seconds",
            "How long Discord's REST API took to answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.rate_limited = Counter(
            "footnote_discord_rate_limited",
            "Requests that Discord refused as too many, by whose limit it was.",
            ("scope",),
            registry=registry,
        )
        for way in WAYS:
            for outcome in OUTCOMES:
                self.questions.labels(way, outcome)
        for stage in STAGES:
            self.stage_seconds.labels(stage)
        for status in STATUSES:
            self.requests.labels(status)
        for scope in SCOPES:
            self.rate_limited.labels(scope)
        # The memory, processor time and open files of the process.
        ProcessCollector(registry=registry)
