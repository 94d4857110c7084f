"""What each slash command does for the person who types it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import discord
import pytest

from bot.client import FootnoteClient
from bot.commands.articles import article_choices, find_article
from bot.commands.summary import sentence_count
from bot.conversations import Conversations, LocalConversations, Place
from bot.library import Library
from retrieval.articles import Article
from retrieval.corpus import Corpus
from retrieval.errors import CorpusError, QuestionError
from tests.bot.conftest import MakeCorpora, Scene, all_text, client_over, text_of

QUESTION = "When was Haftar's offensive called Operation Dignity?"
WORDS = "dubbed Operation Dignity"


# /ask


async def test_ask_shows_the_question_and_quotes_the_answer(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert not result.ephemeral
    assert text_of(result).startswith(f"**{QUESTION}**\n")
    assert WORDS in text_of(result)


async def test_ask_works_in_a_direct_channel(scene: Scene) -> None:
    result = await scene.ada.user.slash("ask", question=QUESTION)
    assert WORDS in text_of(result)


async def test_ask_tells_what_cannot_be_asked(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question="?!")
    assert "There is no question in that." in text_of(result)
    assert scene.env.errors


async def test_what_is_typed_pings_nobody(scene: Scene) -> None:
    question = f"Does {scene.boss.mention} or @everyone know who Haftar is?"
    result = await scene.ada.slash(scene.channel, "ask", question=question)
    assert result.response
    message = result.response.message
    assert message.mentions == []
    assert not message.mention_everyone
    assert scene.boss.mention not in message.content


async def test_one_persons_questions_in_a_channel_are_a_conversation(
    scene: Scene, conversations: Conversations
) -> None:
    await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    await scene.boss.slash(scene.channel, "ask", question="Who is Stevens?")
    result = await scene.ada.slash(scene.channel, "ask", question="And against whom?")
    turns = await conversations.turns(
        scene.guild.id, [Place("person", scene.channel.id, scene.ada.id)]
    )
    assert [turn.question for turn in turns] == [QUESTION, "And against whom?"]
    assert f"Understood with your earlier question: “**{QUESTION}**”" in text_of(result)


async def test_an_unforeseen_error_in_a_command_reaches_the_person(scene: Scene) -> None:
    # Answering a deferred command edits its first message.
    scene.env.inject_error("PATCH", "/webhooks/*", status=403)
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert "something went wrong on my side" in text_of(result)
    assert scene.env.errors


# /summary


async def test_summary_quotes_sentences_in_their_order(scene: Scene, corpus: Corpus) -> None:
    result = await scene.ada.slash(scene.channel, "summary", length="3")
    (article,) = corpus.articles.values()
    lines = [line[2:] for line in text_of(result).split("\n") if line.startswith("> ")]
    assert len(lines) == 3
    places = [article.text.index(line) for line in lines]
    assert places == sorted(places)


async def test_summary_of_an_article_for_a_topic(scene: Scene, corpus: Corpus) -> None:
    choices = await scene.ada.autocomplete(scene.channel, "summary", "article", "bengh")
    assert [choice["value"] for choice in choices] == list(corpus.articles)
    result = await scene.ada.slash(
        scene.channel,
        "summary",
        article=choices[0]["value"],
        topic="Haftar",
        length="short",
    )
    assert "Haftar" in text_of(result)
    assert text_of(result).count("\n> ") == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"article": "no such thing"}, "I know no article of that name."),
        ({"length": "0"}, "That is no length I know."),
        ({"length": "endless"}, "That is no length I know."),
        ({"topic": "?!"}, "There is no question in that."),
    ],
)
async def test_summary_tells_what_it_cannot_do(
    scene: Scene, options: dict[str, str], sentence: str
) -> None:
    assert sentence in text_of(await scene.ada.slash(scene.channel, "summary", **options))
    assert scene.env.errors


async def test_an_article_is_suggested_though_its_title_is_misspelled(
    scene: Scene, corpus: Corpus
) -> None:
    (article,) = corpus.articles.values()
    assert "Fighting in Benghazi" in article.title
    for command in ("summary", "ask"):
        choices = await scene.ada.autocomplete(
            scene.channel, command, "article", "figting in bengasi"
        )
        assert [choice["value"] for choice in choices] == [article.id]


async def test_summary_suggests_lengths(scene: Scene) -> None:
    choices = await scene.ada.autocomplete(scene.channel, "summary", "length", "s")
    assert [choice["value"] for choice in choices] == ["short"]


def test_choices_begin_with_titles_that_begin_with_what_was_typed() -> None:
    titles = ["The sea", "Overseas", "Sea and land", "Mountains", ""]
    articles = [Article(f"id-{title}", title, "text") for title in titles]
    assert [choice.name for choice in article_choices(articles, "SEA ")] == [
        "Sea and land",
        "The sea",
        "Overseas",
    ]


def test_choices_stay_within_discords_limits() -> None:
    articles = [Article(f"{n}" * 200, f"{n} " + "x" * 300, "text") for n in range(40)]
    choices = article_choices(articles, "")
    assert len(choices) == 25
    for choice, article in zip(choices, articles, strict=False):
        assert 0 < len(choice.name) <= 100
        assert len(str(choice.value)) <= 100
        assert find_article(articles, str(choice.value)) == article.id


def test_an_article_is_found_by_its_title_or_a_part_of_it() -> None:
    articles = [Article("a", "The Sea", "x"), Article("b", "The sea and the land", "x")]
    assert find_article(articles, "the sea") == "a"
    assert find_article(articles, "land") == "b"
    with pytest.raises(CorpusError, match="Several articles"):
        find_article(articles, "the")


@pytest.mark.parametrize("length", ["", "16", "-1", "1.5", "٣٣٣٣"])
def test_a_length_out_of_range_is_refused(length: str) -> None:
    with pytest.raises(QuestionError):
        sentence_count(length)


# /sources


async def test_sources_lists_what_the_bot_knows(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "sources")
    assert "1 article" in text_of(result)
    assert "CNN" in text_of(result)
    assert result.response
    assert result.response.components == []


@pytest.fixture
async def large(scene: Scene, make_corpora: MakeCorpora, tmp_path: Path) -> AsyncIterator[Library]:
    """A library of 25 articles behind the scene's bot."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(25):
        (folder / f"article-{number:02}.txt").write_text(f"Town {number} has a mayor.")
    library = Library(make_corpora(folder))
    await library.open()
    client = client_over(library, LocalConversations(lambda: 0.0), tmp_path / "discord")
    await scene.env.restart_bot(client)
    yield library
    library.close()


