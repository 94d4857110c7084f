"""What lies between Footnote and a server, and breaks at the worst moment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Final, Self

_KEPT: Final = b"COMMIT\0"
"""What the driver asks for when a transaction is to be kept."""


class Cut(Enum):
    """When the connection breaks that carries a COMMIT."""

    BEFORE = auto()
    """The server never hears of it."""
    AFTER = auto()
    """The server has done it, and its answer is lost."""


class Proxy:
    """Passes on what is sent to a server. The next COMMIT breaks its connection, if told so.

    Args:
        port: Of the server, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._next: Cut | None = None
        self._then: Callable[[], None] | None = None
        self.cuts = 0
        self._flows = threading.Event()
        self._flows.set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.thaw()
        # Shut down first: closing alone does not wake whoever waits for a connection.
        for each in (self._listener, *self._sockets):
            _end(each)
        for thread in self._threads:
            thread.join(10)

    def url(self, url: str) -> str:
        """A URL of the server, through here."""
        return url.replace(f":{self._target}", f":{self.port}")

    def cut(self, when: Cut, then: Callable[[], None] | None = None) -> None:
        """Break the connection that carries the next COMMIT.

        Args:
            then: Is done when the server has answered, before the connection breaks.
        """
        self._then = then
        self._next = when

    def freeze(self) -> None:
        """Take what is sent and answer nothing, as what lies before a server that hangs does."""
        self._flows.clear()

    def thaw(self) -> None:
        """Go on."""
        self._flows.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    _end(client)
                    continue
                self._sockets.append(server)
                is_deaf = threading.Event()
                for work in (self._ask, self._answer):
                    thread = threading.Thread(
                        target=work, args=(client, server, is_deaf), daemon=True
                    )
                    self._threads.append(thread)
                    thread.start()

    def _ask(self, client: socket.socket, server: socket.socket, is_deaf: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                if data.endswith(_KEPT) and (when := self._take()) is not None:
                    if when is Cut.BEFORE:
                        break
                    is_deaf.set()
                server.sendall(data)
        if not is_deaf.is_set():
            _end(client)
            _end(server)

    def _answer(
        self, client: socket.socket, server: socket.socket, is_deaf: threading.Event
    ) -> None:
        with suppress(OSError):
            while (data := server.recv(1 << 16)) and not is_deaf.is_set():
                self._flows.wait()
                client.sendall(data)
        if is_deaf.is_set() and self._then is not None:
            self._then()
        _end(client)
        _end(server)

    def _take(self) -> Cut | None:
        when, self._next = self._next, None
        self.cuts += when is not None
        return when


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
