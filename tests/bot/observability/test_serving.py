"""What is served over HTTP, and where it cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bot.observability.address import Address
from bot.observability.metrics import Metrics
from bot.observability.serving import AddressError, serving
from tests.bot.observability.scraping import get, scraped

ANYWHERE = Address("127.0.0.1", 0)


@pytest.fixture
def reasons() -> list[str]:
    return []


@pytest.fixture
async def address(reasons: list[str]) -> AsyncIterator[Address]:
    async with serving(ANYWHERE, Metrics(CollectorRegistry()).registry, lambda: reasons) as bound:
        yield bound


async def test_a_bot_is_alive_whether_it_can_answer_or_not(
    address: Address, reasons: list[str]
) -> None:
    for _ in range(2):
        response = await get(address, "/healthz")
        assert response.status == 200
        assert response.json["alive"] is True
        reasons.append("The model is not loaded.")


async def test_a_bot_that_cannot_answer_says_why(address: Address, reasons: list[str]) -> None:
    ready = await get(address, "/readyz")
    assert (ready.status, ready.json) == (200, {"ready": True, "reasons": []})
    reasons += ["Shard 0 is not connected to Discord.", "The model is not loaded."]
    unready = await get(address, "/readyz")
    assert (unready.status, unready.json) == (503, {"ready": False, "reasons": reasons})
    assert unready.headers["Content-Type"].startswith("application/json")
    assert unready.headers["Cache-Control"] == "no-store"


async def test_metrics_are_served_in_both_of_prometheus_formats(address: Address) -> None:
    seen = await scraped(address)
    assert seen.value("footnote_questions_total") == 0
    assert seen.value("process_resident_memory_bytes") > 0
    response = await get(address, "/metrics", Accept="application/openmetrics-text;version=1.0.0")
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    families = text_string_to_metric_families(response.text)  # type: ignore[no-untyped-call]
    assert "footnote_questions" in {family.name for family in families}


async def test_nothing_else_is_served(address: Address) -> None:
    for path in ("/", "/metrics/", "/../etc/passwd", "/debug"):
        assert (await get(address, path)).status == 404


async def test_an_address_that_another_has_is_an_error_with_a_remedy(address: Address) -> None:
    with pytest.raises(AddressError) as caught:
        async with serving(address, CollectorRegistry(), list):
            pass
    assert str(address) in caught.value.what
    assert "in use" in caught.value.why
    assert "FOOTNOTE_METRICS_ADDRESS" in caught.value.remedy


@pytest.mark.parametrize("host", ["203.0.113.9", "a" * 64 + ".example", "no-such-host.invalid"])
async def test_an_address_that_is_not_here_is_an_error_too(host: str) -> None:
    with pytest.raises(AddressError):
        async with serving(Address(host, 0), CollectorRegistry(), list):
            pass


async def test_the_address_is_free_again_when_the_bot_has_gone() -> None:
    async with serving(ANYWHERE, CollectorRegistry(), list) as bound:
        pass
    async with serving(bound, CollectorRegistry(), list) as again:
        assert (await get(again, "/healthz")).status == 200
