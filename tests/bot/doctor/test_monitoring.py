from __future__ import annotations

import asyncio
import socket

import pytest
from prometheus_client import CollectorRegistry

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation
from bot.doctor.monitoring import check_monitoring
from bot.observability.address import Address
from bot.observability.serving import serving
from bot.settings import Settings


def looked_at(address: Address | None = None, endpoint: str | None = None) -> list[Finding]:
    settings = Settings(metrics_address=address, otlp_endpoint=endpoint)
    return list(check_monitoring(Installation(settings)))


def test_nothing_is_said_of_what_is_not_asked_for() -> None:
    assert looked_at() == []


def test_a_free_address_is_all_right(unused_tcp_port: int) -> None:
    (finding,) = looked_at(Address("127.0.0.1", unused_tcp_port))
    assert finding.severity == "ok"
    assert str(unused_tcp_port) in finding.message


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"])
async def test_an_address_that_another_program_has_is_named_with_the_remedy(says: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (finding,) = await asyncio.to_thread(looked_at, Address("127.0.0.1", port))
    assert finding.severity == "error"
    assert f"127.0.0.1:{port}" in finding.message
    assert "FOOTNOTE_METRICS_ADDRESS" in finding.remedy


async def test_the_bot_itself_may_have_it() -> None:
    async with serving(Address("127.0.0.1", 0), CollectorRegistry(), list) as address:
        (finding,) = await asyncio.to_thread(looked_at, address)
    assert finding.severity == "ok"
    assert "The bot that runs here" in finding.message


def test_an_address_of_another_machine_is_an_error() -> None:
    (finding,) = looked_at(Address("203.0.113.9", 9464))
    assert finding.severity == "error"


def test_looking_leaves_the_address_free(unused_tcp_port: int) -> None:
    looked_at(Address("127.0.0.1", unused_tcp_port))
    with socket.socket() as other:
        other.bind(("127.0.0.1", unused_tcp_port))


@pytest.mark.parametrize(
    ("endpoint", "severity"), [("http://127.0.0.1:4318", "ok"), ("collector:4317", "warning")]
)
def test_spans_that_cannot_be_sent_are_a_warning(endpoint: str, severity: str) -> None:
    (finding,) = looked_at(endpoint=endpoint)
    assert finding.severity == severity
