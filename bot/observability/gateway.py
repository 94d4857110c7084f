"""Discord's gateway as it is seen from here: each shard's connection, and what happens to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from bot.observability.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Shard:
    """A connection to the gateway.

    Attributes:
        latency: Seconds from a heartbeat to its acknowledgement; NaN where that is not known.
    """

    id: int
    is_connected: bool
    latency: float = math.nan


def shards_of(client: discord.Client) -> tuple[Shard, ...]:
    """The shards that a client is to have; a plain client is one."""
    if not isinstance(client, discord.AutoShardedClient):
        is_open = client.ws is not None and client.ws.open
        return (Shard(client.shard_id or 0, is_open, _known(client.latency)),)
    live = client.shards
    wanted = client.shard_ids or range(client.shard_count or 1)
    return tuple(
        Shard(id_, not live[id_].is_closed(), _known(live[id_].latency))
        if id_ in live
        else Shard(id_, is_connected=False)
        for id_ in wanted
    )


def _known(latency: float) -> float:
    # discord.py says infinity until the first heartbeat is acknowledged.
    return latency if math.isfinite(latency) else math.nan


def count_event(metrics: Metrics, client: discord.Client, event: str, *arguments: object) -> None:
    """Count one of the events that a client dispatches, if it is one of a connection."""
    counters = {
        "connect": metrics.sessions,
        "resumed": metrics.resumes,
        "disconnect": metrics.disconnects,
    }
    # A client of many shards tells of each by its number, and again without it.
    if isinstance(client, discord.AutoShardedClient):
        kind = event.removeprefix("shard_") if event.startswith("shard_") else ""
        shard = arguments[0] if arguments else 0
    else:
        kind, shard = event, client.shard_id or 0
    if kind not in counters:
        return
    for each in counters.values():
        each.labels(shard)  # A rate needs a zero to begin at.
    counters[kind].labels(shard).inc()
