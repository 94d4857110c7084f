"""Reads what is served as those read it who ask for it: over HTTP, by Prometheus' own parser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from bot.observability.address import Address


@dataclass(frozen=True)
class Scrape:
    """All samples of one look at the metrics."""

    text: str

    def __post_init__(self) -> None:
        assert list(self.samples())

    def samples(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of a name that have some labels, of which there must be some."""
        found = [
            value
            for sample, its, value in self.samples()
            if sample == name and its.items() >= labels.items()
        ]
        assert found, f"no {name}{labels} in\n{self.text}"
        return sum(found)

    def labels(self) -> dict[str, set[str]]:
        """The names of the labels of each sample, by its name."""
        found: dict[str, set[str]] = {}
        for name, labels, _ in self.samples():
            found.setdefault(name, set()).update(labels)
        return found


@dataclass(frozen=True)
class Response:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def collected(registry: Collector) -> Scrape:
    return Scrape(generate_latest(registry).decode())


async def get(address: Address | str, path: str, **headers: str) -> Response:
    url = address if isinstance(address, str) else address.url
    async with (
        aiohttp.ClientSession() as session,
        session.get(url + path, headers=headers) as response,
    ):
        return Response(response.status, response.headers, await response.text())


async def scraped(address: Address | str) -> Scrape:
    """What Prometheus is told."""
    response = await get(address, "/metrics")
    assert response.status == 200
    return Scrape(response.text)
