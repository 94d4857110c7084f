"""What is counted and timed of questions, asked of the real bot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.client import FootnoteClient
from bot.observability.metrics import STAGES
from bot.observability.outcomes import Outcome, Way, outcome_of
from bot.store import ServerSettings
from retrieval.errors import QuestionError
from tests.bot.conftest import Scene, client_over
from tests.bot.observability.scraping import Scrape, collected

QUESTION = "When was Haftar's offensive called Operation Dignity?"
UNKNOWN = "Where did the zeppelin Aurora land?"


def client_of(scene: Scene) -> FootnoteClient:
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    return client


def scrape(scene: Scene) -> Scrape:
    return collected(client_of(scene).services.telemetry.metrics.registry)


def count(scene: Scene, way: Way, outcome: Outcome) -> float:
    return scrape(scene).value("footnote_questions_total", way=way, outcome=outcome)


async def choose(scene: Scene, **settings: Any) -> None:
    chosen = replace(ServerSettings(), **settings)
    store = client_of(scene).services.store
    await asyncio.to_thread(store.save_settings, scene.guild.id, chosen)


async def ask(scene: Scene, question: str = QUESTION) -> None:
    await scene.ada.slash(scene.channel, "ask", question=question)


async def test_an_answered_question_is_counted_with_all_its_stages(scene: Scene) -> None:
    assert count(scene, "command", "answered") == 0
    # No other test asks it, so that it is not answered from memory.
    await ask(scene, "What was Haftar's offensive in Benghazi called, please?")
    seen = scrape(scene)
    assert seen.value("footnote_questions_total") == 1
    assert seen.value("footnote_questions_total", way="command", outcome="answered") == 1
    assert seen.value("footnote_question_seconds_count") == 1
    parts = 0.0
    for stage in STAGES:
        assert seen.value("footnote_stage_seconds_count", stage=stage) == 1, stage
        parts += seen.value("footnote_stage_seconds_sum", stage=stage)
    assert seen.value("footnote_stage_seconds_sum", stage="encode") > 0
    assert 0 < parts <= seen.value("footnote_question_seconds_sum")


async def test_a_mention_is_a_message_and_is_not_acknowledged(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert count(scene, "message", "answered") == 1
    assert scrape(scene).value("footnote_stage_seconds_count", stage="acknowledge") == 0
    assert scrape(scene).value("footnote_stage_seconds_count", stage="send") == 1


async def test_a_hint_and_a_remark_are_no_questions(scene: Scene) -> None:
    await scene.ada.send(scene.channel, scene.mention)
    await scene.ada.send(scene.channel, QUESTION)
    assert scrape(scene).value("footnote_questions_total") == 0


async def test_a_question_that_a_form_asks_is_told_from_a_command(scene: Scene) -> None:
    said = await scene.boss.send(scene.channel, "The fighting in Benghazi goes on.")
    opened = await scene.ada.context_menu(scene.channel, "Ask about this message", said)
    await scene.ada.submit_modal(opened, {"text": QUESTION})
    assert count(scene, "form", "answered") == 1
    assert count(scene, "command", "answered") == 0


async def test_what_the_articles_do_not_know_is_counted_apart(scene: Scene) -> None:
    await ask(scene, UNKNOWN)
    assert count(scene, "command", "not_found") == 1
    assert count(scene, "command", "answered") == 0


async def test_an_answer_given_before_takes_no_stage_of_answering(scene: Scene) -> None:
    await ask(scene)
    before = scrape(scene)
    # Ada's own next question would be another, as it stands in a conversation.
    await scene.boss.slash(scene.channel, "ask", question=QUESTION)
    after = scrape(scene)
    grown = after.value("footnote_answers_from_memory_total") - before.value(
        "footnote_answers_from_memory_total"
    )
    assert grown == 1
    for stage, more in (("encode", 0), ("send", 1)):
        name = "footnote_stage_seconds_count"
        assert after.value(name, stage=stage) - before.value(name, stage=stage) == more


async def test_too_many_questions_are_counted_as_such(scene: Scene) -> None:
    await choose(scene, per_member=1)
    await ask(scene)
    await ask(scene)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert count(scene, "command", "answered") == 1
    assert count(scene, "command", "too_often") == 1
    assert count(scene, "message", "too_often") == 1
    assert scrape(scene).value("footnote_question_seconds_count") == 1
    assert scene.env.errors


async def test_whom_a_server_ignores_and_what_is_no_question_are_counted(scene: Scene) -> None:
    await ask(scene, "???")
    assert count(scene, "command", "invalid") == 1
    await choose(scene, ignored_members=frozenset({scene.ada.id}))
    await ask(scene)
    assert count(scene, "command", "ignored") == 1
    assert scene.env.errors


async def test_an_error_that_nobody_foresaw_is_counted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(client_of(scene).library._corpora, "ask", fail)
    await ask(scene)
    assert count(scene, "command", "failed") == 1
    assert scene.env.errors


async def test_a_bot_that_is_being_stopped_counts_what_it_refuses(scene: Scene) -> None:
    client_of(scene).in_flight.close()
    await ask(scene)
    assert count(scene, "command", "unavailable") == 1
    assert scene.env.errors


async def test_a_task_that_is_cancelled_is_no_failure() -> None:
    assert outcome_of(asyncio.CancelledError()) == "unavailable"
    assert outcome_of(QuestionError("What?")) == "invalid"
    assert outcome_of(ConnectionResetError()) == "undelivered"


async def test_no_label_tells_who_asked_what_and_where(scene: Scene) -> None:
    await ask(scene, UNKNOWN)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    seen = scrape(scene)
    values = {value for _, labels, _ in seen.samples() for value in labels.values()}
    ids = {scene.ada.id, scene.guild.id, scene.channel.id, scene.boss.id}
    assert not values & {str(id_) for id_ in ids}
    assert "zeppelin" not in seen.text
    names = {name for _, labels, _ in seen.samples() for name in labels}
    assert names == {"way", "outcome", "stage", "le", "scope", "status", "shard"}


async def test_the_number_of_series_does_not_grow_with_the_questions(scene: Scene) -> None:
    await ask(scene)
    before = len(list(scrape(scene).samples()))
    for number in range(3):
        await ask(scene, f"What happened in the year 201{number}?")
    assert len(list(scrape(scene).samples())) == before


async def test_two_bots_in_one_process_count_apart(scene: Scene, tmp_path: Any) -> None:
    client = client_of(scene)
    other = client_over(client.library, client.services.conversations, tmp_path / "other")
    await ask(scene)
    registry = other.services.telemetry.metrics.registry
    assert collected(registry).value("footnote_questions_total") == 0
    assert count(scene, "command", "answered") == 1
