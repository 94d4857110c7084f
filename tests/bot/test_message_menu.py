"""“Add to corpus” in a message's menu: its words and files become articles of the server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given

from bot.commands.additions import markdown, title_of
from retrieval.articles import Article
from retrieval.limits import Limits
from retrieval.readers import markdown as markdown_reader
from retrieval.readers.documents import Document
from tests.bot.conftest import Servers, all_text, text_of
from tests.bot.texts import hostile_texts

NAME = "Add to corpus"
WORDS = "# Rules of the house\nThe library closes at nine, and nobody feeds the owl."


def read(content: bytes) -> Article:
    (article,) = markdown_reader.read(
        Document("message.md", content, "markdown"), "message", Limits()
    ).articles
    return article


async def test_a_messages_words_become_an_article(servers: Servers) -> None:
    message = await servers.ada.send(servers.channel, WORDS)
    result = await servers.boss.context_menu(servers.channel, NAME, message)
    assert result.ephemeral
    assert "The articles are added.\n**Added: 1**\n• Rules of the house" in text_of(result)
    (article,) = (servers.corpora.server(servers.scene.guild.id)).articles.values()
    assert article == Article(
        id=f"message-{message.id}",
        title="Rules of the house",
        text=WORDS,
        source="#general",
        url=message.jump_url,
        author="ada",
        published=message.created_at.date().isoformat(),
    )
    asked = await servers.ada.slash(servers.channel, "ask", question="When does the library close?")
    assert "The library closes at nine" in text_of(asked).replace("**", "")
    assert f"[open the article]({message.jump_url})" in text_of(asked)


async def test_what_is_attached_is_added_too_and_all_is_undone_at_once(servers: Servers) -> None:
    message = await servers.ada.send(
        servers.channel,
        WORDS,
        attachments=[
            ("owls.txt", b"The owl is called Minerva."),
            ("photo.png", b"\x89PNG"),
            ("broken.pdf", b"%PDF-nothing"),
        ],
    )
    result = await servers.boss.context_menu(servers.channel, NAME, message)
    assert "Failed: 1" in text_of(result)
    assert "broken.pdf" in text_of(result)
    assert "Added: 2" in text_of(result)
    assert "photo" not in text_of(result)
    assert set(await servers.titles()) == {"Rules of the house", "Owls", "Lighthouse"}
    await servers.restart()
    assert result.response
    await servers.boss.click(result.response, label="Undo")
    assert "Removed: 2" in text_of(result)
    assert await servers.titles() == ["Lighthouse"]


async def test_a_message_that_was_edited_replaces_what_it_said_before(servers: Servers) -> None:
    message = await servers.ada.send(servers.channel, WORDS)
    await servers.boss.context_menu(servers.channel, NAME, message)
    await servers.ada.edit(message, WORDS.replace("nine", "ten"))
    again = await servers.boss.context_menu(servers.channel, NAME, message)
    assert "Changed: 1" in text_of(again)
    (article,) = (servers.corpora.server(servers.scene.guild.id)).articles.values()
    assert "closes at ten" in article.text


async def test_a_message_without_words_and_files_cannot_be_added(servers: Servers) -> None:
    message = await servers.ada.send(servers.channel, "", attachments=[("photo.png", b"\x89PNG")])
    result = await servers.boss.context_menu(servers.channel, NAME, message)
    assert result.ephemeral
    assert "neither words nor a file that I can read" in text_of(result)
    assert servers.env.errors


async def test_it_is_for_managers_and_operators_alone(servers: Servers) -> None:
    message = await servers.ada.send(servers.channel, WORDS)
    for command in await servers.client.tree.fetch_commands():
        servers.scene.guild.set_command_permissions(
            command.id, {servers.scene.guild.default_role: True}
        )
    refused = await servers.ada.context_menu(servers.channel, NAME, message)
    assert text_of(refused) == "Only members who may manage this server can do that."
    taken = await servers.keeper.context_menu(servers.channel, NAME, message)
    assert "Added: 1" in text_of(taken)
    assert servers.env.errors


async def test_a_message_is_a_strangers_article_elsewhere(servers: Servers) -> None:
    message = await servers.ada.send(servers.channel, WORDS)
    await servers.boss.context_menu(servers.channel, NAME, message)
    asked = await servers.stranger.slash(
        servers.elsewhere, "ask", question="When does the library close?"
    )
    assert asked.response
    assert "closes at nine" not in all_text(asked.response)


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("One line", "One line"),
        ("\n\n## A *heading*  \nmore", "A *heading"),
        ("---\n> quoted\nmore", "quoted"),
        ("!!! 🎉\n???", ""),
        ("word " * 100, "word " * 19 + "word…"),
    ],
)
def test_the_title_is_the_first_line_that_says_something(content: str, title: str) -> None:
    assert title_of(content) == title


@given(hostile_texts(), hostile_texts())
def test_whatever_is_written_the_article_is_the_message_and_nothing_else(
    field: str, content: str
) -> None:
    fields = {"title": f"x{field}", "source": field, "author": f"---\n{field}", "url": None}
    made = markdown(fields, f"x{content}x")
    article = read(made)
    sent = f"x{content}x".replace("\x00", "")
    assert article.text == sent.encode("utf-8", "replace").decode()
    assert article.title.startswith("x")
    assert article.url is None


def test_the_front_matter_is_plain_yaml() -> None:
    made = markdown({"title": "a: [b", "published": str(datetime.now(UTC).date())}, "Words.")
    _, matter, text = made.decode().split("---\n")
    assert yaml.safe_load(matter)["title"] == "a: [b"
    assert text.strip() == "Words."
