"""``/corpus``: what those who manage a server can do with its articles, and who may not."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import simcord

from bot.library import Library
from retrieval.errors import CorpusError
from retrieval.limits import Limits
from tests.bot.conftest import MakeCorpora, Scene, Servers, all_text, text_of
from tests.retrieval.web.site import Site, page, site

AURORA = "The zeppelin Aurora landed in Oslo on a rainy Tuesday."
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Towns</title>
<item><title>The mayor of Brightwater</title><link>{base}/mayor</link>
<description>The mayor of Brightwater collects stamps from the years before the war.</description>
</item></channel></rss>"""
COMMANDS: Final[dict[str, dict[str, Any]]] = {
    "corpus add": {"url": "https://example.org/"},
    "corpus remove": {"article": "lighthouse"},
    "corpus undo": {},
    "corpus list": {},
    "corpus show": {"article": "lighthouse"},
    "corpus reload": {},
    "corpus status": {},
    "corpus export": {},
    "corpus shared": {"use": True},
}


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        yield served


async def ask(servers: Servers, question: str) -> str:
    """What is answered, as it reads."""
    asked = await servers.ada.slash(servers.channel, "ask", question=question)
    return text_of(asked).replace("**", "")


async def press(
    servers: Servers, shown: simcord.InteractionResult, label: str, by: str = "boss"
) -> str:
    """What stands in the place of a message whose button was pressed, or is said beside it."""
    assert shown.response
    actor = {"boss": servers.boss, "keeper": servers.keeper, "ada": servers.ada}[by]
    pressed = await actor.click(shown.response, label=label)
    beside = [*pressed.followups, *([pressed.response] if pressed.response else [])]
    return "\n".join([text_of(shown), *map(all_text, beside)])


def labels(shown: simcord.InteractionResult) -> list[str]:
    assert shown.response
    return [
        component["label"] for row in shown.response.components for component in row["components"]
    ]


# Who may


async def test_corpus_is_hidden_from_members_who_do_not_manage_the_server(scene: Scene) -> None:
    assert "corpus reload" not in scene.ada.available_commands(scene.channel)
    assert set(COMMANDS) <= set(scene.boss.available_commands(scene.channel))
    assert not [name for name in scene.ada.user.available_commands() if "corpus" in name]


async def show_to_everyone(servers: Servers) -> None:
    """As an admin can, so that what the code checks is seen."""
    for command in await servers.client.tree.fetch_commands():
        servers.scene.guild.set_command_permissions(
            command.id, {servers.scene.guild.default_role: True}
        )


async def test_every_command_is_refused_though_an_admin_showed_it_to_everyone(
    servers: Servers,
) -> None:
    await show_to_everyone(servers)
    for command, options in COMMANDS.items():
        result = await servers.ada.slash(servers.channel, command, **options)
        assert text_of(result) == "Only members who may manage this server can do that."
        assert result.ephemeral
    for command in ("corpus remove", "corpus show"):
        assert await servers.ada.autocomplete(servers.channel, command, "article", "") == []
    assert servers.env.errors


@pytest.mark.parametrize(
    "command", ["corpus add", "corpus remove", "corpus undo", "corpus reload", "corpus export"]
)
async def test_the_shared_collection_is_the_operators(servers: Servers, command: str) -> None:
    options = COMMANDS[command] | {"collection": "shared"}
    result = await servers.boss.slash(servers.channel, command, **options)
    assert "Only those who run me can" in text_of(result)
    assert "to OPERATOR_IDS" in text_of(result).replace("\\", "")
    assert str(servers.boss.id) in text_of(result)
    assert result.ephemeral
    assert servers.env.errors


async def test_an_operator_changes_the_shared_collection_though_managing_no_server(
    servers: Servers,
) -> None:
    await show_to_everyone(servers)
    added = await servers.keeper.slash(
        servers.channel,
        "corpus add",
        file=("aurora.txt", AURORA.encode()),
        collection="shared",
    )
    assert "Added: 1" in text_of(added)
    elsewhere = await servers.stranger.slash(
        servers.elsewhere, "ask", question="Where did the zeppelin Aurora land?"
    )
    assert "landed in Oslo" in text_of(elsewhere).replace("**", "")
    assert "Removed: 1" in await press(servers, added, "Undo", by="keeper")
    assert [article.id for article in servers.library.articles()] == ["lighthouse"]


