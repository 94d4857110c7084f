"""Whether the bot can answer, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bot.observability.gateway import Shard, shards_of

if TYPE_CHECKING:
    from bot.client import FootnoteClient
    from bot.inflight import InFlight
    from bot.library import Library


class Health:
    """What keeps a bot from answering.

    Args:
        shards: Those of the client, as they are when it is called.
        is_told: Whether Discord has told the client which servers there are.
        is_reached: Whether the database can be asked that the articles are in.
    """

    def __init__(
        self,
        library: Library,
        in_flight: InFlight,
        shards: Callable[[], tuple[Shard, ...]],
        is_told: Callable[[], bool],
        is_reached: Callable[[], bool] = lambda: True,
    ) -> None:
        self._library = library
        self._in_flight = in_flight
        self._shards = shards
        self._is_told = is_told
        self._is_reached = is_reached

    @classmethod
    def of(cls, client: FootnoteClient) -> Health:
        """That of a client."""
        reach = client.services.reach
        return cls(
            client.library,
            client.in_flight,
            lambda: shards_of(client),
            client.is_ready,
            lambda: reach is None or reach.is_there,
        )

    def reasons(self) -> list[str]:
        """Why the bot cannot answer now, as sentences; none where it can."""
        return list(self._reasons())

    def _reasons(self) -> Iterator[str]:
        if self._in_flight.is_closed:
            yield "The bot is being stopped."
        away = [shard.id for shard in self._shards() if not shard.is_connected]
        for shard in away:
            yield f"Shard {shard} is not connected to Discord."
        if not away and not self._is_told():
            yield "Discord has not told yet which servers there are."
        if not self._is_reached():
            yield "The database cannot be reached."
        if self._library.generation is None:
            yield "The articles are not loaded."
        elif not self._library.is_open:
            yield "The model is not loaded."
