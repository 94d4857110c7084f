"""An index read from its beginning to its end, where part of it turned out to be damaged."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from retrieval.engines.postgres.header import Header
from retrieval.engines.postgres.records import RECORDS, record_of
from retrieval.errors import DamagedError

_AT_ONCE: Final = 200
_SENTENCES: Final = text(
    "SELECT count(*) FROM segment_sentences WHERE collection = :collection AND segment = :segment"
)
_POSTINGS: Final = text(
    "SELECT count(*) FROM segment_postings WHERE collection = :collection AND segment = :segment"
    " AND (frequency <> cardinality(rows) OR frequency <> cardinality(parts))"
)


def check_index(connection: Connection, collection: str, segment: str, header: Header) -> None:
    """Read all that ``write_index`` has written.

    Raises:
        DamagedError: Something is not there, or not what was written.
    """
    asked = {"collection": collection, "segment": segment}
    everything = text(f'{RECORDS} ORDER BY "row"').execution_options(yield_per=_AT_ONCE)
    rows = -1
    for rows, found in enumerate(connection.execute(everything, asked)):
        if found.row != rows:
            break
        record_of(found, header.dimensions)
    if rows + 1 != len(header):
        raise DamagedError(f"passages of {segment} are missing")
    if connection.execute(_SENTENCES, asked).scalar_one() != header.sentences:
        raise DamagedError(f"sentences of {segment} are missing")
    if connection.execute(_POSTINGS, asked).scalar_one():
        raise DamagedError(f"words of {segment} were changed")
