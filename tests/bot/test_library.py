"""The corpus in threads: what goes on there neither blocks nor outlives the bot."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.inflight import ClosingError, InFlight
from bot.library import CHANGE_WORKERS, Library
from retrieval.corpus import storage
from retrieval.corpus.corpora import RELEASED_AFTER
from retrieval.corpus.lock import held_by_one
from retrieval.engines.embedded import columns
from retrieval.errors import CorpusError
from tests.bot.conftest import MakeCorpora
from tests.conftest import SEEDS


async def test_before_it_is_open_there_are_no_articles_and_no_answers(
    make_corpora: MakeCorpora,
) -> None:
    library = Library(make_corpora(SEEDS))
    assert library.articles() == ()
    with pytest.raises(CorpusError, match="not open yet"):
        await library.ask("What?")
    with pytest.raises(CorpusError, match="not open yet"):
        await library.known()
    await library.open()
    assert len(library.articles()) == len(await library.known()) == 1
    assert library.close()


async def test_articles_that_another_process_reads_for_the_first_time_are_waited_for(
    make_corpora: MakeCorpora, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library(make_corpora(SEEDS))
    caplog.set_level(logging.INFO, "bot.library")
    with held_by_one(tmp_path / "data" / "collections" / "shared"):
        opening = asyncio.create_task(library.open())
        async with asyncio.timeout(20):
            while "are waited for" not in caplog.text:
                done, _ = await asyncio.wait({opening}, timeout=0.05)
                assert not done
    await asyncio.wait_for(opening, 20)
    assert len(library.articles()) == 1
    assert library.close()


async def test_what_others_changed_is_served_while_much_is_being_changed_here(
    make_corpora: MakeCorpora, tmp_path: Path
) -> None:
    library = Library(make_corpora(SEEDS))
    await library.open()
    go_on = threading.Event()
    for _ in range(CHANGE_WORKERS):
        library._changing.submit(go_on.wait, 20)
    try:
        assert await asyncio.wait_for(library.refresh(), 5) == []
    finally:
        go_on.set()
    assert library.close()


async def test_the_loop_goes_on_while_questions_are_answered(library: Library) -> None:
    pauses = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            pauses.append(time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(library.ask(f"Who is Haftar? {n}") for n in range(10)))
    watching.cancel()
    assert pauses
    assert max(pauses) < 1


async def test_stopping_ends_a_reload_and_keeps_the_articles(
    make_corpora: MakeCorpora, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "one.txt").write_text("One town has a mayor.")
    library = Library(make_corpora(folder))
    await library.open()
    (folder / "two.txt").write_text("Two towns have a mayor.")
    library.stop()
    with pytest.raises(ClosingError):
        await library.reload(lambda done, total: None)
    assert [article.id for article in library.articles()] == ["one"]
    assert library.close()


async def test_a_reload_that_nobody_waits_for_still_blocks_the_next(
    make_corpora: MakeCorpora,
) -> None:
    library = Library(make_corpora(SEEDS))
    opening = asyncio.create_task(library.open())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    with pytest.raises(CorpusError, match="being read already"):
        await library.reload(lambda done, total: None)
    assert not library.close()


async def test_stopping_waits_for_what_is_in_flight() -> None:
    in_flight = InFlight()
    with in_flight:
        in_flight.close()
        assert not await in_flight.wait_until_idle(0.01)
        with pytest.raises(ClosingError), in_flight:
            pass
    assert await in_flight.wait_until_idle(0.01)


async def test_a_servers_articles_are_suggested_as_soon_as_they_are_in_memory(
    library: Library,
) -> None:
    assert library.articles(7) == ()
    await library.noted(7)
    assert library.articles(7) == library.articles()
    assert library.own_articles(7) == ()
    assert library.shows_shared(7)


async def test_a_server_without_the_shared_articles_has_none_to_begin_with(
    make_corpora: MakeCorpora,
) -> None:
    library = Library(make_corpora(SEEDS))
    await library.open()
    await library.set_uses_shared(7, False)
    assert library.articles(7) == ()
    assert not library.shows_shared(7)
    with pytest.raises(CorpusError, match="This server has no articles yet"):
        await library.known(7)
    assert library.close()


async def test_a_change_of_the_shared_articles_keeps_no_servers_own_in_memory(
    make_corpora: MakeCorpora,
) -> None:
    now = datetime(2031, 5, 1, tzinfo=UTC)
    corpora = make_corpora(SEEDS, clock=lambda: now)
    library = Library(corpora)
    await library.open()
    await library.known(7)
    assert list(corpora.opened()) == [7]
    now += RELEASED_AFTER
    await library.reload(None)
    await library.release_idle()
    assert corpora.opened() == {}
    assert len(await library.known(7)) == 1
    assert library.close()


async def test_articles_that_turn_out_to_be_damaged_are_listed_and_read_all_the_same(
    make_corpora: MakeCorpora, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage, "_LARGE", 1)
    monkeypatch.setattr(columns, "_MAPPED_FROM", 1)
    corpora = make_corpora(SEEDS)
    corpora.open()
    expected = dict(corpora.articles())
    for use in (1, 2):
        records = next(corpora.folder.glob("collections/*/indexes/segment-*/articles/records.bin"))
        content = records.read_bytes()
        corpora.shared.restore()
        with records.open("r+b") as file:
            file.write(bytes(byte ^ 0x55 for byte in content))
        library = Library(corpora)
        if use == 1:
            library.show_articles()
            assert len(library.articles()) == len(expected)
        else:
            assert await library.with_articles(dict) == expected
        assert library.close()
    assert caplog.text.count("An index is damaged") == 2
