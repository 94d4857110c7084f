"""The databases: whether they are whole, of this version, and copied."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation
from bot.doctor.locks import holding
from bot.doctor.reading import UNREADABLE, damage_of, journal_of, reading

NAME: Final = "database"
_COPY: Final = re.compile(r"(\d+)-([0-9a-f]{64})\.db")
_RESTART: Final = "Start Footnote: it restores the database from its copy."
_RESTORE: Final = "Bring back a backup: footnote corpus restore FILE."
_WAIT: Final = 5.0
"""Seconds for which a change of another process is waited for."""


class _Copy(NamedTuple):
    path: Path
    revision: int
    checksum: str


def check_articles(installation: Installation) -> Iterator[Finding]:
    """Whether the database of the articles is whole, and the copy of it."""
    from retrieval.database.connection import NAME as FILE
    from retrieval.database.migration import HEAD

    path = installation.folder / FILE
    # Only while nobody writes can the file be compared with its copy.
    with holding(installation.folder / ".database.lock", _WAIT) as is_quiet:
        copies = _copies(installation.folder / "mirror")
        whole = [copy for copy in copies if _checksum(copy.path) == copy.checksum]
        if not path.exists():
            yield _missing(path, copies, whole)
            return
        if damage := damage_of(path):
            yield Finding(
                NAME,
                "error",
                f"{path} is damaged. SQLite says: {damage}.",
                _RESTART if whole else _RESTORE,
            )
            return
        try:
            version, revision = _marks(path)
        except UNREADABLE as error:
            yield Finding(
                NAME,
                "error",
                f"{path} is no database of Footnote's. SQLite says: {error}.",
                _RESTART if whole else _RESTORE,
            )
            return
        if fault := _of_version(path, version, HEAD):
            yield fault
        if not is_quiet:
            yield Finding(
                NAME,
                "note",
                f"{path} is being written by another process, so it was not compared with its "
                "copy.",
                "Try again when that has finished.",
            )
            return
        yield _compared(path, revision, copies, whole)


def check_encodings(installation: Installation) -> Iterator[Finding]:
    """Whether the database of what was computed of the articles is whole."""
    from retrieval.database.connection import VECTORS_NAME

    path = installation.folder / VECTORS_NAME
    if not path.exists():
        return
    if damage := damage_of(path):
        yield Finding(
            NAME,
            "warning",
            f"{path}, which has the encodings of passages, is damaged. SQLite says: {damage}.",
            "Nothing is lost: it is begun anew at the next start, and passages are encoded again "
            "as needed.",
        )
    else:
        yield Finding(NAME, "ok", f"{path} is whole.")


def check_people(installation: Installation) -> Iterator[Finding]:
    """Whether the database of what people did is whole."""
    from bot.store.connection import HEAD
    from bot.store.connection import NAME as FILE

    path = installation.folder / FILE
    if not path.exists():
        return
    damage = damage_of(path)
    version = ""
    if not damage:
        try:
            with reading(path) as connection:
                version = _version(connection)
                connection.execute("SELECT server, settings, left_at FROM servers LIMIT 0")
        except UNREADABLE as error:
            damage = str(error)
    if damage:
        yield Finding(
            NAME,
            "error",
            f"{path}, which has feedback and the servers' settings, is damaged. SQLite says: "
            f"{damage}.",
            "No copy of it is kept: put back your own before the next start, which renames the "
            "damaged file and begins another.",
        )
    else:
        yield _of_version(path, version, HEAD) or Finding(NAME, "ok", f"{path} is whole.")


def _missing(path: Path, copies: list[_Copy], whole: list[_Copy]) -> Finding:
    if whole:
        return Finding(
            NAME, "error", f"{path} is missing, and there is a whole copy of it.", _RESTART
        )
    if copies:
        return Finding(NAME, "error", f"{path} is missing, and its copy is damaged.", _RESTORE)
    return Finding(NAME, "ok", "Nothing is kept yet; the first question begins it.")


def _of_version(path: Path, version: str, newest: str) -> Finding | None:
    if version > newest:
        return Finding(
            NAME,
            "error",
            f"{path} was written by a newer version of Footnote (schema {version}; this one "
            f"knows {newest}).",
            "Use that version, or another FOOTNOTE_DATA_DIR.",
        )
    if version < newest:
        return Finding(
            NAME,
            "note",
            f"{path} was written by an older version of Footnote (schema {version or 'none'}).",
            "The next start brings it up to date; make a backup before: footnote corpus backup "
            "FILE.",
        )
    return None


def _compared(path: Path, revision: int, copies: list[_Copy], whole: list[_Copy]) -> Finding:
    """What the copy of a readable database says of it, and it of the copy."""
    anew = "It is made anew at the next start, and with the next change."
    if not copies:
        return Finding(NAME, "warning", f"{path} is whole, but there is no copy of it.", anew)
    newest = copies[0]
    if newest not in whole:
        return Finding(
            NAME, "warning", f"{path} is whole, but its copy {newest.path} is damaged.", anew
        )
    journal = journal_of(path)
    has_journal = journal.exists() and journal.stat().st_size > 0
    if revision > newest.revision:
        return Finding(NAME, "warning", f"{path} is whole, but its copy is older.", anew)
    if revision < newest.revision or (not has_journal and _checksum(path) != newest.checksum):
        return Finding(
            NAME,
            "error",
            f"{path} is not as it was written: it differs from its copy, which is whole.",
            f"{_RESTART} If it happens twice, the disk may be failing.",
        )
    return Finding(NAME, "ok", f"{path} is whole, and so is its copy (revision {revision}).")


def _marks(path: Path) -> tuple[str, int]:
    """The version of the schema, and how often the database was changed."""
    with reading(path) as connection:
        version = _version(connection)
        found = connection.execute("SELECT number FROM revision").fetchone()
    if found is None:
        raise sqlite3.DatabaseError("it has no revision")
    return version, int(found[0])


def _version(connection: sqlite3.Connection) -> str:
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else ""


def _copies(folder: Path) -> list[_Copy]:
    """The copies, newest first."""
    found = [
        _Copy(path, int(match[1]), match[2])
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := _COPY.fullmatch(path.name))
    ]
    return sorted(found, key=lambda copy: -copy.revision)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
