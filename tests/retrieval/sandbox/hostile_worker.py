"""The worker with a reader that does what its document says: what a parser under attack might."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.preparation import PreparedArticle
from retrieval.readers.documents import Document, Linked, Reading
from retrieval.sandbox import worker

LIBRARY: Final = ctypes.CDLL(None, use_errno=True)
KEPT: Final[list[bytearray]] = []


def hang() -> None:
    while True:
        pass


def sleep() -> None:
    while True:
        time.sleep(60)


def hog() -> None:
    pieces = []
    while True:
        pieces.append(bytearray(1024 * 1024))


def leak() -> None:
    KEPT.append(bytearray(100 * 1024 * 1024))


def crash() -> None:
    os.abort()


def fail() -> None:
    raise ValueError("secret words of the document")


def recurse() -> None:
    recurse()


def babble() -> None:
    for descriptor in (1, 2):
        os.write(descriptor, b"Warning: this file is odd.\n" * 100_000)


def lie() -> None:
    """Write into the pipe that the answers go through, wherever it is."""
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, b"\xff" * 1000)
        except OSError:
            continue


def connect() -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def resolve() -> None:
    socket.getaddrinfo("localhost", 80)


def start_a_program() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def run_a_shell() -> None:
    os.system("true")  # noqa: S605


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def kill_the_parent() -> None:
    os.kill(os.getppid(), signal.SIGTERM)


def write() -> None:
    Path("/tmp/footnote-was-here").write_text("x")  # noqa: S108


def remove() -> None:
    Path("/tmp/footnote-was-here").unlink()  # noqa: S108


def read_the_settings() -> None:
    (Path(readers.__file__).parents[2] / ".env.example").read_text()


def read_the_environment_of_the_parent() -> None:
    Path(f"/proc/{os.getppid()}/environ").read_bytes()


def connect_natively() -> None:
    refused(LIBRARY.socket(socket.AF_INET, socket.SOCK_DGRAM, 0))


def start_a_program_natively() -> None:
    refused(LIBRARY.execv(os.fsencode(sys.executable), None))


def read_natively() -> None:
    refused(LIBRARY.open(b"/etc/hostname", os.O_RDONLY))


def read_the_parent_natively() -> None:
    refused(LIBRARY.open(f"/proc/{os.getppid()}/environ".encode(), os.O_RDONLY))


def write_natively() -> None:
    refused(LIBRARY.open(b"/tmp/footnote-was-here", os.O_WRONLY | os.O_CREAT, 0o600))


def refused(result: int) -> None:
    if result == -1 and ctypes.get_errno() in {errno.EPERM, errno.EACCES}:
        raise PermissionError


def say_the_environment() -> str:
    return repr(dict(os.environ))


def surrogates() -> str:
    return "half \ud83d and half \ude00, both \ud83d\ude00 and \U0001f600"


DEEDS: Final[dict[str, Callable[[], str | None]]] = {
    name: deed
    for name, deed in list(globals().items())
    if callable(deed) and getattr(deed, "__module__", None) == __name__
}


def hostile_read(document: Document, article_id: str, limits: Limits) -> Reading:
    deed = document.content.decode()
    try:
        text = DEEDS[deed]() if deed in DEEDS else deed
    except PermissionError:
        raise ArticleError(document.name, "It was refused.") from None
    article = Article(article_id, "Title", text or "Nothing came of it.", pages=(0, 3))
    linked = Linked("b", "http://localhost/", "B", author="\ud800")
    failure = ArticleError("c", "What.", why="Why.", remedy="Remedy.")
    return Reading((article,), (failure,), (linked,))


def unprepared(article: Article) -> PreparedArticle:
    """Without passages: what finds them takes most of the time in which a worker starts."""
    return PreparedArticle(article, (), b"")


if __name__ == "__main__":
    readers.read = hostile_read
    vars(worker)["prepare"] = unprepared
    worker.main()
