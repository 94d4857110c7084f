"""What people did in SQLite, ``people.db``: no copy of it is kept.

A vote that is lost is no tragedy, and what people wrote should not lie about in copies. So a
damaged file is put aside, for whoever wants to look into it, and another is begun.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, select, text, update

from bot.languages import t
from bot.store.database import Scope
from bot.store.schema import ASKED, METADATA
from retrieval.database.sqlite import (
    ERRORS,
    WAIT,
    WRITES,
    connect,
    files_of,
    identity,
    is_damage,
    raw,
)
from retrieval.errors import StorageError

log = logging.getLogger(__name__)

NAME: Final = "people.db"
HEAD: Final = "0002"
"""The newest migration. Kept here so that an up-to-date database needs no Alembic."""
_ASIDE: Final = re.compile(r"people\.damaged-(\d{8}T\d{6})Z\.db(?:-wal|-shm)?")
_ASIDE_TIME: Final = "%Y%m%dT%H%M%S"
T = TypeVar("T")


class SQLitePeople:
    """The database in ``folder``, opened at the first use. See ``PeopleDatabase``.

    It gives every transaction all there is: one process, or a few on one machine, share it.

    Args:
        folder: Made where it is missing.
        keep_text: Where not, the questions that were kept before are deleted when it is opened.
    """

    def __init__(self, folder: Path, *, keep_text: bool, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self._path = folder / NAME
        self._keep_text = keep_text
        self._clock = clock
        self._opening = threading.RLock()
        self._writing = threading.RLock()
        self._engine: Engine | None = None
        self._file: tuple[int, int] | None = None

    def open(self) -> None:
        """Open the database now rather than at the first use.

        Raises:
            StorageError: It cannot be opened.
        """
        with self._as_storage_errors():
            self._opened()

    def read(self, scope: Scope, work: Callable[[Connection], T]) -> T:
        """What ``work`` finds in the database as it stands at one moment.

        Raises:
            StorageError: The database cannot be read.
        """

        def run(engine: Engine) -> T:
            with engine.connect() as connection, connection.begin():
                return work(connection)

        return self._run(run)

    def write(self, scope: Scope, work: Callable[[Connection], T]) -> T:
        """Do ``work`` in a transaction: all of it is kept, or nothing.

        Args:
            work: Done a second time where the first one finds that the file is damaged.

        Raises:
            StorageError: The database cannot be written; nothing was changed.
        """

        def run(engine: Engine) -> T:
            with (
                self._writing,
                engine.connect().execution_options(**WRITES) as connection,
                connection.begin(),
            ):
                return work(connection)

        return self._run(run)

    def wipe(self) -> None:
        """Leave nothing on the disk of what was deleted. What fails is made up for next time.

        SQLite overwrites what it deletes, but now and then leaves a copy of a row where it has
        moved it from, and the journal has everything that was written since it was emptied last.
        """
        try:
            with self._as_storage_errors():
                engine = self._opened()
                with self._writing, engine.connect() as connection:
                    _wipe(connection)
        except StorageError as error:
            log.warning("What was deleted may still be in the file for a while: %s", error)

    def delete_aside(self, before: datetime | None = None) -> None:
        """Delete the damaged files that were put aside: all, or those from before a time."""
        with self._as_storage_errors():
            for path in self.folder.glob("people.damaged-*"):
                match = _ASIDE.fullmatch(path.name)
                if match is None:
                    continue
                put = datetime.strptime(match[1], _ASIDE_TIME).replace(tzinfo=UTC)
                if before is None or put < before:
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close every connection; the next use opens them again."""
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    def _run(self, work: Callable[[Engine], T]) -> T:
        with self._as_storage_errors():
            engine = self._opened()
            try:
                return work(engine)
            except ERRORS as error:
                if not is_damage(error, self._path):
                    raise
                self._begin_anew(engine, error)
            return work(self._opened())

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is not None and identity(self._path) != self._file:
                # Somebody has deleted or replaced the file: to write to the old one is vain.
                self.close()
            if self._engine is None:
                self._engine = self._open()
                self._file = identity(self._path)
            return self._engine

    def _open(self) -> Engine:
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".people.lock", timeout=WAIT):
            try:
                return self._prepared()
            except ERRORS as error:
                if not is_damage(error, self._path):
                    raise
                self._put_aside(error)
                return self._prepared()

    def _prepared(self) -> Engine:
        engine = connect(self._path, synchronous="NORMAL")
        try:
            with engine.connect() as connection:
                found = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            if found != "ok":
                raise sqlite3.DatabaseError(f"malformed: {found}")
            self._migrate(engine)
            with engine.connect() as connection, connection.begin():
                # A damaged name is otherwise noticed only when it is used.
                for table in METADATA.tables.values():
                    connection.execute(select(table).limit(0))
                connection.exec_driver_sql("PRAGMA foreign_key_check")
            if not self._keep_text:
                _forget_texts(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _migrate(self, engine: Engine) -> None:
        from retrieval.database.migration import NewerSchemaError, is_behind, upgrade, version_of

        try:
            if not is_behind(engine, HEAD):
                return
        except NewerSchemaError as error:
            raise StorageError(
                t("{file} was written by a newer version of Footnote.", file=self._path),
                remedy=t("Use that version, or another FOOTNOTE_DATA_DIR."),
            ) from error
        with engine.connect().execution_options(**WRITES) as connection, connection.begin():
            is_new = version_of(connection) is None
            upgrade(connection, "bot.store")
            if is_new:
                # From the time on, in milliseconds: a database that is begun in the place of a
                # lost one must not give a number again that the buttons of old messages bear.
                first = int(self._clock().timestamp() * 1000)
                connection.execute(
                    text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :first)"),
                    {"name": ASKED.name, "first": first},
                )

    def _begin_anew(self, engine: Engine, error: Exception) -> None:
        with self._opening:
            if self._engine is not engine:
                return  # Another thread has noticed it too, and was faster.
            self.close()
            with FileLock(self.folder / ".people.lock", timeout=WAIT):
                self._put_aside(error)

    def _put_aside(self, error: Exception) -> None:
        put = self._clock().astimezone(UTC).strftime(_ASIDE_TIME)
        aside = self.folder / f"people.damaged-{put}Z.db"
        for file, name in zip(files_of(self._path), files_of(aside), strict=True):
            if file.exists():
                file.replace(name)
        log.warning(
            "%s is damaged (%s). It was renamed to %s and is begun anew: feedback, unanswered "
            "questions and the servers' settings are lost.",
            self._path,
            getattr(error, "orig", None) or error,
            aside.name,
        )

    @contextmanager
    def _as_storage_errors(self) -> Iterator[None]:
        try:
            yield
        except Timeout as error:
            raise StorageError(
                t("{file} is being opened by another process.", file=self._path),
                remedy=t("Try again in a minute."),
            ) from error
        except ERRORS as error:
            raise StorageError(
                t("{file} cannot be used.", file=self._path),
                why=t("SQLite says: {error}.", error=getattr(error, "orig", None) or error),
                remedy=t("Free some space or check its permissions, or set FOOTNOTE_DATA_DIR."),
            ) from error
        except (OSError, NotImplementedError) as error:
            raise StorageError(
                t("The data folder {folder} cannot be written.", folder=self.folder),
                why=t("The system says: {error}.", error=getattr(error, "strerror", None) or error),
                remedy=t("Free some space or check its permissions, or set FOOTNOTE_DATA_DIR."),
            ) from error


def _forget_texts(engine: Engine) -> None:
    statement = update(ASKED).where(ASKED.c.question.is_not(None)).values(question=None)
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        changed = connection.execute(statement).rowcount
    if changed:
        with engine.connect() as connection:
            _wipe(connection)


def _wipe(connection: Connection) -> None:
    driver = raw(connection)
    # Otherwise it would be copied through a temporary file.
    driver.execute("PRAGMA temp_store = MEMORY")
    driver.execute("VACUUM")
    if driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise sqlite3.OperationalError("the journal is in use")
