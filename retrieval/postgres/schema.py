"""The tables of PostgreSQL that SQLite has no need of: what is kept in files there.

A segment is written once and never changed. Every key begins with the collection, and every table
is divided by it, so that the rows of one collection lie together, on one machine where there are
many. ``migrations`` makes these tables and those of ``retrieval.database.schema``.
"""

from __future__ import annotations

from typing import Final

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

PARTITIONS: Final = 8
"""Parts of each table."""

METADATA: Final = MetaData()


def _collection() -> Column[str]:
    return Column("collection", Text, primary_key=True)


def _segment() -> Column[str]:
    return Column("segment", Text, primary_key=True)


def _of_segment() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["collection", "segment"],
        ["segments.collection", "segments.segment"],
        ondelete="CASCADE",
    )


ORIGINALS: Final = Table(
    "originals",
    METADATA,
    _collection(),
    Column("fingerprint", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""The files that people have uploaded, as they were."""

GENERATIONS: Final = Table(
    "generations",
    METADATA,
    _collection(),
    Column("digest", Text, primary_key=True),
    Column("created", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("discarded", DateTime(timezone=True)),
    Column("manifest", JSONB, nullable=False),
)
"""Which segments a generation has, and which of their articles are gone. ``discarded``: since when
another has its place."""

SEGMENTS: Final = Table(
    "segments",
    METADATA,
    _collection(),
    _segment(),
    Column("created", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("discarded", DateTime(timezone=True)),
    Column("model", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("sentences", Integer, nullable=False),
    Column("word_total", BigInteger, nullable=False),
    Column("average_length", Double, nullable=False),
    Column("approximate", Boolean, nullable=False),
    Column("vocabulary", LargeBinary, nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("articles", LargeBinary, nullable=False),
    Column("places", LargeBinary, nullable=False),
    Column("token_frequency", LargeBinary, nullable=False),
)
"""``discarded``: since when no generation has it. ``approximate``: whether its sentences are in the
graph that is searched approximately. ``articles``: their ids, digests and lengths. ``places``: of
the passages in them."""

SEGMENT_ARTICLES: Final = Table(
    "segment_articles",
    METADATA,
    _collection(),
    _segment(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("record", LargeBinary, nullable=False),
    _of_segment(),
)
"""The articles, in their order."""

SEGMENT_PASSAGES: Final = Table(
    "segment_passages",
    METADATA,
    _collection(),
    _segment(),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("vectors", LargeBinary, nullable=False),
    Column("sentences", LargeBinary, nullable=False),
    Column("token_ids", LargeBinary, nullable=False),
    Column("token_starts", LargeBinary, nullable=False),
    Column("token_codes", LargeBinary, nullable=False),
    Column("checksum", BigInteger, nullable=False),
    _of_segment(),
)
"""What is looked at of a passage that was found."""

SEGMENT_SENTENCES: Final = Table(
    "segment_sentences",
    METADATA,
    _collection(),
    _segment(),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("approximate", Boolean, nullable=False),
    Column("vector", HALFVEC(), nullable=False),
    _of_segment(),
)
"""The vectors that a question is compared with. ``row``: of the passage."""

SEGMENT_POSTINGS: Final = Table(
    "segment_postings",
    METADATA,
    _collection(),
    _segment(),
    Column("word", LargeBinary, primary_key=True),
    Column("frequency", Integer, nullable=False),
    Column("rows", ARRAY(Integer), nullable=False),
    Column("parts", ARRAY(REAL), nullable=False),
    _of_segment(),
)
"""For each word how many passages have it, which, and its part in the score of each. ``word``: what
``text.key_of`` makes of it, which an index can hold however long it is."""
