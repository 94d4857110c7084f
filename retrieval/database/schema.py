"""The tables. What belongs to a collection carries its name, and every query asks for it.

``migrations`` makes them; a test holds that both say the same.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    true,
)

from retrieval.postgres.text import AnyString, AnyText

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""What must never be lost."""

REVISION: Final = Table(
    "revision",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)
"""One row: how many transactions have changed the database."""

COLLECTIONS: Final = Table(
    "collections",
    METADATA,
    Column("name", AnyString(100), primary_key=True),
    Column("uses_shared", Boolean, nullable=False, server_default=true()),
    Column("digest", AnyString(64)),
    Column("created", AnyString(40)),
    Column("model", AnyString(200)),
    Column("encoded", Integer, nullable=False, server_default="0"),
)
"""A row for each collection, with the generation that is served and the server's settings."""

SOURCES: Final = Table(
    "sources",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column(
        "collection",
        AnyString(100),
        ForeignKey(COLLECTIONS.c.name, ondelete="CASCADE"),
        nullable=False,
    ),
    Column("kind", AnyString(10), nullable=False),
    Column("location", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("article", AnyText, nullable=False),
    Column("format", AnyString(20)),
    Column("position", Integer, nullable=False),
    Column("configured", Boolean, nullable=False),
    Column("reader", Integer, nullable=False, server_default="0"),
    Column("fingerprint", AnyString(64)),
    Column("size", BigInteger),
    Column("modified_ns", BigInteger),
    Column("etag", AnyText),
    Column("last_modified", AnyText),
    Column("next_check", AnyString(40)),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", AnyText),
    Column("added", AnyString(40), nullable=False),
    UniqueConstraint("collection", "kind", "location"),
)
"""Where articles come from: a file, an upload, a web page or a feed."""

ARTICLES: Final = Table(
    "articles",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column(
        "collection",
        AnyString(100),
        ForeignKey(COLLECTIONS.c.name, ondelete="CASCADE"),
        nullable=False,
    ),
    Column(
        "source_id",
        Integer,
        ForeignKey(SOURCES.c.id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("article", AnyText, nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", AnyText, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("source", AnyText),
    Column("url", AnyText),
    Column("author", AnyText),
    Column("published", AnyText),
    Column("pages", JSON, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("removed", AnyString(40)),
    Column("emptied", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("collection", "article"),
)
"""``removed``: since when an article is no longer served. After a day its words are deleted
(``emptied``) and only its place is kept, so that its source does not bring it back."""

PASSAGES: Final = Table(
    "passages",
    METADATA,
    Column("article_id", ForeignKey(ARTICLES.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("collection", AnyString(100), nullable=False),
    Column("paragraph", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("heading_start", Integer),
    Column("heading_end", Integer),
    Column("text_hash", AnyString(64), nullable=False, index=True),
    Column("words", AnyText, nullable=False),
    Column("sentences", LargeBinary, nullable=False),
    Index(None, "collection"),
)
"""``words``: separated by spaces. ``sentences``: pairs of offsets, 32-bit, little-endian."""

VECTORS: Final = MetaData()
"""What can be computed again from the articles; kept apart, so that it is not copied with them."""

ENCODINGS: Final = Table(
    "encodings",
    VECTORS,
    Column("model", AnyString(400), primary_key=True),
    Column("text_hash", AnyString(64), primary_key=True),
    Column("made", AnyString(40), nullable=False),
    Column("checksum", BigInteger, nullable=False),
    Column("counts", LargeBinary, nullable=False),
    Column("vectors", LargeBinary, nullable=False),
    Column("token_ids", LargeBinary, nullable=False),
    Column("token_codes", LargeBinary, nullable=False),
)
"""The encodings of a passage's sentences, as ``KeptEncoding`` has them, by the model and the form
in which its tokens are written."""
