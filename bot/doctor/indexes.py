"""The stored indexes: whether each is whole, and the one that is to be served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation
from bot.doctor.reading import UNREADABLE, rows

if TYPE_CHECKING:
    from retrieval.database.records import GenerationRecord

_QUERY: Final = (
    "SELECT name, digest, created, model, encoded FROM collections WHERE digest IS NOT NULL "
    "ORDER BY name"
)
_REMEDY: Final = (
    "Nothing is lost: it is made again from the database when the articles are opened next, "
    "without encoding anything that is known."
)


def check_indexes(installation: Installation) -> Iterator[Finding]:
    """Whether each collection's index can be served as it is. Every byte of it is read."""
    from retrieval.errors import StorageError

    try:
        records = _records(installation)
    except (*UNREADABLE, StorageError):
        yield Finding(
            "index", "note", "Not checked: which index is served stands in the database.", ""
        )
        return
    if not records:
        yield Finding("index", "ok", "There is no index yet; the first question builds it.")
    for name, record in records.items():
        yield _checked(installation, name, record)


def _records(installation: Installation) -> dict[str, GenerationRecord]:
    """What is served, by collection.

    Raises:
        StorageError: The database server cannot be asked.
    """
    from retrieval.database.records import GenerationRecord

    return {
        name: GenerationRecord(digest, datetime.fromisoformat(created), model, encoded)
        for name, digest, created, model, encoded in _rows(installation)
    }


def _rows(installation: Installation) -> Sequence[Sequence[Any]]:
    from bot.assembly import make_servers
    from retrieval.database.connection import NAME as FILE

    servers = make_servers(installation.settings)
    if servers is None:
        return rows(installation.folder / FILE, _QUERY)
    with closing(servers), servers.read(None) as connection:
        return connection.exec_driver_sql(_QUERY).all()


def _checked(installation: Installation, name: str, record: GenerationRecord) -> Finding:
    from bot.assembly import make_backend, make_encoder
    from retrieval.errors import CorpusError, DamagedError, StorageError

    settings = installation.settings
    encoder = make_encoder(settings.model, None)
    if record.model != encoder.name:
        return Finding(
            "index",
            "note",
            f"The index of {name!r} was made with the model {record.model}, and MODEL is "
            f"{settings.model}.",
            "It is made anew with that when the articles are opened next, which encodes all of "
            "them.",
        )
    try:
        # Only read from: the database is never opened for it.
        with closing(make_backend(settings)) as backend:
            generation = backend.segments(name).generation(record, trusting=False)
            if generation is None:
                reason = "it is missing"
            else:
                for part in generation.parts:
                    part.segment.check()
                passages = len(generation.engine)
                return Finding(
                    "index", "ok", f"The index of {name!r} is whole: {passages:,} passage(s)."
                )
    except (DamagedError, CorpusError, StorageError) as error:
        reason = str(error).rstrip(".")
    now = _records(installation).get(name)
    if now is not None and now != record:
        # Another process has put the next one in its place meanwhile.
        return _checked(installation, name, now)
    return Finding("index", "warning", f"The index of {name!r} cannot be used: {reason}.", _REMEDY)
