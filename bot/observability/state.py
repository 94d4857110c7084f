"""What is read off the bot whenever Prometheus asks, as nobody need keep count of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.observability.gateway import shards_of
from bot.observability.version import own_version

if TYPE_CHECKING:
    from bot.client import FootnoteClient
    from bot.observability.health import Health


class State(Collector):
    """A client, its library and their health as gauges.

    Args:
        clock: The time, with its zone.
    """

    def __init__(
        self,
        client: FootnoteClient,
        health: Health,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._health = health
        self._clock = clock
        self._version = own_version()

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("footnote", "What runs.", {"version": self._version})
        ready = not self._health.reasons()
        yield GaugeMetricFamily("footnote_ready", "1 where questions can be answered.", int(ready))
        yield from self._work()
        yield from self._articles()
        yield from self._gateway()

    def _work(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "footnote_answers_in_progress",
            "What is being answered or shown right now.",
            len(self._client.in_flight),
        )
        waiting = GaugeMetricFamily(
            "footnote_queue",
            "What waits until a thread is free, for answers and for changes of the articles.",
            labels=("threads",),
        )
        for threads, count in self._client.library.waiting.items():
            waiting.add_metric((threads,), count)
        yield waiting

    def _articles(self) -> Iterator[Metric]:
        generation = self._client.library.generation
        if generation is None:
            return
        age = self._clock() - generation.created
        yield GaugeMetricFamily(
            "footnote_generation_age_seconds",
            "Since the shared articles that are served now were indexed.",
            age.total_seconds(),
        )
        yield GaugeMetricFamily(
            "footnote_articles", "The shared articles.", len(generation.articles)
        )
        yield GaugeMetricFamily("footnote_passages", "Their passages.", len(generation.engine))

    def _gateway(self) -> Iterator[Metric]:
        connected = GaugeMetricFamily(
            "footnote_gateway_connected",
            "1 where a shard is connected to Discord's gateway.",
            labels=("shard",),
        )
        latency = GaugeMetricFamily(
            "footnote_gateway_latency_seconds",
            "From a shard's last heartbeat to its acknowledgement.",
            labels=("shard",),
        )
        for shard in shards_of(self._client):
            connected.add_metric((str(shard.id),), int(shard.is_connected))
            latency.add_metric((str(shard.id),), shard.latency)
        yield connected
        yield latency
        yield GaugeMetricFamily(
            "footnote_servers", "The servers that the bot is in.", len(self._client.guilds)
        )
