"""No answer of a server costs more than it may, or does more than fail."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.limits import Limits
from retrieval.web import Fetched, Fetcher, FetchError
from retrieval.web.addresses import Address
from retrieval.web.exchange import exchange
from tests.retrieval.web.site import Answer, Site, head, page

SMALL = Limits(file_bytes=100_000)
MEBIBYTE = 1024 * 1024


def refusal(site: Site, limits: Limits = SMALL, timeout: float = 5) -> FetchError:
    with pytest.raises(FetchError) as refused:
        Fetcher(limits, [site.host], timeout=timeout).fetch(site.url())
    return refused.value


def secure_refusal(site: Site, timeout: float = 5) -> FetchError:
    """What comes of asking a server without encryption for an encrypted page."""
    with pytest.raises(FetchError) as refused:
        Fetcher(SMALL, [site.host], timeout=timeout).fetch(site.url().replace("http:", "https:"))
    return refused.value


def content(site: Site, limits: Limits = SMALL) -> bytes:
    result = Fetcher(limits, [site.host], timeout=5).fetch(site.url())
    assert isinstance(result, Fetched)
    return result.content


def endlessly(start: bytes, more: bytes) -> Answer:
    """An answer that goes on until the other side has had enough."""

    def answer(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(start)
        while not closing.is_set():
            connection.sendall(more)

    return answer


def and_then_nothing(start: bytes) -> Answer:
    """An answer that stops in the middle, with the connection left open."""

    def answer(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(start)
        closing.wait()

    return answer


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


# Size


def test_a_body_of_just_the_size_is_read(web: Site) -> None:
    web.answers["/"] = page(b"x" * SMALL.file_bytes)
    assert len(content(web)) == SMALL.file_bytes


@pytest.mark.parametrize(
    "answer",
    [
        page(b"x" * (SMALL.file_bytes + 1)),
        and_then_nothing(head(200, content_length="999999999")),
        endlessly(head(200), b"x" * 65536),
        endlessly(head(200, transfer_encoding="chunked"), chunk(b"x" * 65536)),
        endlessly(head(200, transfer_encoding="chunked"), chunk(b"x") * 1000),
    ],
    ids=["stated", "stated and not sent", "not stated", "chunked", "crumbled"],
)
def test_a_body_is_too_large_whether_or_not_it_says_so(web: Site, answer: Answer) -> None:
    web.answers["/"] = answer
    error = refusal(web)
    assert "too large: at most 100,000 bytes" in error.what
    assert not error.transient


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_a_packed_page_is_unpacked(web: Site, pack: Callable[[bytes], bytes]) -> None:
    packing = "gzip" if pack is gzip.compress else "deflate"
    web.answers["/"] = page(pack(b"hello " * 1000), content_encoding=packing)
    assert content(web) == b"hello " * 1000


def test_a_small_body_that_unpacks_to_a_large_one_costs_no_more_memory_than_is_allowed(
    web: Site,
) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(200)) + packer.flush()
    assert len(bomb) < MEBIBYTE / 4
    web.answers["/"] = page(bomb, content_encoding="gzip")
    refusal(web)  # Loads what is loaded once.
    tracemalloc.start()
    try:
        error = refusal(web)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "too large" in error.what
    assert peak < 8 * MEBIBYTE


def test_endless_packed_nothing_ends_with_the_time(web: Site) -> None:
    web.answers["/"] = endlessly(head(200, content_encoding="gzip"), gzip.compress(b"") * 3000)
    started = time.monotonic()
    refusal(web, timeout=0.3)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("packing", ["br", "zstd", "compress", "gzip, gzip", "x" * 50])
def test_a_packing_that_nobody_asked_for_is_refused(web: Site, packing: str) -> None:
    web.answers["/"] = page(b"\x00" * 100, content_encoding=packing)
    refusal(web)


def test_what_is_not_packed_as_it_says_is_refused(web: Site) -> None:
    web.answers["/"] = page(b"plain", content_encoding="gzip")
    assert "breaks off or is not HTTP" in refusal(web).why


@pytest.mark.parametrize(
    "answer",
    [
        endlessly(b"HTTP/1.1 200 OK\r\n", b"Name: value\r\n" * 1000),
        endlessly(b"HTTP/1.1 200 OK\r\nName: ", b"x" * 65536),
        endlessly(b"HTTP/1.1 200 ", b"x" * 65536),
        endlessly(b"", b"x" * 65536),
        endlessly(head(200, transfer_encoding="chunked"), b"1" * 65536),
        endlessly(head(200, transfer_encoding="chunked") + b"0\r\n", b"Name: value\r\n" * 1000),
    ],
    ids=["fields", "field", "reason", "start", "chunk size", "trailers"],
)
def test_a_head_without_end_is_not_read_to_it(web: Site, answer: Answer) -> None:
    web.answers["/"] = answer
    tracemalloc.start()
    try:
        refusal(web, timeout=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEBIBYTE


# Time


@pytest.mark.parametrize(
    "answer",
    [
        and_then_nothing(b""),
        and_then_nothing(b"HTTP/1.1 200 OK\r\nContent-"),
        and_then_nothing(head(200, content_length="100") + b"half"),
        endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100),
    ],
    ids=["nothing", "half a head", "half a body", "hints without end"],
)
def test_a_slow_answer_is_not_waited_for(web: Site, answer: Answer) -> None:
    web.answers["/"] = answer
    started = time.monotonic()
    error = refusal(web, timeout=0.2)
    assert "takes too long" in error.what
    assert error.transient
    assert time.monotonic() - started < 3


def test_the_time_is_for_all_redirections_together(web: Site) -> None:
    def slow(connection: socket.socket, closing: threading.Event) -> None:
        closing.wait(0.15)
        connection.sendall(head(302, location="/", content_length="0"))

    web.answers["/"] = slow
    assert "takes too long" in refusal(web, timeout=0.4).what


def test_a_server_that_never_shakes_hands_is_not_waited_for(web: Site) -> None:
    web.greeting = and_then_nothing(b"")
    assert "takes too long" in secure_refusal(web, timeout=0.3).what


# Truth


@pytest.mark.parametrize(
    "answer",
    [
        head(200, content_length="100") + b"half",
        head(200, transfer_encoding="chunked") + chunk(b"half"),
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ],
)
def test_an_answer_that_breaks_off_is_never_taken_for_a_page(web: Site, answer: bytes) -> None:
    web.answers["/"] = answer
    error = refusal(web)
    assert "breaks off or is not HTTP" in error.why
    assert error.transient


@pytest.mark.parametrize(
    ("greeting", "what"),
    [(b"", "cannot be reached"), (head(400), "secure connection")],
    ids=["hangs up", "speaks in clear"],
)
def test_a_server_that_breaks_off_shaking_hands_is_said_to_do_so(
    web: Site, greeting: bytes, what: str
) -> None:
    web.greeting = greeting
    error = secure_refusal(web)
    assert what in error.what


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answer=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    b"HTTP/1.1 ",
                    b"200 OK",
                    b"302 Found",
                    b"100 Continue",
                    b"101 Switching Protocols",
                    b"\r\n",
                    b"\r\n\r\n",
                    b"Location: ",
                    b"/",
                    b"http://[",
                    b"\xff\xfe",
                    b"Content-Length: 3\r\n",
                    b"Content-Length: -3\r\n",
                    b"Content-Encoding: gzip\r\n",
                    b"Content-Encoding: br\r\n",
                    b"Content-Type: text/html; charset=",
                    b"Content-Type: \xff/\xfe\r\n",
                    b"ETag: \xff\r\n",
                    b"Retry-After: \xb2\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"Upgrade: websocket\r\nConnection: upgrade\r\n",
                    b"3\r\nabc\r\n0\r\n\r\n",
                    b"abc",
                    b"\x00",
                ]
            ),
            max_size=14,
        ).map(b"".join),
        st.lists(
            st.sampled_from([b"A: b\r\n", b"Content-Length: 0\r\n", b"Location: \xe9\r\n"])
        ).map(lambda fields: b"HTTP/1.1 302 Found\r\n" + b"".join(fields) + b"\r\n"),
    )
)
def test_whatever_a_server_sends_is_a_page_or_a_page_that_cannot_be_fetched(
    web: Site, answer: bytes
) -> None:
    web.answers["/"] = answer
    with suppress(FetchError):
        assert isinstance(Fetcher(SMALL, [web.host], timeout=5).fetch(web.url()), Fetched)


# Where


@pytest.mark.parametrize("host", ["turning.example", "127.0.0.1"], ids=["a name", "a literal"])
def test_a_connection_goes_to_the_addresses_that_were_checked_and_nowhere_else(
    web: Site, host: str
) -> None:
    web.answers["/"] = page("hello")
    address = Address.parse(web.url(host=host))

    def ask(checked: list[str]) -> bytes:
        return exchange(address, checked, {}, wanted=lambda _: True, max_bytes=100, seconds=5)[1]

    for checked in (["127.0.0.2"], ["::1"]):
        with pytest.raises(FetchError):
            ask(checked)
    assert web.connections == 0
    assert ask(["127.0.0.1"]) == b"hello"
