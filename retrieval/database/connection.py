"""The database: what is kept between runs, in SQLite, changed by whole transactions.

``footnote.db`` has what must never be lost. ``vectors.db`` has what can be computed again, and so
is neither copied nor mourned. After each change of the first a copy of it is put beside it
(``mirror``), from which a damaged one is restored when it is opened next.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, select, update

from retrieval.database.mirror import Mirror
from retrieval.database.protocol import DamageError, FolderError
from retrieval.database.schema import ENCODINGS, REVISION, VECTORS
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
from retrieval.phrases import phrase

log = logging.getLogger(__name__)

NAME: Final = "footnote.db"
VECTORS_NAME: Final = "vectors.db"
_VECTORS_VERSION: Final = 2
"""Raised when encodings are kept in another form: the old ones are then forgotten."""
_SEAL_WAIT_MS: Final = 2000
"""Milliseconds for which the copy waits for readers; it is made after the next change otherwise."""


class _Engines(NamedTuple):
    main: Engine
    vectors: Engine


class SQLiteDatabase:
    """The databases in one folder, opened at the first use. Shared by threads and processes.

    Args:
        folder: Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / NAME
        self._vectors_path = folder / VECTORS_NAME
        self._mirror = Mirror(self._path, folder / "mirror")
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._engines: _Engines | None = None
        self._file: tuple[int, int] | None = None
        self._notices: list[str] = []

    def open(self) -> None:
        """Open the database now rather than at the first use.

        Raises:
            StorageError: It cannot be opened.
        """
        self._opened()

    def take_notices(self) -> tuple[str, ...]:
        """What was mended since this was asked last, as sentences for the operator."""
        taken, self._notices = tuple(self._notices), []
        return taken

    @contextmanager
    def read(self, collection: str | None = None, /) -> Iterator[Connection]:
        """A connection that sees the database as it is now, whatever is written meanwhile.

        Raises:
            StorageError: The database cannot be read.
        """
        with (
            self._as_storage_errors(),
            self._opened().main.connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def write(self, collection: str | None = None, /) -> Iterator[Connection]:
        """A transaction: all that is done with the connection is kept, or nothing of it.

        Raises:
            StorageError: The database cannot be written; nothing was changed.
        """
        engine = self._opened().main
        with self._as_storage_errors(), self._writing, self._exclusively():
            self._check()
            with engine.connect().execution_options(**WRITES) as connection, connection.begin():
                yield connection
                connection.execute(update(REVISION).values(number=REVISION.c.number + 1))
            self._seal(engine)

    @contextmanager
    def read_vectors(self) -> Iterator[Connection]:
        """A connection to the encodings.

        Raises:
            StorageError: They cannot be read.
        """
        engine = self._opened().vectors
        with self._as_storage_errors(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write_vectors(self) -> Iterator[Connection]:
        """A transaction on the encodings.

        Raises:
            StorageError: They cannot be written.
        """
        engine = self._opened().vectors
        with (
            self._as_storage_errors(),
            self._writing,
            engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            yield connection

    def forget_vectors(self) -> None:
        """Begin the encodings anew, where their database turned out to be damaged."""
        with self._writing, self._as_storage_errors():
            main = self._opened().main
            self._opened().vectors.dispose()
            self._begin_vectors_anew()
            self._engines = _Engines(main, self._open_vectors())

    def copy_to(self, folder: Path) -> list[Path]:
        """Copy both databases into a folder, each as it stands at one moment; the files.

        Raises:
            StorageError: They cannot be read, or not written there.
        """
        engines = self._opened()
        copies = []
        with self._as_storage_errors():
            # Vectors first: every article in the copy has its own then, or can make them.
            for engine, name in ((engines.vectors, VECTORS_NAME), (engines.main, NAME)):
                with engine.connect() as connection:
                    target = sqlite3.connect(folder / name)
                    try:
                        raw(connection).backup(target)
                        target.execute("PRAGMA journal_mode = DELETE")
                    finally:
                        target.close()
                copies.append(folder / name)
        return copies

    def replace_with(self, folder: Path) -> None:
        """Put the databases in ``folder`` in the place of these, as one transaction each.

        Raises:
            StorageError: They are not whole, a newer version of Footnote wrote them, or they
                cannot be kept; nothing was changed.
        """
        if _revision_of(folder / NAME) is None:
            raise StorageError(
                "The backup holds no whole database.",
                remedy="Use another backup. Nothing was changed.",
            )
        if _is_newer(folder / NAME):
            raise StorageError(
                "The backup was written by a newer version of Footnote.",
                remedy="Bring it back with that version. Nothing was changed.",
            )
        engines = self._opened()
        with self._as_storage_errors(), self._writing, self._exclusively():
            self._check()
            revision = _revision_of(self._path) or 0
            source = sqlite3.connect(folder / NAME)
            try:
                number = int(source.execute("SELECT number FROM revision").fetchone()[0])
                # Newer than both: the copy beside it must never take its place.
                source.execute("UPDATE revision SET number = ?", (max(number, revision) + 1,))
                source.commit()
                with engines.main.connect() as connection:
                    source.backup(raw(connection))
            finally:
                source.close()
            if (folder / VECTORS_NAME).exists():
                source = sqlite3.connect(folder / VECTORS_NAME)
                try:
                    with engines.vectors.connect() as connection:
                        source.backup(raw(connection))
                except ERRORS as error:
                    # The articles are kept by now; their encodings can be made again.
                    log.warning("The encodings of the backup were not brought back: %s", error)
                finally:
                    source.close()
            self._prepare(engines.main)
            self._seal(engines.main)

    def bytes_on_disk(self) -> int:
        """The size of the databases and of the copy, whosesoever articles they hold."""
        files = [*self.folder.glob("*.db"), *self.folder.glob("*.db-wal")]
        files += (self.folder / "mirror").glob("*.db")
        total = 0
        for file in files:
            with suppress(OSError):
                total += file.stat().st_size
        return total

    def close(self) -> None:
        """Close every connection; the next use opens them again."""
        with self._opening:
            self._dispose()

    def _opened(self) -> _Engines:
        with self._opening:
            if self._is_replaced():
                self._dispose()
            if self._engines is None:
                with self._as_storage_errors():
                    self._engines = self._open()
                    self._file = identity(self._path)
            return self._engines

    def _dispose(self) -> None:
        if self._engines is not None:
            self._engines.main.dispose()
            self._engines.vectors.dispose()
        self._engines = None

    def _is_replaced(self) -> bool:
        """Whether a copy was put in the place of the file that is open: to write there is vain."""
        return self._engines is not None and identity(self._path) != self._file

    def _check(self) -> None:
        """Refuse to change, and then to copy, a file that the disk has damaged since it was opened.

        Raises:
            StorageError: It was, and is restored now. It will be opened anew.
        """
        mended = self._mirror.mend(_revision_of)
        self._notices += mended
        if mended or self._is_replaced():
            raise StorageError(
                mended[0] if mended else phrase("The database was restored by another process."),
                remedy=phrase("Nothing else was changed. Try again."),
            )

    def _open(self) -> _Engines:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._exclusively():
            # Whether the file is whole can be told only while nobody writes it.
            self._notices += self._mirror.mend(_revision_of)
            engine = connect(self._path, synchronous="FULL")
            try:
                if self._prepare(engine) or not self._mirror.is_current():
                    self._seal(engine)
            except BaseException:
                engine.dispose()
                raise
            return _Engines(engine, self._open_vectors())

    def _prepare(self, engine: Engine) -> bool:
        """Make or migrate the tables; says whether there was anything to do."""
        from retrieval.database.migration import HEAD, NewerSchemaError, is_behind, upgrade

        try:
            if not is_behind(engine, HEAD):
                return False
        except NewerSchemaError as error:
            raise StorageError(
                phrase(
                    "The database in {folder} was written by a newer version of Footnote.",
                    folder=self.folder,
                ),
                remedy=phrase("Use that version, or another FOOTNOTE_DATA_DIR."),
            ) from error
        with engine.connect().execution_options(**WRITES) as connection, connection.begin():
            upgrade(connection)
            if connection.execute(select(REVISION.c.number)).scalar() is None:
                connection.execute(REVISION.insert().values(id=1, number=0))
        return True

    def _open_vectors(self) -> Engine:
        engine = connect(self._vectors_path, synchronous="NORMAL")
        try:
            with engine.connect().execution_options(**WRITES) as connection, connection.begin():
                version = connection.exec_driver_sql("PRAGMA user_version").scalar()
                if version != _VECTORS_VERSION:
                    VECTORS.drop_all(connection)
                    VECTORS.create_all(connection)
                    connection.exec_driver_sql(f"PRAGMA user_version = {_VECTORS_VERSION}")
                # A damaged name is otherwise noticed only when it is used.
                connection.execute(select(ENCODINGS).limit(0))
        except ERRORS as error:
            engine.dispose()
            if is_damage(error, self._vectors_path):
                log.warning("The stored encodings are damaged: %s", error)
                self._begin_vectors_anew()
                return self._open_vectors()
            raise
        return engine

    def _begin_vectors_anew(self) -> None:
        self._notices.append(
            phrase("The stored encodings were damaged; passages are encoded again as needed.")
        )
        _delete(self._vectors_path)

    def _seal(self, engine: Engine) -> None:
        """Put everything into the one file and copy that. Whoever reads only delays it."""
        try:
            with engine.connect() as connection:
                driver = raw(connection)
                driver.execute(f"PRAGMA busy_timeout = {_SEAL_WAIT_MS}")
                try:
                    busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                finally:
                    driver.execute(f"PRAGMA busy_timeout = {int(WAIT * 1000)}")
                revision = driver.execute("SELECT number FROM revision").fetchone()[0]
            if not busy:
                self._mirror.take(revision)
        except (OSError, *ERRORS) as error:
            # What was committed is safe; only the second copy of it is missing.
            log.warning("The database could not be copied: %s", error)

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        lock = FileLock(self.folder / ".database.lock", timeout=WAIT)
        try:
            lock.acquire()
        except Timeout as error:
            raise StorageError(
                phrase(
                    "The database in {folder} is being written by another process.",
                    folder=self.folder,
                ),
                remedy=phrase("Wait until it has finished, then try again."),
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _as_storage_errors(self) -> Iterator[None]:
        try:
            yield
        except ERRORS as error:
            cause = getattr(error, "orig", None) or error
            if is_damage(error, self._path):
                raise DamageError(
                    phrase("The database in {folder} is damaged.", folder=self.folder),
                    why=phrase("SQLite says: {error}.", error=cause),
                    remedy=phrase("Start Footnote again: it restores what was kept last."),
                ) from error
            raise StorageError(
                phrase("The database in {folder} cannot be used.", folder=self.folder),
                why=phrase("SQLite says: {error}.", error=cause),
                remedy=phrase(
                    "Free some space or check its permissions, or set FOOTNOTE_DATA_DIR."
                ),
            ) from error
        except (OSError, NotImplementedError) as error:
            raise FolderError(
                phrase("The data folder {folder} cannot be written.", folder=self.folder),
                why=phrase(
                    "The system says: {error}.", error=getattr(error, "strerror", None) or error
                ),
                remedy=phrase(
                    "Free some space or check its permissions, or set FOOTNOTE_DATA_DIR."
                ),
            ) from error


def _revision_of(path: Path) -> int | None:
    """The revision of the database in a file; ``None`` where the file is not whole."""
    try:
        connection = sqlite3.connect(path, timeout=WAIT)
        try:
            if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                return None
            # Nothing is asked but what every version has: an older one is whole too.
            return int(connection.execute("SELECT number FROM revision").fetchone()[0])
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError, UnicodeDecodeError):
        return None


def _is_newer(path: Path) -> bool:
    """Whether a newer version of Footnote wrote a database."""
    from retrieval.database.migration import HEAD

    connection = sqlite3.connect(path)
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return found is not None and str(found[0]) > HEAD


def _delete(path: Path) -> None:
    for file in files_of(path):
        file.unlink(missing_ok=True)
