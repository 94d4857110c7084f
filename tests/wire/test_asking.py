"""The ways of asking, each from the person's message, menu or command to what Discord shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from tests.loopback import Channel, Member, Message
from tests.loopback.model import walk
from tests.wire.scene import (
    AS_OFTEN_AS_YOU_LIKE,
    QUESTION,
    WORDS,
    Scene,
    labels,
    pings_nobody,
    quotes,
    quotes_in,
    scene_in,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

FERRY = "When does the ferry to Skarholm leave?"


@dataclass
class Town:
    """A scene whose servers are answered each in its way."""

    scene: Scene
    help: Channel
    """Where every question is answered."""
    forum: Channel
    in_threads: Channel
    """Of a server that wants each answer in a thread of its own."""
    in_private: Channel
    """Of a server that wants each answer for its asker alone."""

    def member(self, person: Member, channel: Channel) -> Member:
        """A person in the server of a channel."""
        assert channel.guild
        return channel.guild.members[person.id]

    def replies(self, message: Message) -> list[Message]:
        """What the bot has replied to a message so far."""
        bot, known = self.scene.discord.bot, message.channel.messages.values()
        return [each for each in known if each.reference is message and each.author is bot]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with scene_in(tmp_path_factory.mktemp("asking")) as scene:
        town = Town(
            scene,
            help=scene.guild.add_text_channel("help"),
            forum=scene.guild.add_forum(),
            in_threads=scene.discord.add_guild("threads").add_text_channel(),
            in_private=scene.discord.add_guild("private").add_text_channel(),
        )
        listening = replace(
            AS_OFTEN_AS_YOU_LIKE,
            auto_channels=frozenset({town.help.id}),
            auto_forums=frozenset({town.forum.id}),
        )
        scene.choose(scene.guild, listening)
        for channel, settings in (
            (town.in_threads, replace(AS_OFTEN_AS_YOU_LIKE, style="thread")),
            (town.in_private, replace(AS_OFTEN_AS_YOU_LIKE, style="private")),
        ):
            assert channel.guild
            scene.choose(channel.guild, settings)
            for person in (scene.ada, scene.ben):
                channel.guild.add_member(person.user)
        async with scene.bot():
            yield town


# The menu of a message


async def test_a_question_of_another_is_asked_as_it_is(town: Town) -> None:
    scene = town.scene
    said = await scene.write(scene.ben, QUESTION)
    opened = await scene.discord.context_menu(
        scene.ada, scene.channel, "Ask about this message", said
    )
    form = await opened.wait_for_modal()
    assert QUESTION in [field.get("value") for field in walk(form["components"])]
    answer = await scene.submitted(opened)
    assert answer.ephemeral
    assert quotes(answer, WORDS)


async def test_a_question_about_a_message_is_understood_with_it(town: Town) -> None:
    scene = town.scene
    said = await scene.write(scene.ben, "They say that Haftar began Operation Dignity.")
    opened = await scene.discord.context_menu(
        scene.ada, scene.channel, "Ask about this message", said
    )
    form = await opened.wait_for_modal()
    assert not any(field.get("value") for field in walk(form["components"]))
    answer = await scene.submitted(opened, "When was that?")
    assert answer.ephemeral
    assert quotes(answer, WORDS)


async def test_sources_are_found_for_what_somebody_says(town: Town) -> None:
    scene = town.scene
    said = await scene.write(scene.ben, "The ferry to Skarholm goes at nine in the morning.")
    used = await scene.discord.context_menu(scene.ada, scene.channel, "Find sources for this", said)
    found = await used.wait_for_answer()
    assert found.ephemeral
    assert quotes(found, "leaves at nine every morning")
    assert "leaves at" in (await scene.pressed(found, "Context", scene.ada)).text


async def test_a_message_without_words_has_no_sources(town: Town) -> None:
    scene = town.scene
    said = await scene.write(scene.ben, "🙂")
    used = await scene.discord.context_menu(scene.ada, scene.channel, "Find sources for this", said)
    assert "no words in that message" in (await used.wait_for_answer()).text


# Without a mention


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (QUESTION, "Thank you for your help."),
        ("Operation Dignity", "When was Haftar's offensive called that?"),
    ],
    ids=["in the title", "in the body"],
)
async def test_a_post_of_a_forum_is_answered_by_its_title_and_body(
    town: Town, title: str, body: str
) -> None:
    scene = town.scene
    post = await scene.discord.open_post(town.forum, scene.ada, title, body)
    answer = await scene.reply_to(post)
    assert answer.channel is post.channel
    assert title in answer.text
    assert body in answer.text
    assert quotes(answer, WORDS)


async def test_a_question_in_a_channel_that_was_chosen_is_answered(town: Town) -> None:
    scene = town.scene
    statement = await scene.write(scene.ada, "The weather was good on Monday.", town.help)
    to_ben = await scene.write(scene.ada, f"{scene.ben.mention} {FERRY}", town.help)
    elsewhere = await scene.write(scene.ada, FERRY)
    answer = await scene.reply_to(await scene.write(scene.ada, QUESTION, town.help))
    assert quotes(answer, WORDS)
    assert pings_nobody(answer)
    for silent in (statement, to_ben, elsewhere):
        assert not town.replies(silent)


# In threads


async def _thread(town: Town) -> Channel:
    """The thread that the bot has opened for an answer."""
    scene = town.scene
    ada = town.member(scene.ada, town.in_threads)
    asked = await scene.write(ada, f"{scene.discord.bot.mention} {QUESTION}", town.in_threads)
    await scene.discord.wait_until(lambda: asked.thread is not None, 10, "a thread")
    assert asked.thread
    answer = await scene.discord.wait_for_message(asked.thread)
    assert quotes(answer, WORDS)
    assert not town.replies(asked)
    assert asked.thread.name == QUESTION
    return asked.thread


async def test_an_answer_in_a_thread_is_gone_on_from_without_a_mention(town: Town) -> None:
    thread = await _thread(town)
    scene, ada = town.scene, town.member(town.scene.ada, thread)
    answer = await scene.reply_to(await scene.write(ada, "And against whom?", thread))
    assert answer.channel is thread
    assert "Understood with your earlier question" in answer.text
    assert quotes_in(answer)


async def test_the_bot_is_silent_where_people_talk_to_each_other(town: Town) -> None:
    thread = await _thread(town)
    scene = town.scene
    ada, ben = (town.member(person, thread) for person in (scene.ada, scene.ben))
    await scene.write(ada, "I have read of that in the newspaper.", thread)
    to_ada = await scene.write(ben, "When was it in the newspaper?", thread)
    to_ben = await scene.discord.post_message(
        thread, ada, "When do you read newspapers?", reference=to_ada
    )
    asked = await scene.mention(ben, FERRY, thread)
    assert quotes(asked, "leaves at")
    assert not town.replies(to_ada)
    assert not town.replies(to_ben)
    assert quotes_in(await scene.reply_to(await scene.write(ada, QUESTION, thread)))


# For one person alone


async def test_a_server_that_wants_private_answers_shows_them_to_the_asker(town: Town) -> None:
    scene = town.scene
    ada, ben = (town.member(person, town.in_private) for person in (scene.ada, scene.ben))
    note = await scene.mention(ada, QUESTION, town.in_private)
    assert not quotes_in(note)
    refused = await scene.pressed(note, "Show me the answer", ben)
    assert "Only who asked can see that answer" in refused.text
    answer = await scene.pressed(note, "Show me the answer", ada)
    assert answer.ephemeral
    assert quotes(answer, WORDS)


async def test_a_private_answer_is_shared_by_its_asker(town: Town) -> None:
    scene = town.scene
    answer = await scene.command(scene.ada, "ask", question=FERRY, private=True)
    assert answer.ephemeral
    await scene.press(answer, "Share", scene.ada)
    shared = await scene.discord.wait_for_message(
        scene.channel, lambda message: f"Shared by {scene.ada.mention}" in message.text
    )
    assert quotes_in(shared) == quotes_in(answer)
    assert pings_nobody(shared)
    await scene.discord.wait_until(lambda: "Share" not in labels(answer))


# In some articles only


@pytest.mark.parametrize(
    ("chosen", "hour", "said"),
    [
        ({"article": "Ferries of 2014"}, "seven", "Ferries of 2014"),
        ({"source": "Lindvik Times"}, "nine", "Lindvik Times"),
        ({"since": "2015"}, "nine", "since 2015"),
        ({"until": "2014-05-31"}, "seven", "until 2014-05-31"),
        ({"since": "2014", "until": "2018-12"}, "seven", "since 2014"),
    ],
    ids=["article", "source", "since", "until", "between"],
)
async def test_a_question_is_answered_from_the_articles_that_were_chosen(
    town: Town, chosen: dict[str, str], hour: str, said: str
) -> None:
    scene = town.scene
    answer = await scene.command(scene.ada, "ask", None, question=FERRY, **chosen)
    assert "Looked for only in" in answer.text
    assert said in answer.text
    assert quotes(answer, f"leaves at {hour}")
    other = {"seven": "nine", "nine": "seven"}[hour]
    assert not quotes(answer, f"leaves at {other}")


async def test_a_day_that_is_none_is_explained(town: Town) -> None:
    answer = await town.scene.command(town.scene.ada, "ask", question=FERRY, since="soon")
    assert "no date that I understand" in answer.text
    assert answer.ephemeral


async def test_articles_and_sources_are_suggested_and_found_again(town: Town) -> None:
    scene = town.scene
    sources = await scene.suggestions(scene.ada, "ask", "source", "lind")
    assert list(sources) == ["Lindvik Times"]
    articles = await scene.suggestions(scene.ada, "ask", "article", "feries of 2019")
    assert "Ferries of 2019" in articles
    chosen = articles["Ferries of 2019"]
    answer = await scene.command(scene.ada, "ask", question=FERRY, article=chosen)
    assert quotes(answer, "leaves at nine")
