"""A running bot as its monitoring sees it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.client import FootnoteClient
from bot.inflight import InFlight
from bot.library import Library
from bot.observability.address import Address
from bot.observability.gateway import Shard
from bot.observability.health import Health
from bot.observability.monitoring import monitored
from tests.bot.conftest import MakeCorpora, Scene
from tests.bot.observability.scraping import get, scraped

QUESTION = "When was Haftar's offensive called Operation Dignity?"
CONNECTED = (Shard(0, True, 0.04), Shard(1, True, 0.05))


@pytest.fixture
async def address(scene: Scene) -> AsyncIterator[Address]:
    """Where the bot of the scene is seen."""
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    async with monitored(client, Address("127.0.0.1", 0)) as bound:
        assert bound is not None
        yield bound


async def test_without_an_address_nothing_is_served(scene: Scene) -> None:
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    async with monitored(client, None) as bound:
        assert bound is None


async def test_a_question_shows_in_what_prometheus_is_told(scene: Scene, address: Address) -> None:
    before = await scraped(address)
    await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    after = await scraped(address)
    asked = [
        seen.value("footnote_questions_total", way="command", outcome="answered")
        for seen in (before, after)
    ]
    assert asked == [0, 1]


async def test_the_articles_that_are_served_show_with_their_age(
    scene: Scene, library: Library, address: Address
) -> None:
    seen = await scraped(address)
    generation = library.generation
    assert generation is not None
    assert seen.value("footnote_articles") == len(generation.articles)
    assert seen.value("footnote_passages") == len(generation.engine)
    later = await scraped(address)
    ages = [each.value("footnote_generation_age_seconds") for each in (seen, later)]
    assert 0 < ages[0] < ages[1]
    assert seen.value("footnote_servers") == 1
    assert seen.value("footnote_queue", threads="answers") == 0
    assert seen.value("footnote_answers_in_progress") == 0


async def test_what_is_being_answered_is_in_progress(scene: Scene, address: Address) -> None:
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    with client.in_flight:
        assert (await scraped(address)).value("footnote_answers_in_progress") == 1
    assert (await scraped(address)).value("footnote_answers_in_progress") == 0


async def test_ready_is_the_same_to_prometheus_and_to_whoever_asks(
    scene: Scene, address: Address
) -> None:
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    response = await get(address, "/readyz")
    assert (await scraped(address)).value("footnote_ready") == int(response.status == 200)
    client.in_flight.close()
    response = await get(address, "/readyz")
    assert response.status == 503
    assert "The bot is being stopped." in response.json["reasons"]
    assert (await scraped(address)).value("footnote_ready") == 0
    assert (await get(address, "/healthz")).status == 200


def test_a_bot_with_everything_is_ready(library: Library) -> None:
    assert Health(library, InFlight(), lambda: CONNECTED, lambda: True).reasons() == []


def test_each_shard_that_is_away_is_named(library: Library) -> None:
    shards = (Shard(0, True, 0.1), Shard(1, False, math.nan), Shard(2, False, 0.1))
    reasons = Health(library, InFlight(), lambda: shards, lambda: True).reasons()
    assert reasons == [f"Shard {number} is not connected to Discord." for number in (1, 2)]


def test_a_bot_whose_database_is_away_is_not_ready(library: Library) -> None:
    health = Health(library, InFlight(), lambda: CONNECTED, lambda: True, lambda: False)
    assert health.reasons() == ["The database cannot be reached."]


def test_a_bot_that_knows_no_servers_yet_is_not_ready(library: Library) -> None:
    (reason,) = Health(library, InFlight(), lambda: CONNECTED, lambda: False).reasons()
    assert "which servers" in reason


async def test_a_bot_is_ready_when_it_has_articles_and_has_answered_from_them(
    make_corpora: MakeCorpora, tmp_path: Path
) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "lighthouse.txt").write_text("The lighthouse of Norwick was built in 1851.")
    corpora = make_corpora(articles)
    library = Library(corpora)
    health = Health(library, InFlight(), lambda: CONNECTED, lambda: True)
    assert health.reasons() == ["The articles are not loaded."]
    await asyncio.to_thread(corpora.open)
    assert health.reasons() == ["The model is not loaded."]
    await library.open()
    assert health.reasons() == []
    library.close()