async def test_sources_has_pages_whose_buttons_survive_a_restart(
    scene: Scene, large: Library, tmp_path: Path
) -> None:
    result = await scene.ada.slash(scene.channel, "sources")
    assert "Page 1 of 3" in text_of(result)
    assert result.response
    shown = result.response.message
    await scene.env.restart_bot(
        client_over(large, LocalConversations(lambda: 0.0), tmp_path / "discord")
    )
    await scene.boss.click(shown, label="Next ▶")
    assert "Page 2 of 3" in all_text(scene.last)
    await scene.boss.click(scene.last, label="Next ▶")
    assert "Page 3 of 3" in all_text(scene.last)
    await scene.boss.click(scene.last, label="◀ Previous")
    assert "Page 2 of 3" in all_text(scene.last)


async def test_a_page_that_is_gone_becomes_the_last_one(
    scene: Scene, large: Library, library: Library, tmp_path: Path
) -> None:
    await scene.ada.slash(scene.channel, "sources")
    shown = scene.last
    client = client_over(library, LocalConversations(lambda: 0.0), tmp_path / "discord")
    await scene.env.restart_bot(client)
    await scene.ada.click(shown, label="Next ▶")
    assert "1 article" in all_text(scene.last)


# /help


async def test_help_is_for_the_person_alone_and_names_every_command(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "help")
    assert result.ephemeral
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    for command in client.tree.get_commands():
        is_menu = isinstance(command, discord.app_commands.ContextMenu)
        said = command.name if is_menu else f"/{command.name}"
        assert command.name == "help" or said in text_of(result)
    assert len(text_of(result)) <= 2000


def test_an_article_may_have_an_odd_title() -> None:
    article = Article("id", "  ", "text")
    (choice,) = article_choices([article, replace(article, id="x", title="y")], "id")
    assert choice.name == "id"
