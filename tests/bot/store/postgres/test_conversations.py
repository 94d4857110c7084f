"""Conversations that several processes share: what each may see, and what happens without them."""

from __future__ import annotations

import logging

import pytest

from bot.conversations import Place
from bot.store.postgres import PostgresPeople, SharedConversations
from retrieval.conversation import Turn
from retrieval.errors import StorageError
from retrieval.postgres.servers import Servers

THREAD = [Place("channel", 2)]


async def test_another_process_goes_on_from_what_was_said(
    people: PostgresPeople, people_url: str
) -> None:
    await SharedConversations(people).remember(1, THREAD, [Turn("one")], 5)
    servers = Servers(people_url)
    other = SharedConversations(PostgresPeople(servers, keep_text=True))
    assert await other.turns(1, THREAD) == (Turn("one"),)
    await other.forget(5)
    assert await SharedConversations(people).turns(1, THREAD) == ()
    servers.close()


async def test_without_the_database_a_question_is_the_first(
    nowhere: PostgresPeople, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = SharedConversations(nowhere)
    with caplog.at_level(logging.WARNING):
        await conversations.remember(1, THREAD, [Turn("one")], 5)
        assert await conversations.turns(1, THREAD) == ()
    assert [record.message.count("cannot be reached") for record in caplog.records] == [1]


async def test_nobody_is_told_to_be_forgotten_who_is_not(nowhere: PostgresPeople) -> None:
    with pytest.raises(StorageError, match="cannot be reached"):
        await SharedConversations(nowhere).forget(5)
