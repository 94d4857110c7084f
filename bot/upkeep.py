"""What the bot does by itself: serve what others changed, ask for news, watch files, tidy up.

Each of them goes on whatever happens: an error is logged once, until it is another one or
gone, and tried again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.changing import described
from bot.housekeeping import Housekeeping
from bot.inflight import ClosingError
from bot.leadership import Leadership
from bot.library import Library
from bot.settings import Settings
from retrieval.corpus import Asked, Corpora
from retrieval.errors import FootnoteError

log = logging.getLogger(__name__)

_AFTER_ALL: Final = 30.0
"""Seconds between two looks for changes where processes tell each other of them."""
_LONGEST_GAP: Final = 300.0
"""Seconds until files that could not be read are tried again without having changed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are looked at, in seconds.

    Attributes:
        refresh: Between two looks for what other processes have changed.
        poll: Between two looks for pages and feeds whose time has come.
        watch: Between two looks for watched folders that have vanished or come back.
        settle: For how long files must be left alone before they are read.
        tidy: Between two looks for what has been kept for long enough.
        sweep: Between two looks for what is kept for minutes or an hour only.
        release: Between two looks for collections that nobody has asked for a while.
    """

    refresh: float = 2.0
    poll: float = 60.0
    watch: float = 2.0
    settle: float = 0.5
    tidy: float = 3600.0
    sweep: float = 60.0
    release: float = 60.0


class Upkeep:
    """Work in the background, from ``run`` until that is cancelled.

    Args:
        library: Open.
        polls: Whether pages and feeds are asked for news.
        watched: Files and folders of the shared collection that are read as soon as they change.
        own_folder: Where the bot keeps its own files, which are no news even if they are watched.
        housekeeping: Deletes what is kept no longer, where given.
        leadership: Pages, feeds and files are read by the process that has it.
        clock: The time, with its zone.
    """

    def __init__(
        self,
        library: Library,
        *,
        polls: bool = True,
        watched: Sequence[Path] = (),
        own_folder: Path | None = None,
        housekeeping: Housekeeping | None = None,
        leadership: Leadership | None = None,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._library = library
        self._polls = polls
        self._watched = tuple(path.absolute() for path in watched)
        self._own_folder = own_folder.resolve() if own_folder else None
        self._housekeeping = housekeeping
        self._leadership = leadership or Leadership()
        self._pace = pace or Pace()
        self._clock = clock
        self._told: dict[str, str] = {}
        self._poll_now = asyncio.Event()

    def poll_now(self) -> None:
        """Look at once for pages and feeds whose time has come: nobody may have done so lately."""
        self._poll_now.set()

    async def run(self) -> None:
        """Look after the collections until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self.refresh, self._pace.refresh))
            group.create_task(self._repeat(self._library.release_idle, self._pace.release))
            if self._polls:
                group.create_task(self._repeat(self.poll, self._pace.poll, self._poll_now))
            if self._watched:
                group.create_task(self._repeat(self.watch, self._pace.watch))
            if self._housekeeping is not None:
                group.create_task(self._repeat(self._housekeeping.tidy, self._pace.tidy))
                group.create_task(self._repeat(self._housekeeping.sweep, self._pace.sweep))

    async def refresh(self) -> None:
        """Serve what other processes, such as the command line, have changed."""
        for name in await self._library.refresh():
            log.info("%s: another process has changed it; the new articles are served", name)

    async def poll(self) -> None:
        """Ask those pages and feeds for news whose time has come, one collection after another."""
        if not self._leadership.is_held:
            return
        checks = await self._library.next_checks()
        for server, time in checks.items():
            if time <= self._clock():
                await self._reload(server, Asked.DUE)

    async def watch(self) -> None:
        """Read the watched files when they change, until the folders themselves are others."""
        present = _present(self._watched)
        if not present or not self._leadership.is_held:
            return
        loop = asyncio.get_running_loop()
        # What changed before the watch began is not told, so the first look is at everything.
        is_news, gap, not_before = True, self._pace.watch, 0.0
        async with aclosing(self._changes(list(present))) as changes:
            async for found in changes:
                if not self._leadership.is_held:
                    return
                is_other = _present(self._watched) != present
                if found or is_other:
                    is_news, gap, not_before = True, self._pace.watch, 0.0
                if is_news and loop.time() >= not_before:
                    is_news = not await self._reload(None, Asked.NEW)
                    not_before, gap = loop.time() + gap, min(2 * gap, _LONGEST_GAP)
                if is_other:
                    return

    async def _changes(self, paths: Sequence[Path]) -> AsyncGenerator[bool]:
        """Whether there are changes below ``paths``, told when there are, and now and then.

        ``watchfiles.awatch`` would walk through all folders on the event loop to begin with.

        Raises:
            OSError: They cannot be watched.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[bool | None] = asyncio.Queue()
        stop = threading.Event()

        def watch() -> None:
            from watchfiles import watch as watch_files

            try:
                for found in watch_files(
                    *paths,
                    watch_filter=lambda _, path: self._is_news(Path(path)),
                    debounce=max(1, int(1000 * self._pace.settle * 3)),
                    step=max(1, int(1000 * self._pace.settle)),
                    rust_timeout=max(1, int(1000 * self._pace.watch)),
                    yield_on_timeout=True,
                    stop_event=stop,
                    raise_interrupt=False,
                    ignore_permission_denied=True,
                ):
                    loop.call_soon_threadsafe(told.put_nowait, bool(found))
            finally:
                loop.call_soon_threadsafe(told.put_nowait, None)

        watching = asyncio.ensure_future(asyncio.to_thread(watch))
        try:
            while (found := await told.get()) is not None:
                yield found
            await watching
        finally:
            stop.set()
            await asyncio.wait({watching})

    async def _reload(self, server: int | None, asked: Asked) -> bool:
        """Read a collection's sources; says whether that was done."""
        if self._library.is_changing(server):
            return False
        name = "The shared collection" if server is None else f"Server {server}"
        try:
            report = await self._library.reload(None, server, asked)
        except ClosingError:
            return True
        except FootnoteError as error:
            self._tell_once(name, error)
            return False
        self._told.pop(name, None)
        if any(change.outcome not in {"unchanged", "failed"} for change in report.changes):
            log.info("%s: there is news %s", name, described(report))
        failed = {f"{name}, {change.article}": change.reason for change in report.of("failed")}
        for mended in [key for key in self._told if key.startswith(f"{name}, ")]:
            if mended not in failed:
                del self._told[mended]
        for key, reason in failed.items():
            self._tell_once(key, reason)
        return True

    async def _repeat(
        self,
        look: Callable[[], Awaitable[None]],
        every: float,
        at_once: asyncio.Event | None = None,
    ) -> None:
        """Look every so many seconds, and whenever ``at_once`` is set."""
        name = getattr(look, "__name__", "upkeep")
        while True:
            try:
                await look()
            except ClosingError:
                pass  # Whoever stops the bot also ends this.
            except (FootnoteError, OSError) as error:
                self._tell_once(name, error)
            except Exception as error:
                if self._told.get(name) != repr(error):
                    log.exception("Unforeseen error in the background")
                self._told[name] = repr(error)
            else:
                self._told.pop(name, None)
            if at_once is None:
                await asyncio.sleep(every)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(at_once.wait(), every)
            at_once.clear()

    def _tell_once(self, name: str, error: Exception | str) -> None:
        if self._told.get(name) != str(error):
            log.warning("%s: %s", name, error)
        self._told[name] = str(error)

    def _is_news(self, path: Path) -> bool:
        """Whether a change of a file means anything: not of hidden ones, and not of our own."""
        sources = [source for source in self._watched if path.is_relative_to(source)]
        below = path.relative_to(sources[0]).parts if sources else (path.name,)
        if any(part.startswith(".") for part in below):
            return False
        return self._own_folder is None or not path.resolve().is_relative_to(self._own_folder)


def make_upkeep(
    settings: Settings,
    library: Library,
    corpora: Corpora,
    pace: Pace | None = None,
    *,
    housekeeping: Housekeeping | None = None,
    leadership: Leadership | None = None,
) -> Upkeep:
    """The upkeep that the settings ask for."""
    if pace is None and settings.database_url is not None:
        pace = Pace(refresh=_AFTER_ALL)
    files = [source for source in corpora.sources if isinstance(source, Path)]
    return Upkeep(
        library,
        polls=settings.poll_minutes > 0,
        watched=files if settings.watch else (),
        own_folder=corpora.folder,
        housekeeping=housekeeping,
        leadership=leadership,
        pace=pace,
    )


def _present(paths: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Those of the paths where there is something, and what tells it from another there."""
    found = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = (stat.st_dev, stat.st_ino)
    return found