async def test_the_shared_collection_can_be_read_by_those_who_manage_a_server(
    servers: Servers,
) -> None:
    shared = {"collection": "shared"}
    listed = await servers.boss.slash(servers.channel, "corpus list", **shared)
    assert "Lighthouse" in text_of(listed)
    assert "file lighthouse.txt" in text_of(listed)
    shown = await servers.boss.slash(servers.channel, "corpus show", article="lighthouse", **shared)
    assert "> The lighthouse of Norwick was built in 1851." in text_of(shown)
    status = await servers.boss.slash(servers.channel, "corpus status", **shared)
    assert "Articles 1" in text_of(status)
    suggested = await servers.boss.autocomplete(
        servers.channel, "corpus show", "article", "l", **shared
    )
    assert [choice["value"] for choice in suggested] == ["lighthouse"]


# Adding


async def test_a_file_is_added_and_quoted(servers: Servers) -> None:
    result = await servers.add("aurora.txt", AURORA)
    assert result.ephemeral
    assert "The articles are added.\n**Added: 1**\n• Aurora\n" in text_of(result)
    assert "Unchanged: 0." in text_of(result)
    assert "landed in Oslo" in await ask(servers, "Where did the zeppelin Aurora land?")


async def test_a_file_of_the_same_name_replaces_the_first_and_cannot_be_undone(
    servers: Servers,
) -> None:
    await servers.add("aurora.txt", AURORA)
    result = await servers.add("aurora.txt", AURORA.replace("Oslo", "Bergen"))
    assert "Changed: 1" in text_of(result)
    assert labels(result) == []
    answer = await ask(servers, "Where did the zeppelin Aurora land?")
    assert "landed in Bergen" in answer
    assert "Oslo" not in answer


async def test_adding_can_be_undone(servers: Servers) -> None:
    result = await servers.add("aurora.txt", AURORA)
    assert "Removed: 1" in await press(servers, result, "Undo")
    assert "Aurora" not in await servers.titles()


async def test_the_button_that_undoes_an_addition_works_for_a_day(servers: Servers) -> None:
    result = await servers.add("aurora.txt", AURORA)
    await servers.env.advance_time(25 * 3600)
    assert "That was more than a day ago." in await press(servers, result, "Undo")
    assert "Aurora" in await servers.titles()


async def test_a_page_is_added_and_quoted_with_its_link(servers: Servers, web: Site) -> None:
    text = "The ferry to Skarholm leaves at seven every morning, except on Sundays. " * 3
    web.answers["/ferry"] = page(
        f"<html><head><title>The ferry</title></head><body><article><h1>The ferry</h1>"
        f"<p>{text}</p></article></body></html>"
    )
    result = await servers.boss.slash(servers.channel, "corpus add", url=web.url("/ferry"))
    assert "Added: 1" in text_of(result)
    answer = await ask(servers, "When does the ferry to Skarholm leave?")
    assert "leaves at seven every morning" in answer
    assert f"[open at these words]({web.url('/ferry')}#:~:text=" in answer


async def test_a_feed_is_added_and_removed_by_its_address(servers: Servers, web: Site) -> None:
    feed = FEED.format(base=web.url("")).encode()
    web.answers["/feed"] = page(feed, content_type="application/rss+xml")
    added = await servers.boss.slash(servers.channel, "corpus add", url=web.url("/feed"))
    assert "The mayor of Brightwater" in text_of(added)
    asked = await servers.boss.slash(servers.channel, "corpus remove", article=web.url("/feed"))
    assert "Removed: 1" in await press(servers, asked, "Remove")
    assert "Added: 1" in await press(servers, asked, "Undo")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Give either a file or a url, not both."),
        ({"file": ("a.txt", b"x"), "url": "https://example.org"}, "Give either a file or a url"),
        ({"file": ("virus.exe", b"MZ")}, "virus.exe is not in a format that can be read."),
        ({"file": ("no-suffix", b"x")}, "Markdown (.md), plain text (.txt)"),
        ({"file": ("empty.txt", b"  ")}, "empty.txt"),
        ({"file": ("broken.pdf", b"%PDF-nothing")}, "broken.pdf"),
        ({"url": "ftp://example.org/a"}, "ftp"),
        ({"url": "http://10.0.0.1/secret"}, "10.0.0.1"),
    ],
)
async def test_what_cannot_be_added_is_said(
    servers: Servers, options: dict[str, str | tuple[str, bytes]], sentence: str
) -> None:
    result = await servers.boss.slash(servers.channel, "corpus add", **options)
    assert sentence in text_of(result).replace("\\", "")
    assert result.ephemeral
    assert await servers.titles() == ["Lighthouse"]
    assert servers.env.errors or "file" in options or "url" in options


async def test_a_file_that_is_too_large_is_not_even_downloaded(servers: Servers) -> None:
    await servers.restart(limits=Limits(file_bytes=1000))
    result = await servers.add("large.txt", "word " * 201)
    assert "large.txt is too large." in text_of(result)
    assert "FOOTNOTE" in text_of(result)


