"""``/privacy``: what is kept about a person, and how they have it deleted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import simcord

from bot.conversations import Conversations, LocalConversations, Place
from bot.library import Library
from bot.store import Store
from bot.views.privacy import forget_panel, kept_panel
from retrieval.conversation import Turn
from tests.bot.components import words_of
from tests.bot.conftest import Scene, client_over
from tests.bot.layout.sending import assert_discord_takes


@pytest.fixture
def store(scene: Scene) -> Store:
    client = scene.env.bot
    return client.services.store  # type: ignore[attr-defined,no-any-return]


def ask(store: Store, person: int, *, server: int | None = 1, question: str = "Who?") -> int:
    return store.record(
        server=server,
        channel=2,
        person=person,
        question=question,
        answered=False,
        confidence=0.1,
    )


async def press(
    actor: simcord.MemberActor | simcord.UserHandle, shown: simcord.InteractionResult, label: str
) -> simcord.InteractionResult:
    assert shown.response
    return await actor.click(shown.response, label=label)


async def test_a_person_sees_alone_what_is_kept_about_them(scene: Scene, store: Store) -> None:
    ask(store, scene.ada.id)
    store.vote(1, ask(store, scene.boss.id), scene.ada.id, 1)
    shown = await scene.ada.slash(scene.channel, "privacy show")
    assert shown.ephemeral
    words = words_of(shown)
    assert "1 question (1 of them word for word)" in words
    assert "1 vote" in words
    assert "After 30 days" in words
    assert "ignored" in words


async def test_of_who_asked_nothing_nothing_is_kept(scene: Scene) -> None:
    assert "Nothing: no question" in words_of(await scene.ada.slash(scene.channel, "privacy show"))


async def test_it_says_where_words_are_not_kept(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    from datetime import UTC, datetime, timedelta

    store = Store(
        tmp_path / "wordless",
        keep_text=False,
        retention=timedelta(days=1),
        clock=lambda: datetime.now(UTC),
    )
    conversations = LocalConversations(time.monotonic)
    await scene.env.restart_bot(client_over(library, conversations, tmp_path / "b", store=store))
    ask(store, scene.ada.id)
    words = words_of(await scene.ada.slash(scene.channel, "privacy show"))
    assert "0 of them word for word" in words
    assert "words of questions are not kept" in words
    assert "After 1 day," in words


async def test_forgetting_is_asked_about_first(scene: Scene, store: Store) -> None:
    ask(store, scene.ada.id)
    shown = await scene.ada.slash(scene.channel, "privacy forget-me")
    assert shown.ephemeral
    assert store.what_is_kept(scene.ada.id).questions == 1
    await press(scene.ada, shown, "Keep")
    assert "Nothing was deleted" in words_of(shown)
    assert store.what_is_kept(scene.ada.id).questions == 1


async def test_who_wants_to_be_forgotten_is_and_nobody_else(
    scene: Scene, store: Store, conversations: Conversations
) -> None:
    ask(store, scene.ada.id)
    ask(store, scene.ada.id, server=None)
    ask(store, scene.boss.id)
    await conversations.remember(1, [Place("message", 1)], [Turn("Who?")], scene.ada.id)
    await conversations.remember(1, [Place("message", 2)], [Turn("When?")], scene.boss.id)
    shown = await scene.ada.slash(scene.channel, "privacy forget-me")
    await press(scene.ada, shown, "Delete")
    assert "Deleted: 2 questions" in words_of(shown)
    assert store.what_is_kept(scene.ada.id).questions == 0
    assert store.what_is_kept(scene.boss.id).questions == 1
    assert not await conversations.turns(1, [Place("message", 1)])
    assert await conversations.turns(1, [Place("message", 2)])


async def test_it_works_in_direct_messages(scene: Scene, store: Store) -> None:
    user = scene.ada.user
    ask(store, user.id, server=None)
    shown = await user.slash("privacy forget-me")
    await press(user, shown, "Delete")
    assert store.what_is_kept(user.id).questions == 0


async def test_the_button_works_after_a_restart(
    scene: Scene, library: Library, store: Store, tmp_path: Path
) -> None:
    ask(store, scene.ada.id)
    shown = await scene.ada.slash(scene.channel, "privacy forget-me")
    await scene.env.restart_bot(
        client_over(library, LocalConversations(time.monotonic), tmp_path / "discord")
    )
    await press(scene.ada, shown, "Delete")
    assert store.what_is_kept(scene.ada.id).questions == 0


async def test_discord_takes_the_panels(scene: Scene, store: Store) -> None:
    from datetime import timedelta

    for keeps in (True, False):
        kept = store.what_is_kept(1)
        panel = kept_panel(
            kept, retention=timedelta(days=30), keeps_text=keeps, keeps_conversations=keeps
        )
        assert_discord_takes(panel)
        said = str(panel.to_components())  # type: ignore[no-untyped-call]
        assert ("in a database for up to an hour" in said) == keeps
    assert_discord_takes(forget_panel(2**64 - 1))
