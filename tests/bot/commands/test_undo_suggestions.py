"""What ``/corpus undo`` suggests while somebody types: what can be brought back there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import simcord

from bot.library import Library
from retrieval.corpus import Upload
from tests.bot.conftest import MakeCorpora, Servers


async def suggested(
    actor: simcord.MemberActor, channel: simcord.ChannelHandle, typed: str = "", **filled: str
) -> list[object]:
    choices = await actor.autocomplete(channel, "corpus undo", "article", typed, **filled)
    return [choice["value"] for choice in choices]


async def remove(servers: Servers, *articles: str) -> None:
    for article in articles:
        await servers.library.remove(article, servers.scene.guild.id)


@pytest.fixture
async def filled(servers: Servers) -> Servers:
    """Two articles of the first server's own."""
    await servers.add("aurora.txt", "The zeppelin Aurora landed in Oslo.")
    await servers.add("tram.txt", "The tram of Norwick is yellow.")
    return servers


async def test_what_was_removed_is_suggested_the_latest_first(filled: Servers) -> None:
    assert await suggested(filled.boss, filled.channel) == []
    await remove(filled, "aurora", "tram")
    assert await suggested(filled.boss, filled.channel) == ["tram", "aurora"]
    assert await suggested(filled.boss, filled.channel, "auro") == ["aurora"]


async def test_what_is_suggested_is_brought_back_and_suggested_no_more(filled: Servers) -> None:
    await remove(filled, "aurora", "tram")
    (chosen,) = await suggested(filled.boss, filled.channel, "auro")
    await filled.boss.slash(filled.channel, "corpus undo", article=chosen)
    assert "Aurora" in await filled.titles()
    assert await suggested(filled.boss, filled.channel) == ["tram"]


async def test_it_is_suggested_to_those_alone_who_can_bring_it_back(filled: Servers) -> None:
    await remove(filled, "aurora")
    await filled.library.add(Upload("ferry.txt", b"The ferry is blue."))
    await filled.library.remove("ferry")
    assert await suggested(filled.stranger, filled.elsewhere) == []
    assert await suggested(filled.boss, filled.channel, collection="shared") == []
    for command in await filled.client.tree.fetch_commands():
        filled.scene.guild.set_command_permissions(
            command.id, {filled.scene.guild.default_role: True}
        )
    assert await suggested(filled.ada, filled.channel) == []
    assert await suggested(filled.keeper, filled.channel, collection="shared") == ["ferry"]


@pytest.fixture
async def yesterday(make_corpora: MakeCorpora, tmp_path: Path) -> AsyncIterator[Library]:
    """A library in which two articles were removed, one of them more than a day ago."""
    folder = tmp_path / "old"
    folder.mkdir()
    for name in ("aurora", "lighthouse", "tram"):
        (folder / f"{name}.txt").write_text(f"The {name} of Norwick is yellow.")
    now = [datetime.now(UTC) - timedelta(days=1, minutes=5)]
    library = Library(make_corpora(folder, clock=lambda: now[0]))
    await library.open()
    await library.remove("aurora")
    now[0] += timedelta(minutes=10)
    await library.remove("tram")
    yield library
    library.close()


async def test_what_was_removed_more_than_a_day_ago_is_suggested_no_more(
    yesterday: Library,
) -> None:
    assert [article.id for article in await yesterday.removed()] == ["tram"]


async def test_it_is_read_once_after_each_change(
    yesterday: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    await yesterday.removed()

    async def refuse(*_: object) -> None:
        raise AssertionError("It is read again.")

    with monkeypatch.context() as patched:
        patched.setattr(yesterday, "work", refuse)
        assert [article.id for article in await yesterday.removed()] == ["tram"]
    await yesterday.undo("tram")
    assert await yesterday.removed() == []
