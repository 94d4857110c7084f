"""A conversation goes on where it was left, for a while."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversations import Conversations, Place
from retrieval.conversation import Turn

MESSAGE = Place("message", 1)
THREAD = Place("channel", 2)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_turns_are_found_at_each_place_they_were_kept_for() -> None:
    conversations = Conversations(Clock())
    conversations.remember([MESSAGE, THREAD], [Turn("one")])
    assert conversations.turns([MESSAGE]) == conversations.turns([THREAD]) == (Turn("one"),)


def test_the_first_place_that_has_turns_counts() -> None:
    conversations = Conversations(Clock())
    conversations.remember([MESSAGE], [Turn("reply")])
    conversations.remember([THREAD], [Turn("thread")])
    assert conversations.turns([MESSAGE, THREAD]) == (Turn("reply"),)
    assert conversations.turns([Place("message", 9), THREAD]) == (Turn("thread"),)


def test_people_in_one_channel_have_conversations_of_their_own() -> None:
    conversations = Conversations(Clock())
    conversations.remember([Place("person", 5, user=1)], [Turn("Ada's")])
    assert conversations.turns([Place("person", 5, user=2)]) == ()


def test_an_old_conversation_is_over() -> None:
    clock = Clock()
    conversations = Conversations(clock, lifetime=60)
    conversations.remember([MESSAGE], [Turn("one")])
    clock.now = 60
    assert conversations.turns([MESSAGE])
    clock.now = 61
    assert conversations.turns([MESSAGE]) == ()
    assert len(conversations) == 0


def test_the_place_least_recently_used_is_forgotten_first() -> None:
    conversations = Conversations(Clock(), capacity=2)
    conversations.remember([Place("message", 1)], [Turn("one")])
    conversations.remember([Place("message", 2)], [Turn("two")])
    conversations.turns([Place("message", 1)])
    conversations.remember([Place("message", 3)], [Turn("three")])
    assert conversations.turns([Place("message", 1)])
    assert conversations.turns([Place("message", 2)]) == ()


def test_a_long_conversation_keeps_its_latest_turns() -> None:
    conversations = Conversations(Clock())
    conversations.remember([MESSAGE], [Turn(str(number)) for number in range(20)])
    assert [turn.question for turn in conversations.turns([MESSAGE])][-1] == "19"
    assert len(conversations.turns([MESSAGE])) < 20
