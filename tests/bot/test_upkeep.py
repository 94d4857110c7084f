"""What the bot does by itself: it serves what others changed, asks for news, watches files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.leadership import Leadership
from bot.library import Library
from bot.settings import Settings
from bot.upkeep import Pace, Upkeep, make_upkeep
from retrieval.corpus import Asked, Report, Upload, WebAddress
from retrieval.encoders import Progress
from retrieval.errors import StorageError
from tests.bot.conftest import MakeCorpora
from tests.retrieval.web.site import Site, page, response, site

SERVER = 123
QUICK = Pace(refresh=0.01, poll=0.01, watch=0.05, settle=0.01)
ITEM = (
    "<item><title>{title}</title><link>{link}</link><description>{text} It is written down in "
    "the annals of the town for all who care to read them.</description></item>"
)


def feed(*items: str) -> bytes:
    channel = f"<channel><title>Towns</title>{''.join(items)}</channel>"
    content = f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'
    return page(content, content_type="application/rss+xml")


def item(name: str) -> str:
    return ITEM.format(title=name, link=f"https://example.org/{name}", text=f"{name} is a town.")


@dataclass
class Clock:
    """A clock that stands until it is put forward."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Watched(Library):
    """A library that tells of each change that was made, and can be made to fail first."""

    failing: list[Exception]
    changed: asyncio.Event

    async def reload(
        self,
        progress: Progress | None,
        server: int | None = None,
        asked: Asked = Asked.ALL,
    ) -> Report:
        if self.failing:
            raise self.failing.pop()
        report = await super().reload(progress, server, asked)
        self.changed.set()
        return report

    async def refresh(self) -> list[str]:
        if self.failing:
            raise self.failing.pop()
        found = await super().refresh()
        self.changed.set()
        return found

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "articles"
    made.mkdir()
    (made / "lighthouse.txt").write_text("The lighthouse of Norwick was built in 1851.")
    return made


@pytest.fixture
async def library(make_corpora: MakeCorpora, folder: Path, clock: Clock) -> AsyncIterator[Watched]:
    made = Watched(make_corpora(folder, private_hosts=["127.0.0.1"], clock=clock))
    made.failing, made.changed = [], asyncio.Event()
    await made.open()
    yield made
    made.close()


def titles(library: Library, server: int | None = None) -> set[str]:
    return {article.title for article in library.articles(server)}


@asynccontextmanager
async def running(upkeep: Upkeep) -> AsyncIterator[asyncio.Task[None]]:
    """Upkeep from start to end, which must come at once."""
    task = asyncio.create_task(upkeep.run())
    try:
        yield task
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        assert task.cancelled()


# What others changed


