"""A conversation goes on where it was left, for a while, whichever process is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bot.conversations import LIFETIME, Conversations, LocalConversations, Place
from bot.store.postgres import PostgresPeople, SharedConversations
from retrieval.conversation import Turn
from retrieval.postgres.servers import Servers

SERVER = 7
MESSAGE = Place("message", 1)
THREAD = Place("channel", 2)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["local", "shared"])
def conversations(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Conversations]:
    if request.param == "local":
        yield LocalConversations(clock)
        return
    servers = Servers(request.getfixturevalue("people_url"))
    yield SharedConversations(PostgresPeople(servers, keep_text=True), clock)
    servers.close()


async def test_turns_are_found_at_each_place_they_were_kept_for(
    conversations: Conversations,
) -> None:
    said = (Turn("one", "a quote", "zero"), Turn("two"))
    await conversations.remember(SERVER, [MESSAGE, THREAD], said)
    for place in (MESSAGE, THREAD):
        assert await conversations.turns(SERVER, [place]) == said


async def test_the_first_place_that_has_turns_counts(conversations: Conversations) -> None:
    await conversations.remember(SERVER, [MESSAGE], [Turn("reply")])
    await conversations.remember(SERVER, [THREAD], [Turn("thread")])
    for places in ([MESSAGE, THREAD], [Place("message", 9), MESSAGE, THREAD]):
        assert await conversations.turns(SERVER, places) == (Turn("reply"),)
    assert await conversations.turns(SERVER, [Place("message", 9), THREAD]) == (Turn("thread"),)
    assert await conversations.turns(SERVER, []) == ()


async def test_what_is_said_next_takes_the_place_of_what_was_said(
    conversations: Conversations,
) -> None:
    await conversations.remember(SERVER, [THREAD], [Turn("one")])
    await conversations.remember(SERVER, [THREAD], [Turn("one"), Turn("two")])
    assert await conversations.turns(SERVER, [THREAD]) == (Turn("one"), Turn("two"))


async def test_people_in_one_channel_have_conversations_of_their_own(
    conversations: Conversations,
) -> None:
    await conversations.remember(SERVER, [Place("person", 5, user=1)], [Turn("Ada's")])
    assert await conversations.turns(SERVER, [Place("person", 5, user=2)]) == ()


async def test_a_server_has_conversations_of_its_own(conversations: Conversations) -> None:
    await conversations.remember(SERVER, [MESSAGE], [Turn("one")])
    await conversations.remember(None, [THREAD], [Turn("direct")])
    assert await conversations.turns(SERVER + 1, [MESSAGE]) == ()
    assert await conversations.turns(None, [MESSAGE]) == ()
    assert await conversations.turns(SERVER, [THREAD]) == ()
    assert await conversations.turns(None, [THREAD]) == (Turn("direct"),)


async def test_any_text_can_be_said(conversations: Conversations) -> None:
    said = Turn('\0 \ud800 \uf8ff 🐫 \\ " { } %s :x')
    await conversations.remember(SERVER, [MESSAGE], [said])
    assert await conversations.turns(SERVER, [MESSAGE]) == (said,)


async def test_an_old_conversation_is_over(conversations: Conversations, clock: Clock) -> None:
    await conversations.remember(SERVER, [MESSAGE], [Turn("one")])
    clock.now += LIFETIME
    await conversations.tidy()
    assert await conversations.turns(SERVER, [MESSAGE])
    clock.now += 1
    assert await conversations.turns(SERVER, [MESSAGE]) == ()
    clock.now -= 1
    await conversations.remember(SERVER, [MESSAGE], [Turn("two")])
    clock.now += LIFETIME
    assert await conversations.turns(SERVER, [MESSAGE]) == (Turn("two"),)


async def test_what_is_over_is_let_go_of(conversations: Conversations, clock: Clock) -> None:
    await conversations.remember(SERVER, [MESSAGE], [Turn("one")])
    await conversations.remember(None, [THREAD], [Turn("one")])
    clock.now += LIFETIME + 1
    await conversations.tidy()
    clock.now -= LIFETIME
    assert await conversations.turns(SERVER, [MESSAGE]) == ()
    assert await conversations.turns(None, [THREAD]) == ()


async def test_the_place_least_recently_used_is_forgotten_first(clock: Clock) -> None:
    conversations = LocalConversations(clock, capacity=2)
    await conversations.remember(SERVER, [Place("message", 1)], [Turn("one")])
    await conversations.remember(SERVER, [Place("message", 2)], [Turn("two")])
    await conversations.turns(SERVER, [Place("message", 1)])
    await conversations.remember(SERVER, [Place("message", 3)], [Turn("three")])
    assert await conversations.turns(SERVER, [Place("message", 1)])
    assert await conversations.turns(SERVER, [Place("message", 2)]) == ()
    assert len(conversations) == 2


async def test_a_long_conversation_keeps_its_latest_turns(conversations: Conversations) -> None:
    said = [Turn(str(number)) for number in range(20)]
    await conversations.remember(SERVER, [MESSAGE], said)
    turns = await conversations.turns(SERVER, [MESSAGE])
    assert [turn.question for turn in turns][-1] == "19"
    assert len(turns) < 20


class TestForgetting:
    async def test_what_somebody_went_on_from_goes_with_who_said_it(
        self, conversations: Conversations
    ) -> None:
        first, second = Turn("Ada's question"), Turn("Bob's question")
        await conversations.remember(SERVER, [Place("message", 1)], [first], 1)
        await conversations.remember(SERVER, [Place("message", 2)], [first, second], 2)
        await conversations.remember(SERVER, [Place("message", 3)], [second], 2)
        await conversations.forget(1)
        for gone in (1, 2):
            assert not await conversations.turns(SERVER, [Place("message", gone)])
        assert await conversations.turns(SERVER, [Place("message", 3)]) == (second,)

    async def test_a_thread_goes_with_each_who_spoke_in_it(
        self, conversations: Conversations
    ) -> None:
        await conversations.remember(SERVER, [THREAD], [Turn("a")], 1)
        await conversations.remember(SERVER, [THREAD], [Turn("a"), Turn("b")], 2)
        await conversations.forget(1)
        assert not await conversations.turns(SERVER, [THREAD])

    async def test_what_was_said_by_command_goes_with_its_place(
        self, conversations: Conversations
    ) -> None:
        own = Place("person", 5, user=1)
        await conversations.remember(SERVER, [own], [Turn("a")])
        await conversations.forget(1)
        assert not await conversations.turns(SERVER, [own])

    async def test_it_reaches_every_server_and_direct_messages(
        self, conversations: Conversations
    ) -> None:
        for server in (SERVER, SERVER + 1, None):
            await conversations.remember(server, [THREAD], [Turn("a")], 1)
        await conversations.forget(2)
        assert await conversations.turns(None, [THREAD])
        await conversations.forget(1)
        for server in (SERVER, SERVER + 1, None):
            assert not await conversations.turns(server, [THREAD])
