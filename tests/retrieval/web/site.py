"""A web server on loopback that answers exactly what a test tells it to, good or bad."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from socketserver import StreamRequestHandler, ThreadingTCPServer

Answer = bytes | Callable[[socket.socket, threading.Event], None]
"""What is sent, or what is done with the connection; the event tells that the site closes."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived; the names of its header fields in lower case."""

    target: str
    fields: Mapping[str, str]


class Site(ThreadingTCPServer):
    """Answers each path with what stands under it, and remembers what was asked.

    A ``greeting`` is given to a connection before anything is read of it, and nothing after it.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tls = tls
        self.answers: dict[str, Answer] = {}
        self.greeting: Answer | None = None
        self.requests: list[Request] = []
        self.connections = 0
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def finish_request(self, request: object, client_address: object) -> None:
        self.connections += 1
        assert isinstance(request, socket.socket)
        try:
            connection = self.tls.wrap_socket(request, server_side=True) if self.tls else request
            super().finish_request(connection, client_address)
            connection.close()
        except OSError:
            pass  # The other side has gone: what it makes of that is what is tested.


class _Handler(StreamRequestHandler):
    server: Site

    def handle(self) -> None:
        if self.server.greeting is not None:
            self._give(self.server.greeting)
            return
        words = self.rfile.readline().decode("latin-1").split()
        if len(words) < 2:
            return
        fields: dict[str, str] = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        self.server.requests.append(Request(words[1], fields))
        self._give(self.server.answers.get(words[1].partition("?")[0], response(404)))

    def _give(self, answer: Answer) -> None:
        if isinstance(answer, bytes):
            self.connection.sendall(answer)
        else:
            answer(self.connection, self.server.closing)


@contextmanager
def site(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A site that serves until the end of the block."""
    with Site(tls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


def response(status: int = 200, body: bytes = b"", **fields: str) -> bytes:
    """A whole answer; ``content_type="text/html"`` becomes the field ``Content-Type``."""
    return head(status, content_length=str(len(body)), **fields) + body


def head(status: int = 200, **fields: str) -> bytes:
    """The head of an answer; without a length its body ends with the connection."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Whatever"
    lines = [f"HTTP/1.1 {status} {phrase}"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def page(body: str | bytes = "<p>Hello.</p>", **fields: str) -> bytes:
    """A page that is there."""
    content = body if isinstance(body, bytes) else body.encode()
    return response(200, content, **{"content_type": "text/html; charset=utf-8", **fields})


def redirection(location: str, status: int = 302) -> bytes:
    """An answer that leads elsewhere."""
    return response(status, location=location)
