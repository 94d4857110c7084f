"""Shards: how each is connected, and what happens to them."""

from __future__ import annotations

import math

import discord
import pytest
from prometheus_client import CollectorRegistry

from bot.observability.gateway import Shard, count_event, shards_of
from bot.observability.metrics import Metrics
from tests.bot.observability.scraping import Scrape, collected

NONE = discord.Intents.none()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def seen_of(metrics: Metrics, client: discord.Client, *events: tuple[str, int | None]) -> Scrape:
    for event, shard in events:
        count_event(metrics, client, event, *(() if shard is None else (shard,)))
    return collected(metrics.registry)


def away(shards: tuple[Shard, ...]) -> list[int]:
    assert all(math.isnan(shard.latency) and not shard.is_connected for shard in shards)
    return [shard.id for shard in shards]


def test_a_plain_client_is_one_shard() -> None:
    assert away(shards_of(discord.Client(intents=NONE))) == [0]
    assert away(shards_of(discord.Client(intents=NONE, shard_id=3, shard_count=4))) == [3]


def test_a_client_of_many_has_each_that_it_should_before_it_is_there() -> None:
    assert away(shards_of(discord.AutoShardedClient(intents=NONE, shard_count=2))) == [0, 1]
    some = discord.AutoShardedClient(intents=NONE, shard_count=8, shard_ids=[4, 5])
    assert away(shards_of(some)) == [4, 5]


def test_what_happens_to_the_shard_of_a_plain_client_is_counted(metrics: Metrics) -> None:
    events = ("connect", "disconnect", "disconnect", "resumed", "ready", "message")
    client = discord.Client(intents=NONE)
    seen = seen_of(metrics, client, *((event, None) for event in events))
    assert seen.value("footnote_gateway_sessions_total", shard="0") == 1
    assert seen.value("footnote_gateway_resumes_total", shard="0") == 1
    assert seen.value("footnote_gateway_disconnects_total", shard="0") == 2


def test_what_happens_to_one_of_many_shards_is_counted_once_and_for_it(metrics: Metrics) -> None:
    client = discord.AutoShardedClient(intents=NONE, shard_count=2)
    # discord.py tells each of these twice.
    events = [("connect", None), ("shard_connect", 0), ("connect", None), ("shard_connect", 1)]
    events += [("disconnect", None), ("shard_disconnect", 1), ("resumed", None)]
    seen = seen_of(metrics, client, *events, ("shard_resumed", 1), ("shard_ready", 1))
    for shard, kind, count in (
        ("0", "sessions", 1),
        ("1", "sessions", 1),
        ("0", "disconnects", 0),
        ("1", "disconnects", 1),
        ("0", "resumes", 0),
        ("1", "resumes", 1),
    ):
        assert seen.value(f"footnote_gateway_{kind}_total", shard=shard) == count
