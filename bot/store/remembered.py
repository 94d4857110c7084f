"""The settings of servers that are known without asking the database."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from bot.store.server_settings import ServerSettings


class Remembered:
    """Settings by server, as they were read or changed last. Shared by threads.

    What is read takes a while, and may be older by then than what is known. So whoever is to read
    notes the ``moment`` first, and what was read counts only if nothing has changed since.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moment = 0
        self._settings: dict[int, ServerSettings] = {}
        self._has_all = False
        self._changed: set[int] = set()

    @property
    def moment(self) -> int:
        """A number that grows with every change."""
        return self._moment

    def of(self, server: int) -> ServerSettings | None:
        """A server's settings; ``None`` where they are not known."""
        with self._lock:
            known = self._settings.get(server)
            if known is None and self._has_all and server not in self._changed:
                return ServerSettings()
            return known

    def read(self, server: int, settings: ServerSettings, moment: int) -> None:
        """Keep what was read."""
        with self._lock:
            if moment == self._moment:
                self._keep(server, settings)

    def read_all(self, settings: Mapping[int, ServerSettings], moment: int) -> None:
        """Keep what was read of all servers; those that are not there have the usual settings."""
        with self._lock:
            if moment == self._moment:
                self._settings = dict(settings)
                self._changed.clear()
                self._has_all = True

    def changed(self, server: int, settings: ServerSettings, moment: int) -> None:
        """Keep what a server's settings were changed to; ``moment`` is that before the change."""
        with self._lock:
            self._drop(server)
            # Where there was another change, it cannot be told which was the last.
            if moment == self._moment:
                self._keep(server, settings)
            self._moment += 1

    def forget(self, server: int | None = None) -> None:
        """Know nothing of a server any more, or of none."""
        with self._lock:
            self._moment += 1
            if server is not None:
                self._drop(server)
                return
            self._settings.clear()
            self._changed.clear()
            self._has_all = False

    def _keep(self, server: int, settings: ServerSettings) -> None:
        self._settings[server] = settings
        self._changed.discard(server)

    def _drop(self, server: int) -> None:
        self._settings.pop(server, None)
        self._changed.add(server)
