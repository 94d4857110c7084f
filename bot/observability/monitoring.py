"""A running client and what those who run it see of it, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

from bot.observability.address import Address
from bot.observability.health import Health
from bot.observability.serving import serving
from bot.observability.state import State

if TYPE_CHECKING:
    from bot.client import FootnoteClient


@asynccontextmanager
async def monitored(
    client: FootnoteClient, address: Address | None
) -> AsyncIterator[Address | None]:
    """Serve a client's health and metrics within the block, if there is an address for them.

    Yields:
        Where they are served.

    Raises:
        AddressError: Nothing can be served there. Whoever asked for it would take a bot that is
            not seen for one that is dead, so this one does not start.
    """
    if address is None:
        yield None
        return
    health = Health.of(client)
    registry = client.services.telemetry.metrics.registry
    state = State(client, health)
    registry.register(state)
    reach = client.services.reach
    try:
        with nullcontext() if reach is None else reach.watched():
            async with serving(address, registry, health.reasons) as bound:
                yield bound
    finally:
        registry.unregister(state)