async def test_what_another_process_changed_is_served(
    library: Watched, make_corpora: MakeCorpora, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await library.known(SERVER)
    other = make_corpora(folder)
    other.server(SERVER).add(Upload("aurora.txt", b"The zeppelin Aurora landed in Oslo."))
    with caplog.at_level(logging.INFO):
        await Upkeep(library).refresh()
    assert titles(library, SERVER) == {"Aurora", "Lighthouse"}
    assert "server-123" in caplog.text
    answer = await library.ask("Where did the zeppelin Aurora land?", server=SERVER)
    assert "Oslo" in answer.quotes[0].text


async def test_what_another_process_changed_is_served_by_itself(
    library: Watched, make_corpora: MakeCorpora, folder: Path
) -> None:
    async with running(Upkeep(library, polls=False, pace=QUICK)):
        (folder / "aurora.txt").write_text("The zeppelin Aurora landed in Oslo.")
        other = make_corpora(folder)
        await asyncio.to_thread(other.open)
        await library.wait_until(lambda: "Aurora" in titles(library))


# News from pages and feeds


async def test_a_feed_is_asked_for_news_when_its_time_has_come(
    library: Watched, web: Site, clock: Clock
) -> None:
    web.answers["/feed"] = feed(item("Brightwater"))
    await library.add(WebAddress(web.url("/feed")), server=SERVER)
    upkeep = Upkeep(library, clock=clock)
    web.answers["/feed"] = feed(item("Skarholm"), item("Brightwater"))
    asked = len(web.requests)
    await upkeep.poll()
    assert len(web.requests) == asked
    clock.now += timedelta(hours=2)
    await upkeep.poll()
    assert titles(library, SERVER) == {"Skarholm", "Brightwater", "Lighthouse"}
    assert titles(library) == {"Lighthouse"}
    asked = len(web.requests)
    await upkeep.poll()
    assert len(web.requests) == asked


class Follower(Leadership):
    """Of a process that does not lead, until it does."""

    leads = False

    @property
    def is_held(self) -> bool:
        return self.leads


async def test_only_the_process_that_leads_asks_for_news(
    library: Watched, web: Site, clock: Clock
) -> None:
    web.answers["/feed"] = feed(item("Brightwater"))
    await library.add(WebAddress(web.url("/feed")), server=SERVER)
    clock.now += timedelta(hours=2)
    leadership = Follower()
    upkeep = Upkeep(library, clock=clock, leadership=leadership)
    asked = len(web.requests)
    await upkeep.poll()
    assert len(web.requests) == asked
    leadership.leads = True
    await upkeep.poll()
    assert len(web.requests) > asked


async def test_a_process_that_leads_from_now_on_asks_at_once(
    library: Watched, web: Site, clock: Clock
) -> None:
    web.answers["/feed"] = feed(item("Brightwater"))
    await library.add(WebAddress(web.url("/feed")), server=SERVER)
    web.answers["/feed"] = feed(item("Skarholm"), item("Brightwater"))
    clock.now += timedelta(hours=2)
    leadership = Follower()
    pace = Pace(refresh=0.01, poll=3600.0)
    upkeep = Upkeep(library, clock=clock, leadership=leadership, pace=pace)
    async with running(upkeep):
        # Its first look has been in vain.
        library.changed.clear()
        await asyncio.wait_for(library.changed.wait(), 20)
        leadership.leads = True
        upkeep.poll_now()
        await library.wait_until(lambda: "Skarholm" in titles(library, SERVER))


async def test_only_the_process_that_leads_reads_watched_files(
    library: Watched, folder: Path
) -> None:
    leadership = Follower()
    upkeep = Upkeep(library, polls=False, watched=[folder], pace=QUICK, leadership=leadership)
    (folder / "aurora.txt").write_text("The zeppelin Aurora landed in Oslo.")
    await upkeep.watch()
    assert titles(library) == {"Lighthouse"}
    async with running(upkeep):
        leadership.leads = True
        await library.wait_until(lambda: "Aurora" in titles(library))


async def test_collections_that_nobody_has_asked_since_the_start_are_polled_too(
    library: Watched, web: Site, clock: Clock, make_corpora: MakeCorpora, folder: Path
) -> None:
    web.answers["/feed"] = feed(item("Brightwater"))
    await library.add(WebAddress(web.url("/feed")), server=SERVER)
    web.answers["/feed"] = feed(item("Skarholm"))
    clock.now += timedelta(hours=2)
    again = Library(make_corpora(folder, private_hosts=["127.0.0.1"], clock=clock))
    await again.open()
    await Upkeep(again, clock=clock).poll()
    assert titles(again, SERVER) == {"Skarholm", "Brightwater", "Lighthouse"}
    again.close()


async def test_what_was_removed_is_not_asked_for_news(
    library: Watched, web: Site, clock: Clock
) -> None:
    web.answers["/feed"] = feed(item("Brightwater"))
    await library.add(WebAddress(web.url("/feed")), server=SERVER)
    await library.remove(web.url("/feed"), SERVER)
    clock.now += timedelta(hours=2)
    assert await library.next_checks() == {}


async def test_a_page_that_fails_is_told_once_and_asked_ever_more_seldom(
    library: Watched, web: Site, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    web.answers["/feed"] = feed(item("Brightwater"))
    await library.add(WebAddress(web.url("/feed")), server=SERVER)
    web.answers["/feed"] = response(500)
    upkeep = Upkeep(library, clock=clock)
    asked = len(web.requests)
    for _ in range(3):
        clock.now += timedelta(hours=1, minutes=10)
        await upkeep.poll()
    assert len(web.requests) - asked == 2
    assert len([r for r in caplog.records if r.name == "bot.upkeep"]) == 1
    assert titles(library, SERVER) == {"Brightwater", "Lighthouse"}


async def test_a_collection_that_is_being_changed_is_left_alone(
    library: Watched, web: Site, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    web.answers["/feed"] = feed(item("Brightwater"))
    await library.add(WebAddress(web.url("/feed")), server=SERVER)
    clock.now += timedelta(hours=2)
    change = asyncio.create_task(library.reload(None, SERVER))
    await asyncio.sleep(0)
    await Upkeep(library, clock=clock).poll()
    await change
    assert "bot.upkeep" not in caplog.text


async def test_an_error_is_told_once_and_ends_nothing(
    library: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    library.failing = [ValueError("unforeseen") for _ in range(3)]
    async with running(Upkeep(library, polls=False, pace=QUICK)):
        await library.wait_until(lambda: not library.failing)
    assert caplog.text.count("Unforeseen error in the background") == 1


# Files


async def test_a_file_that_changes_is_read_at_once(library: Watched, folder: Path) -> None:
    async with running(Upkeep(library, polls=False, watched=[folder], pace=QUICK)):
        (folder / "aurora.txt").write_text("The zeppelin Aurora landed in Oslo.")
        await library.wait_until(lambda: "Aurora" in titles(library))
        (folder / "aurora.txt").unlink()
        await library.wait_until(lambda: titles(library) == {"Lighthouse"})


def put_another_in_its_place(folder: Path) -> None:
    another = folder.with_name("another")
    another.mkdir()
    (another / "aurora.txt").write_text("The zeppelin Aurora landed in Oslo.")
    folder.rename(folder.with_name("old"))
    another.rename(folder)


async def test_a_folder_is_watched_again_when_another_takes_its_place(
    library: Watched, folder: Path, tmp_path: Path
) -> None:
    upkeep = Upkeep(library, polls=False, watched=[folder, tmp_path / "missing"], pace=QUICK)
    async with running(upkeep):
        await asyncio.to_thread(put_another_in_its_place, folder)
        await library.wait_until(lambda: titles(library) == {"Aurora"})
        (folder / "borealis.txt").write_text("The Borealis landed in Bergen.")
        await library.wait_until(lambda: "Borealis" in titles(library))


async def test_a_single_file_is_watched_though_editors_put_another_in_its_place(
    make_corpora: MakeCorpora, folder: Path, tmp_path: Path
) -> None:
    file = folder / "lighthouse.txt"
    corpora = make_corpora(file)
    library = Watched(corpora)
    library.failing, library.changed = [], asyncio.Event()
    await library.open()
    async with running(Upkeep(library, polls=False, watched=[file], pace=QUICK)):
        for year in ("1852", "1853"):
            (tmp_path / "new").write_text(f"The lighthouse of Norwick was built in {year}.")
            (tmp_path / "new").replace(file)
            await library.wait_until(
                lambda year=year: year in corpora.shared.articles["lighthouse"].text  # type: ignore[misc]
            )
    library.close()


async def test_a_change_that_cannot_be_read_now_is_read_later(
    library: Watched, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "aurora.txt").write_text("The zeppelin Aurora landed in Oslo.")
    upkeep = Upkeep(library, polls=False, watched=[folder], pace=QUICK)
    library.failing = [StorageError("Another process is changing these articles.")] * 2
    watching = asyncio.create_task(upkeep.watch())
    await library.wait_until(lambda: "Aurora" in titles(library))
    watching.cancel()
    await asyncio.wait({watching}, timeout=5)
    assert caplog.text.count("Another process is changing") == 1


async def test_the_settings_say_what_is_watched(
    make_corpora: MakeCorpora, folder: Path, tmp_path: Path
) -> None:
    corpora = make_corpora(folder)
    library = Watched(corpora)
    library.failing, library.changed = [], asyncio.Event()
    await library.open()
    settings = Settings(data_dir=tmp_path / "data", watch=True, poll_minutes=0)
    async with running(make_upkeep(settings, library, corpora, QUICK)):
        (folder / "aurora.txt").write_text("The zeppelin Aurora landed in Oslo.")
        await library.wait_until(lambda: "Aurora" in titles(library))
    library.close()


def test_hidden_files_and_the_bots_own_are_no_news(library: Watched, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    upkeep = Upkeep(library, watched=[articles], own_folder=articles / "data")
    assert upkeep._is_news(articles / "town.txt")
    assert upkeep._is_news(articles / "moved-folder")
    assert not upkeep._is_news(articles / ".git" / "index.txt")
    assert not upkeep._is_news(articles / ".town.txt.swp")
    assert not upkeep._is_news(articles / "data" / "footnote.db")
