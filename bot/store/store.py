"""The store: what people asked and thought of the answers, and what servers have chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection

from bot.store import insights, people, questions, servers, table
from bot.store.connection import SQLitePeople
from bot.store.database import EVERYWHERE, PeopleDatabase, key_of
from bot.store.insights import Insights
from bot.store.records import Asked, Kept, State, Verdict, earlier
from bot.store.remembered import Remembered
from bot.store.server_settings import ServerSettings, check, from_json, to_json
from retrieval.errors import StorageError


class Store:
    """What people did, in ``people.db`` or in PostgreSQL; opened at the first use.

    Shared by threads.

    Where a question is asked for, so is the server that it was asked in, ``None`` standing for
    direct messages: what was asked in another is not there.

    Every method waits for the disk or the network, and raises ``StorageError`` where the database
    cannot be used.

    Args:
        folder: Of ``people.db``; made where it is missing. Not used with ``database``.
        keep_text: Where not, no question's text reaches the disk, and those that were kept before
            are deleted. The reasons that people give for their votes are kept all the same.
        retention: For how long questions and votes are kept; see ``purge``.
        clock: The time, with its zone.
        database: Where everything is kept in the place of ``people.db``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keep_text: bool,
        retention: timedelta,
        clock: Callable[[], datetime],
        database: PeopleDatabase | None = None,
    ) -> None:
        self._database = database or SQLitePeople(folder, keep_text=keep_text, clock=clock)
        self._keep_text = keep_text
        self._retention = retention
        self._clock = clock
        self._remembered = Remembered()

    def now(self) -> datetime:
        """The time by which everything is kept, with its zone."""
        return self._clock()

    @property
    def retention(self) -> timedelta:
        """For how long questions and votes are kept."""
        return self._retention

    @property
    def keeps_text(self) -> bool:
        """Whether the texts of questions are kept."""
        return self._keep_text

    def open(self) -> None:
        """Open the database now rather than at the first use."""
        self._database.open()

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        self._database.close()

    @property
    def database(self) -> PeopleDatabase:
        """Where everything is kept."""
        return self._database

    def settings(self, server: int | None) -> ServerSettings:
        """A server's settings; the usual ones in direct messages. Waits only the first time."""
        if server is None:
            return ServerSettings()
        moment = self._remembered.moment
        if (known := self._remembered.of(server)) is not None:
            return known
        # Nothing is held while the database is waited for: whoever knows theirs needs no wait.
        found = _settings_of(
            self._database.read(server, partial(servers.settings_of, server=server))
        )
        self._remembered.read(server, found, moment)
        return found

    def known_settings(self, server: int | None) -> ServerSettings | None:
        """The same where nothing is waited for; ``None`` where something had to be."""
        return ServerSettings() if server is None else self._remembered.of(server)

    def save_settings(self, server: int, settings: ServerSettings) -> None:
        """Keep a server's settings.

        Raises:
            SettingsError: One has a value that cannot be used; nothing was changed.
        """
        self.change_settings(server, lambda _: settings)

    def change_settings(
        self, server: int, change: Callable[[ServerSettings], ServerSettings]
    ) -> ServerSettings:
        """Keep what ``change`` makes of a server's settings, with no other change in between.

        Raises:
            SettingsError: As for ``save_settings``.
        """
        changed = ServerSettings()

        def stored(before: str | None) -> str:
            nonlocal changed
            changed = change(_settings_of(before))
            check(changed)
            return to_json(changed)

        moment = self._remembered.moment
        self._database.write(server, partial(servers.change_settings, server=server, change=stored))
        self._remembered.changed(server, changed, moment)
        return changed

    def refresh(self, server: int | None = None) -> None:
        """Read a server's settings, or everyone's, again when they are asked for next."""
        self._remembered.forget(server)

    def follow(self, server: int | None = None) -> None:
        """Read a server's settings, or everyone's, now: another process has changed them.

        Once everyone's are read nobody waits for any, as long as each change is told.
        """
        self.refresh(server)
        with suppress(StorageError):  # They are read when they are asked for next.
            if server is not None:
                self.settings(server)
                return
            moment = self._remembered.moment
            stored = self._database.read(EVERYWHERE, servers.all_settings)
            found = {each: from_json(settings) for each, settings in stored.items()}
            self._remembered.read_all(found, moment)

    def record(
        self,
        *,
        server: int | None,
        channel: int,
        message: int | None = None,
        person: int | None,
        question: str | None,
        answered: bool,
        confidence: float,
        articles: Iterable[str] = (),
        language: str | None = None,
    ) -> int:
        """Keep a question and what became of it.

        In a server, one without an answer is put on the list of open questions.

        Returns:
            Its id, which is never given again.
        """
        key = key_of(server)
        return self._database.write(
            key,
            partial(
                questions.add,
                server=key,
                channel=channel,
                message=message,
                person=person,
                question=question if self._keep_text else None,
                answered=answered,
                confidence=confidence,
                articles=tuple(articles),
                language=language,
                at=self._clock(),
            ),
        )

    def place(self, server: int | None, asked: int, channel: int, message: int) -> bool:
        """Keep where the answer is; says whether the question is there."""
        key = key_of(server)
        return self._database.write(
            key,
            partial(questions.place, server=key, asked=asked, channel=channel, message=message),
        )

    def asked(self, server: int | None, asked: int) -> Asked | None:
        """A question by its id; ``None`` where it is forgotten."""
        key = key_of(server)
        return self._database.read(key, partial(questions.find, server=key, asked=asked))

    def tell(self, server: int | None, asked: int) -> bool:
        """Have the admins told of a question, which puts it on its server's list.

        Returns:
            Whether it is there, and they were not told of it before.
        """
        key = key_of(server)
        return self._database.write(key, partial(questions.tell, server=key, asked=asked))

    def mark(self, server: int, ids: Iterable[int], state: State) -> int:
        """Put questions on a server's list or take them off; returns how many are that server's."""
        chosen = tuple(ids)
        return self._database.write(
            server, partial(questions.mark, server=server, ids=chosen, state=state)
        )

    def open_questions(self, server: int, limit: int = 100, offset: int = 0) -> list[Asked]:
        """A server's questions that want an answer, the newest first."""
        return self._database.read(
            server, partial(questions.list_open, server=server, limit=limit, offset=offset)
        )

    def count_open(self, server: int) -> int:
        """How many of a server's questions want an answer."""
        return self._database.read(server, partial(questions.count_open, server=server))

    def vote(
        self,
        server: int | None,
        asked: int,
        person: int,
        verdict: Verdict | None,
        reason: str | None = None,
    ) -> bool:
        """Keep what a person thinks of an answer, in the place of what it was before.

        Args:
            verdict: ``None`` to take the vote back.

        Returns:
            Whether the question is there.
        """
        key = key_of(server)
        return self._database.write(
            key,
            partial(
                questions.vote,
                server=key,
                asked=asked,
                person=person,
                verdict=verdict,
                reason=reason,
            ),
        )

    def insights(self, server: int, since: datetime | None = None) -> Insights:
        """What was asked in a server from a time on, and what people think of the answers."""
        return self._database.read(server, partial(insights.gather, server=server, since=since))

    def write_csv(self, server: int, since: datetime | None, file: TextIO) -> int:
        """Write a server's questions as a table, without who asked them.

        Args:
            file: Opened with ``newline=""``; as ``utf-8-sig`` for spreadsheets.

        Returns:
            How many questions.
        """
        table.write_header(file)
        written, after = 0, 0
        # In batches, so that a slow reader holds nothing up.
        while batch := self._database.read(
            server, partial(_lines_after, server=server, since=since, after=after)
        ):
            for line in batch:
                table.write_line(file, line)
            written += len(batch)
            after = batch[-1].asked.id
        return written

    def what_is_kept(self, person: int) -> Kept:
        """How much is kept of a person."""
        return self._database.read(EVERYWHERE, partial(people.kept_of, person=person))

    def forget_person(self, person: int) -> int:
        """Delete all that a person asked and thought, at once.

        From the disk too; PostgreSQL writes over what was deleted when it gets to it.

        Returns:
            How many questions and votes.
        """
        gone = self._database.write(EVERYWHERE, partial(people.forget, person=person))
        # Nobody can look for a person in a file that is damaged.
        self._database.delete_aside()
        if gone:
            self._database.wipe()
        return gone

    def purge(self) -> int:
        """Delete what is older than the retention; to be called every day.

        Returns:
            How many questions.
        """
        moment = earlier(self._clock(), self._retention)
        gone = self._database.write(EVERYWHERE, partial(people.forget_older, moment=moment))
        self._database.delete_aside(moment)
        # Always: it makes up for what could not be wiped before.
        self._database.wipe()
        return gone

    def server_left(self, server: int) -> None:
        """Keep that the bot is no longer in a server; the first time counts."""
        self._database.write(server, partial(servers.leave, server=server, at=self._clock()))

    def server_back(self, server: int) -> None:
        """Keep that the bot is in a server."""
        self._database.write(server, partial(servers.come_back, server=server))

    def servers_to_forget(self, grace: timedelta) -> list[int]:
        """The servers that the bot left so long ago and did not come back to."""
        moment = earlier(self._clock(), grace)
        return self._database.read(EVERYWHERE, partial(servers.left_before, moment=moment))

    def servers(self) -> list[int]:
        """Every server of which anything is kept, those that the bot has left too."""
        return self._database.read(EVERYWHERE, servers.known)

    def forget_server(self, server: int) -> int:
        """Delete all of a server: its questions with their votes, and its settings.

        Returns:
            How many questions.
        """
        gone = self._database.write(server, partial(servers.forget, server=server))
        self.refresh(server)
        self._database.wipe()
        return gone


def _lines_after(
    connection: Connection, server: int, since: datetime | None, after: int
) -> list[table.Line]:
    found = questions.list_after(connection, server, since, after)
    return table.lines(connection, server, found)


def _settings_of(stored: str | None) -> ServerSettings:
    return ServerSettings() if stored is None else from_json(stored)