async def test_what_is_here_already_is_not_added_twice(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    again = await servers.add("aurora.txt", AURORA)
    assert text_of(again).startswith("Nothing has changed.\nUnchanged: 1.")
    twin = await servers.add("another.txt", AURORA)
    assert "another.txt is here already." in text_of(twin)


async def test_a_second_change_is_refused_while_one_goes_on(servers: Servers) -> None:
    server = servers.scene.guild.id
    first = asyncio.create_task(servers.library.reload(None, server))
    await asyncio.sleep(0)
    with pytest.raises(CorpusError, match="being read already"):
        await servers.library.reload(None, server)
    await first


# Removing


async def test_removing_asks_first(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    asked = await servers.boss.slash(servers.channel, "corpus remove", article="auro")
    assert asked.ephemeral
    assert "Remove “Aurora” from this server’s collection?" in text_of(asked)
    assert labels(asked) == ["Remove", "Do not remove"]
    assert "Aurora" in await servers.titles()
    assert "Nothing was removed." in await press(servers, asked, "Do not remove")
    assert labels(asked) == []
    assert "Aurora" in await servers.titles()


async def test_what_is_removed_is_not_quoted_and_comes_back(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    asked = await servers.boss.slash(servers.channel, "corpus remove", article="aurora")
    assert "Removed: 1" in await press(servers, asked, "Remove")
    assert "Oslo" not in await ask(servers, "Where did the zeppelin Aurora land?")
    assert "The articles are back." in await press(servers, asked, "Undo")
    assert "landed in Oslo" in await ask(servers, "Where did the zeppelin Aurora land?")


async def test_a_removal_is_confirmed_and_undone_after_a_restart(
    servers: Servers, make_corpora: MakeCorpora, tmp_path: Path
) -> None:
    await servers.add("aurora.txt", AURORA)
    asked = await servers.boss.slash(servers.channel, "corpus remove", article="aurora")
    for label, said in (("Remove", "Removed: 1"), ("Undo", "The articles are back.")):
        fresh = Library(make_corpora(tmp_path / "articles"))
        await fresh.open()
        await servers.restart(fresh)
        assert said in await press(servers, asked, label)
        fresh.close()


async def test_a_button_asks_again_who_may(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    asked = await servers.boss.slash(servers.channel, "corpus remove", article="aurora")
    servers.demote_boss()
    assert "Only members who may manage this server" in await press(servers, asked, "Remove")
    assert "Aurora" in await servers.titles()


async def test_a_removal_is_decided_by_who_asked_for_it(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    asked = await servers.boss.slash(servers.channel, "corpus remove", article="aurora")
    assert asked.response
    for row in asked.response._message.components:
        for button in row["components"]:
            button["custom_id"] = button["custom_id"].replace(
                str(servers.boss.id), str(servers.ada.id)
            )
    assert "Only the person who asked can decide that." in await press(servers, asked, "Remove")
    assert "Aurora" in await servers.titles()


async def test_undo_brings_back_what_was_removed_last_or_what_is_named(servers: Servers) -> None:
    for name in ("aurora", "borealis"):
        await servers.add(f"{name}.txt", f"{name}: {AURORA}")
    for name in ("aurora", "borealis"):
        asked = await servers.boss.slash(servers.channel, "corpus remove", article=name)
        await press(servers, asked, "Remove")
    named = await servers.boss.slash(servers.channel, "corpus undo", article="aurora")
    assert "• Aurora" in text_of(named)
    last = await servers.boss.slash(servers.channel, "corpus undo")
    assert "• Borealis" in text_of(last)
    none = await servers.boss.slash(servers.channel, "corpus undo")
    assert "Nothing was removed in the last day." in text_of(none)


async def test_what_is_not_there_cannot_be_removed(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    for given, sentence in (
        ("no such thing", "I know no article of that name. Choose one from the list"),
        ("https://example.org/x", "No article here comes from that address."),
    ):
        result = await servers.boss.slash(servers.channel, "corpus remove", article=given)
        assert sentence in text_of(result)
    assert servers.env.errors


# Looking


async def test_the_list_says_where_each_article_is_from(servers: Servers) -> None:
    empty = await servers.boss.slash(servers.channel, "corpus list")
    assert "This server’s collection is empty." in text_of(empty)
    await servers.add("aurora.txt", AURORA)
    listed = await servers.boss.slash(servers.channel, "corpus list")
    assert listed.ephemeral
    assert "This server’s collection: 1 article" in text_of(listed)
    assert "**Aurora**\n-# aurora · upload aurora.txt · <t:" in text_of(listed)


async def test_the_lists_pages_are_turned_after_a_restart_by_those_who_may(
    servers: Servers,
) -> None:
    lines = "\n".join(
        f'{{"id": "town-{n}", "title": "Town {n}", "text": "Town number {n} has a mayor."}}'
        for n in range(25)
    )
    await servers.add("towns.jsonl", lines)
    listed = await servers.boss.slash(servers.channel, "corpus list")
    assert "Page 1 of 3" in text_of(listed)
    await servers.restart()
    assert "Page 2 of 3" in await press(servers, listed, "Next ▶")
    servers.demote_boss()
    assert "Only members who may manage" in await press(servers, listed, "Next ▶")


async def test_show_tells_what_is_known_and_quotes_the_beginning(servers: Servers) -> None:
    await servers.add(
        "news.md",
        f"---\ntitle: The *landing*\nauthor: Ada @everyone\nurl: https://example.org/a\n---\n"
        f"{AURORA}\n\n# A heading\n\nMore words.",
    )
    shown = await servers.boss.slash(servers.channel, "corpus show", article="landing")
    text = text_of(shown)
    assert "The \\*landing\\*" in text
    assert "Author Ada @\u200beveryone" in text
    assert f"> {AURORA}\n> \n> \\# A heading\n> \n> More words." in text
    assert "Comes from upload news.md" in text
    assert "Passages " in text
    assert "https://example.org/a" in text


async def test_status_shows_how_a_collection_is(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    status = await servers.boss.slash(servers.channel, "corpus status")
    assert status.ephemeral
    for fact in ("Articles 1", "Passages 1", "Words 10", "Shared articles used too"):
        assert fact in text_of(status)


async def test_reload_tells_what_was_added_changed_removed_and_failed(
    servers: Servers, tmp_path: Path
) -> None:
    await servers.restart(operators=frozenset({servers.boss.id}))
    folder = tmp_path / "articles"
    for name in ("one", "two", "three"):
        (folder / f"{name}.txt").write_text(f"Town {name} has a mayor.")
    shared = {"collection": "shared"}
    await servers.boss.slash(servers.channel, "corpus reload", **shared)
    (folder / "one.txt").unlink()
    (folder / "two.txt").write_text("Town two has two mayors.")
    (folder / "broken.pdf").write_bytes(b"%PDF-nothing")
    (folder / "new.txt").write_text("A new town was founded.")
    result = await servers.boss.slash(servers.channel, "corpus reload", **shared)
    assert result.ephemeral
    text = text_of(result)
    for line in ("Failed: 1", "Added: 1", "Changed: 1", "Removed: 1", "Unchanged: 2."):
        assert line in text
    assert "broken.pdf" in text


async def test_the_old_articles_stay_when_a_reload_fails(servers: Servers, tmp_path: Path) -> None:
    await servers.restart(operators=frozenset({servers.boss.id}))
    (tmp_path / "articles" / "lighthouse.txt").unlink()
    result = await servers.boss.slash(servers.channel, "corpus reload", collection="shared")
    assert "There are no articles in" in text_of(result)
    assert "built in 1851" in await ask(servers, "When was the lighthouse of Norwick built?")


# Exporting


async def test_an_export_can_be_added_again(servers: Servers) -> None:
    await servers.add("aurora.txt", AURORA)
    exported = await servers.boss.slash(servers.channel, "corpus export")
    assert exported.ephemeral
    assert exported.response
    (file,) = exported.response.attachments
    with zipfile.ZipFile(io.BytesIO(await file.read())) as archive:
        lines = archive.read("articles.jsonl")
        assert archive.read("originals/aurora.txt") == AURORA.encode()
    there = await servers.stranger.slash(
        servers.elsewhere, "corpus add", file=("articles.jsonl", lines)
    )
    assert "• Aurora" in text_of(there)
    asked = await servers.stranger.slash(
        servers.elsewhere, "ask", question="Where did the zeppelin Aurora land?"
    )
    assert "landed in Oslo" in text_of(asked).replace("**", "")


async def test_an_export_that_discord_does_not_take_says_how_large_it_is(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await servers.add("aurora.txt", AURORA)
    monkeypatch.setattr("bot.commands.corpus._written", lambda corpus, file: 30_000_000)
    result = await servers.boss.slash(servers.channel, "corpus export")
    assert "The export has 30 MB, and Discord takes 26.2 MB here." in text_of(result)
    assert "footnote corpus export" in text_of(result)
    assert servers.env.errors


async def test_an_empty_collection_is_not_exported(servers: Servers) -> None:
    result = await servers.boss.slash(servers.channel, "corpus export")
    assert "There are no articles in this collection." in text_of(result)
    assert servers.env.errors
