"""Where, how and of whom questions are taken: what can be chosen when asking, and in a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.client import FootnoteClient
from bot.commands.suggestions import (
    meant_article,
    meant_source,
    suggested_articles,
    suggested_sources,
)
from bot.conversations import LocalConversations
from bot.library import Library
from bot.store import ServerSettings
from bot.within import Within
from retrieval.articles import Article
from retrieval.errors import CorpusError, QuestionError
from tests.bot.conftest import MakeCorpora, Scene, all_text, client_over, text_of
from tests.bot.test_answer_buttons import labels, press, said

QUESTION = "When was Haftar's offensive called Operation Dignity?"
WORDS = "dubbed Operation Dignity"


async def choose(scene: Scene, **settings: Any) -> None:
    """Have the server's settings so."""
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    chosen = replace(ServerSettings(), **settings)
    await asyncio.to_thread(client.services.store.save_settings, scene.guild.id, chosen)


def answers(channel: simcord.ChannelHandle, scene: Scene) -> list[str]:
    """What the bot said in a channel."""
    assert scene.env.bot.user
    me = scene.env.bot.user.id
    return [all_text(message) for message in channel.history() if message.author.id == me]


# Within some articles


@pytest.fixture
async def papers(scene: Scene, make_corpora: MakeCorpora, tmp_path: Path) -> AsyncIterator[Library]:
    """Three articles that answer the same question, by two publications in three years."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for year, source in ((2012, "The Herald"), (2013, "The Herald"), (2014, "Morning Post")):
        (folder / f"ferry-{year}.md").write_text(
            f"---\ntitle: The ferry in {year}\nsource: {source}\npublished: {year}-05-01\n---\n"
            f"The ferry to Skarholm cost {year - 2000} crowns.\n"
        )
    library = Library(make_corpora(folder))
    await library.open()
    client = client_over(library, LocalConversations(lambda: 0.0), tmp_path / "discord")
    await scene.env.restart_bot(client)
    yield library
    library.close()


@pytest.mark.parametrize(
    ("options", "years"),
    [
        ({}, {2012, 2013, 2014}),
        ({"article": "The ferry in 2013"}, {2013}),
        ({"source": "The Herald"}, {2012, 2013}),
        ({"source": "morning pst"}, {2014}),
        ({"since": "2013"}, {2013, 2014}),
        ({"since": "2013-05-02"}, {2014}),
        ({"until": "2013-05"}, {2012, 2013}),
        ({"since": "2013", "until": "2013-12-31"}, {2013}),
        ({"source": "The Herald", "since": "2013"}, {2013}),
    ],
)
async def test_a_question_is_answered_within_what_was_chosen(
    scene: Scene, papers: Library, options: dict[str, str], years: set[int]
) -> None:
    result = await scene.ada.slash(
        scene.channel, "ask", question="What did the ferry to Skarholm cost?", **options
    )
    shown = text_of(result)
    assert {year for year in (2012, 2013, 2014) if f"cost {year - 2000} crowns" in shown} <= years
    assert any(f"cost {year - 2000} crowns" in shown for year in years)
    assert ("Looked for only in:" in shown) == bool(options)
    if result.response and "More passages" in labels(result.response):
        more = said(await press(scene.ada, result.response, "More passages"))
        assert {y for y in (2012, 2013, 2014) if f"cost {y - 2000} crowns" in more} == years


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"article": "The railway"}, "no article of that name"),
        ({"source": "Zeitung"}, "no publication of that name"),
        ({"since": "yesterday"}, "no date that I understand"),
        ({"since": "2015"}, "No article is like that."),
    ],
)
async def test_a_choice_that_cannot_be_met_is_told_to_the_asker(
    scene: Scene, papers: Library, options: dict[str, str], sentence: str
) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question="What did it cost?", **options)
    assert sentence in said(result)
    assert scene.env.errors


async def test_articles_and_publications_are_suggested_though_misspelled(
    scene: Scene, papers: Library
) -> None:
    typed = await scene.ada.autocomplete(scene.channel, "ask", "article", "the fery in 2014")
    assert typed[0]["name"] == "The ferry in 2014"
    typed = await scene.ada.autocomplete(scene.channel, "ask", "source", "")
    assert [choice["name"] for choice in typed] == ["Morning Post", "The Herald"]
    typed = await scene.ada.autocomplete(scene.channel, "ask", "source", "hrald")
    assert [choice["name"] for choice in typed] == ["The Herald"]


def test_names_that_are_like_each_other_are_not_guessed_between() -> None:
    articles = [Article(f"{n}", f"The ferry in {n}", "x", source=f"Paper {n}") for n in range(3)]
    assert meant_article(articles, "the ferry in 2").id == "2"
    assert meant_source(articles, "paper 1") == "Paper 1"
    with pytest.raises(CorpusError):
        meant_article(articles, "the fery in")
    with pytest.raises(CorpusError):
        meant_source(articles, "paper")
    assert suggested_articles([], "x") == []
    assert suggested_sources([], "x") == []


@pytest.mark.parametrize("written", ["20", "2014-13", "2014-02-30", "2014-1-1-1", "may", "0000"])
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(QuestionError):
        Within.of(since=written)


@pytest.mark.parametrize(
    ("published", "taken"),
    [
        ("2014", True),
        ("2014-05", True),
        ("2014-05-31T10:00:00Z", True),
        ("2014-06-02", False),
        (None, False),
        ("in spring", False),
    ],
)
def test_a_choice_of_days_takes_what_may_be_of_them(published: str | None, taken: bool) -> None:
    within = Within.of(since="2014-05-20", until="2014-05")
    again = Within.from_code(within.code)
    assert again == within
    assert again.test is not None
    assert again.test(Article("a", "t", "x", published=published)) is taken


def test_no_choice_takes_everything() -> None:
    assert Within().test is None


# As a server has chosen


async def test_too_many_questions_are_told_when_to_come_back(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    # Another clock than the wall's: so long as it stands still, nothing is refilled.
    client = client_over(
        library, LocalConversations(lambda: 0.0), tmp_path / "discord", clock=lambda: 0.0
    )
    await scene.env.restart_bot(client)
    await choose(scene, per_member=2)
    for _ in range(2):
        await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    refused = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert refused.ephemeral
    assert "Ask again in 30 seconds." in text_of(refused)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert "Ask again in 30 seconds." in scene.last.content
    await scene.boss.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert WORDS in all_text(scene.last)
    assert scene.env.errors


@pytest.mark.parametrize("whom", ["members", "roles", "channels"])
async def test_who_is_ignored_is_told_so_privately_or_not_at_all(scene: Scene, whom: str) -> None:
    ignored = {
        "members": scene.boss.id,
        "roles": scene.guild.roles["Managers"].id,
        "channels": scene.channel.id,
    }[whom]
    await choose(scene, **{f"ignored_{whom}": frozenset({ignored})})
    await scene.boss.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert answers(scene.channel, scene) == []
    refused = await scene.boss.slash(scene.channel, "ask", question=QUESTION)
    assert refused.ephemeral
    assert "I do not answer here." in text_of(refused)
    if whom != "channels":
        await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
        assert WORDS in all_text(scene.last)
    assert scene.env.errors


async def test_an_answer_may_open_a_thread(scene: Scene) -> None:
    await choose(scene, style="thread")
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    (thread,) = scene.channel.threads
    assert thread.name == QUESTION
    assert WORDS in "".join(answers(thread, scene))
    await scene.ada.send(thread, f"{scene.mention} And against whom?")
    assert "earlier question" in answers(thread, scene)[-1]


async def test_where_no_thread_can_be_opened_the_answer_is_a_reply(scene: Scene) -> None:
    await choose(scene, style="thread")
    scene.env.inject_error("POST", "/channels/*/messages/*/threads", status=403)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert WORDS in all_text(scene.last)


async def test_an_answer_may_be_for_the_askers_eyes_only(scene: Scene) -> None:
    await choose(scene, style="private")
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert result.ephemeral
    public = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=False)
    assert not public.ephemeral
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    note = scene.last
    assert WORDS not in all_text(note)
    refused = await scene.boss.click(note, label="Show me the answer")
    assert "Only who asked" in said(refused)
    shown = await scene.ada.click(note, label="Show me the answer")
    assert shown.ephemeral
    assert WORDS in said(shown)


# Overheard


@dataclass(frozen=True)
class Listening:
    """A scene whose bot reads all messages, in a channel and a forum where it answers them."""

    scene: Scene
    forum: simcord.ChannelHandle

    @property
    def heard(self) -> list[str]:
        return answers(self.scene.channel, self.scene)


@pytest.fixture
async def listening(scene: Scene, library: Library, tmp_path: Path) -> Listening:
    client = client_over(
        library, LocalConversations(lambda: 0.0), tmp_path / "discord", reads_messages=True
    )
    await scene.env.restart_bot(client)
    forum = scene.guild.create_forum_channel("forum")
    await choose(
        scene,
        auto_channels=frozenset({scene.channel.id}),
        auto_forums=frozenset({forum.id}),
    )
    return Listening(scene, forum)


async def test_where_a_server_wants_it_every_question_is_answered(listening: Listening) -> None:
    scene = listening.scene
    await scene.ada.send(scene.channel, QUESTION)
    assert WORDS in all_text(scene.last)
    assert scene.last.reference
    other = scene.guild.create_text_channel("other")
    await scene.ada.send(other, QUESTION)
    assert answers(other, scene) == []


async def test_what_is_no_question_or_for_somebody_else_is_left_alone(
    listening: Listening,
) -> None:
    scene = listening.scene
    theirs = await scene.boss.send(scene.channel, "Haftar began Operation Dignity.")
    await scene.ada.send(scene.channel, QUESTION, reply_to=theirs)
    await scene.ada.send(scene.channel, f"{scene.boss.mention} {QUESTION}")
    await scene.ada.send(scene.channel, "Look: https://example.org/?q=dignity")
    robot = scene.guild.add_member(scene.env.create_user("robot", bot=True))
    await robot.send(scene.channel, QUESTION)
    assert listening.heard == []


async def test_a_forums_post_is_a_question_with_its_title(listening: Listening) -> None:
    scene = listening.scene
    backend = scene.env.backend
    post = backend.create_thread(listening.forum.id, "Operation Dignity", scene.ada.id)
    first = backend.prepare_message(post.id, scene.ada.id, "When was the offensive called so?")
    # What begins a post has the post's own id.
    first.id = post.id
    backend.commit_message(first)
    await scene.env.settle()
    (thread,) = listening.forum.threads
    assert "**Operation Dignity When was the offensive called so?**" in answers(thread, scene)[0]
    await scene.ada.send(thread, "And against whom?")
    assert "earlier question" in answers(thread, scene)[1]


async def test_in_a_thread_it_is_silent_while_two_people_talk(listening: Listening) -> None:
    scene = listening.scene
    thread = scene.thread()
    await scene.ada.send(thread, QUESTION)
    assert len(answers(thread, scene)) == 1
    await scene.ada.send(thread, "I think it was in May.")
    await scene.boss.send(thread, "Why do you think so?")
    await scene.ada.send(thread, "Who else would know?")
    assert len(answers(thread, scene)) == 1
    await scene.ada.send(thread, f"{scene.mention} {QUESTION}")
    await scene.boss.send(thread, "And against whom?")
    assert len(answers(thread, scene)) == 3


async def test_in_its_own_thread_no_mention_is_needed(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    client = client_over(
        library, LocalConversations(lambda: 0.0), tmp_path / "discord", reads_messages=True
    )
    await scene.env.restart_bot(client)
    await choose(scene, style="thread")
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    (thread,) = scene.channel.threads
    await scene.ada.send(thread, "And against whom?")
    assert "earlier question" in answers(thread, scene)[-1]
    assert len(scene.channel.threads) == 1


async def test_without_the_right_to_read_messages_nothing_is_overheard(scene: Scene) -> None:
    await choose(scene, auto_channels=frozenset({scene.channel.id}))
    await scene.ada.send(scene.channel, QUESTION)
    assert answers(scene.channel, scene) == []


# A message's menu


async def test_a_question_about_a_message_is_understood_with_it(scene: Scene) -> None:
    message = await scene.boss.send(scene.channel, "Haftar called his offensive Dignity.")
    form = await scene.ada.context_menu(scene.channel, "Ask about this message", message)
    assert form.modal
    result = await scene.ada.submit_modal(form, {"text": "And when was that?"})
    assert result.ephemeral
    assert "earlier question: “**Haftar called his offensive Dignity.**”" in said(result)


async def test_a_message_that_asks_is_the_question(scene: Scene) -> None:
    message = await scene.boss.send(scene.channel, QUESTION)
    form = await scene.ada.context_menu(scene.channel, "Ask about this message", message)
    assert QUESTION in str(form.modal)
    result = await scene.ada.submit_modal(form, {"text": QUESTION})
    assert WORDS in said(result)


async def test_sources_are_found_for_what_a_message_says(scene: Scene) -> None:
    message = await scene.boss.send(
        scene.channel, "Somebody told me that the offensive was dubbed Operation Dignity"
    )
    result = await scene.ada.context_menu(scene.channel, "Find sources for this", message)
    assert result.ephemeral
    assert "dubbed Operation Dignity" in said(result)
    assert "Page 1 of" in said(result)


async def test_a_message_without_words_has_nothing_to_ask_about(scene: Scene) -> None:
    message = await scene.boss.send(scene.channel, "🎉")
    for name in ("Ask about this message", "Find sources for this"):
        result = await scene.ada.context_menu(scene.channel, name, message)
        assert "no words in that message" in said(result)
    assert scene.env.errors
