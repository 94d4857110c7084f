"""One collection's rows: every query here has its name, so that none sees another's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import (
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from retrieval.articles import Article, Passage, Span
from retrieval.database.inserting import insert_into
from retrieval.database.protocol import Database
from retrieval.database.records import (
    ArticleRecord,
    Entry,
    GenerationRecord,
    Inventory,
    SourceRecord,
)
from retrieval.database.schema import ARTICLES, COLLECTIONS, PASSAGES, SOURCES
from retrieval.preparation import PreparedPassage

_SOURCE_FIELDS: Final = (
    "kind",
    "location",
    "name",
    "article",
    "position",
    "format",
    "configured",
    "reader",
    "fingerprint",
    "size",
    "modified_ns",
    "etag",
    "last_modified",
    "failures",
    "error",
)
_AT_ONCE: Final = 500
"""Keys in one query."""
_ARTICLE_FIELDS: Final = ("title", "text", "source", "url", "author", "published")


class CollectionStore:
    """The rows of the collection ``name``."""

    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self._database = database

    def generation(self) -> GenerationRecord | None:
        """The generation that is to be served, cheap to ask for."""
        with self._database.read(self.name) as connection:
            return self._generation(connection)

    def uses_shared(self) -> bool:
        """Whether the collection's members are answered from the shared one too."""
        query = select(COLLECTIONS.c.uses_shared).where(COLLECTIONS.c.name == self.name)
        with self._database.read(self.name) as connection:
            found = connection.execute(query).scalar()
        return True if found is None else bool(found)

    def set_uses_shared(self, value: bool) -> None:
        """Keep whether they are."""
        with self._database.write(self.name) as connection:
            self._ensure(connection)
            connection.execute(self._update().values(uses_shared=value))

    def load(self) -> Inventory:
        """All that the collection holds, as it stands at one moment."""
        with self._database.read(self.name) as connection:
            sources = connection.execute(
                select(SOURCES)
                .where(SOURCES.c.collection == self.name)
                .order_by(SOURCES.c.position, SOURCES.c.id)
            ).all()
            articles = connection.execute(
                select(ARTICLES)
                .where(ARTICLES.c.collection == self.name)
                .order_by(ARTICLES.c.position, ARTICLES.c.id)
            ).all()
            generation = self._generation(connection)
        by_source: dict[int, list[ArticleRecord]] = {}
        for row in articles:
            by_source.setdefault(row.source_id, []).append(_article(row))
        entries = tuple(Entry(_source(row), tuple(by_source.get(row.id, ()))) for row in sources)
        return Inventory(entries, generation)

    def passages(self, rows: Sequence[int] | None = None) -> dict[int, tuple[PreparedPassage, ...]]:
        """The passages of articles, by the article's row.

        Args:
            rows: Of which articles; of all, the removed ones too, where not given.
        """
        query = (
            select(ARTICLES.c.article, PASSAGES)
            .join(PASSAGES, PASSAGES.c.article_id == ARTICLES.c.id)
            .where(ARTICLES.c.collection == self.name, PASSAGES.c.collection == self.name)
            .order_by(PASSAGES.c.article_id, PASSAGES.c.number)
        )
        queries = [query]
        if rows is not None:
            some = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
            queries = [query.where(PASSAGES.c.article_id.in_(each)) for each in some]
        found: dict[int, list[PreparedPassage]] = {}
        with self._database.read(self.name) as connection:
            for each in queries:
                for row in connection.execute(each):
                    found.setdefault(row.article_id, []).append(_passage(row))
        return {row: tuple(passages) for row, passages in found.items()}

    def count_passages(self) -> int:
        """How many passages the articles have that are to be served."""
        query = (
            select(func.count())
            .select_from(PASSAGES.join(ARTICLES, PASSAGES.c.article_id == ARTICLES.c.id))
            .where(
                ARTICLES.c.collection == self.name,
                PASSAGES.c.collection == self.name,
                ARTICLES.c.removed.is_(None),
            )
        )
        with self._database.read(self.name) as connection:
            return int(connection.execute(query).scalar() or 0)

    def save(self, before: Inventory, after: Inventory) -> None:
        """Keep ``after`` in the place of ``before``, in one transaction.

        Raises:
            StorageError: It cannot be kept; the collection is as it was.
        """
        generation = after.generation
        with self._database.write(self.name) as connection:
            self._ensure(connection)
            # What is gone goes first, so that what takes its place may have its name.
            self._delete(connection, ARTICLES, _article_rows(before) - _article_rows(after))
            self._delete(connection, SOURCES, _source_rows(before) - _source_rows(after))
            rows = self._keep_sources(connection, before, after)
            self._update_articles(connection, before, after)
            self._insert_articles(connection, after, rows)
            connection.execute(
                self._update().values(
                    digest=generation.digest if generation else None,
                    created=generation.created.isoformat() if generation else None,
                    model=generation.model if generation else None,
                    encoded=generation.encoded if generation else 0,
                )
            )

    def drop(self) -> None:
        """Delete the collection with all that it holds."""
        with self._database.write(self.name) as connection:
            # The rest goes with it, by the foreign keys.
            connection.execute(delete(COLLECTIONS).where(COLLECTIONS.c.name == self.name))

    def _generation(self, connection: Connection) -> GenerationRecord | None:
        row = connection.execute(
            select(COLLECTIONS).where(COLLECTIONS.c.name == self.name)
        ).one_or_none()
        if row is None or row.digest is None:
            return None
        return GenerationRecord(
            row.digest, datetime.fromisoformat(row.created), row.model, row.encoded
        )

    def _ensure(self, connection: Connection) -> None:
        statement = insert_into(COLLECTIONS, connection).values(name=self.name)
        connection.execute(statement.on_conflict_do_nothing())

    def _update(self) -> Any:
        return update(COLLECTIONS).where(COLLECTIONS.c.name == self.name)

    def _delete(self, connection: Connection, table: Table, rows: Collection[int]) -> None:
        if rows:
            connection.execute(
                delete(table).where(
                    table.c.id == bindparam("row"), table.c.collection == self.name
                ),
                [{"row": row} for row in rows],
            )

    def _keep_sources(
        self, connection: Connection, before: Inventory, after: Inventory
    ) -> list[int]:
        """Insert what is new and update what has changed; the row of each source."""
        known = {entry.source.row: entry.source for entry in before.entries}
        kept = [entry.source for entry in after.entries if entry.source.row is not None]
        changed = [
            {"row": source.row, **_source_values(source)}
            for source in kept
            if source != known[source.row]
        ]
        if changed:
            # One more article at the beginning gives all others another position.
            fields = changed[0].keys() - {"row"}
            connection.execute(
                update(SOURCES)
                .where(SOURCES.c.id == bindparam("row"), SOURCES.c.collection == self.name)
                .values({field: bindparam(field) for field in fields}),
                changed,
            )
        new = [
            {**_source_values(entry.source), "collection": self.name}
            for entry in after.entries
            if entry.source.row is None
        ]
        inserted: Iterator[int] = iter(())
        if new:
            statement = insert(SOURCES).returning(SOURCES.c.id, sort_by_parameter_order=True)
            inserted = iter(connection.scalars(statement, new).all())
        rows = (entry.source.row for entry in after.entries)
        return [next(inserted) if row is None else row for row in rows]

    def _update_articles(self, connection: Connection, before: Inventory, after: Inventory) -> None:
        known = {
            held.row: (held, position)
            for entry in before.entries
            for position, held in enumerate(entry.articles)
        }
        changed, emptied = [], []
        for entry in after.entries:
            for position, held in enumerate(entry.articles):
                if held.row is None or known[held.row] == (held, position):
                    continue
                changed.append({"row": held.row, "position": position, **_article_values(held)})
                if held.emptied:
                    emptied.append({"row": held.row})
        if changed:
            fields = changed[0].keys() - {"row"}
            connection.execute(
                update(ARTICLES)
                .where(ARTICLES.c.id == bindparam("row"), ARTICLES.c.collection == self.name)
                .values({field: bindparam(field) for field in fields}),
                changed,
            )
        if emptied:
            connection.execute(
                delete(PASSAGES).where(
                    PASSAGES.c.article_id == bindparam("row"), PASSAGES.c.collection == self.name
                ),
                emptied,
            )

    def _insert_articles(
        self, connection: Connection, after: Inventory, sources: Sequence[int]
    ) -> None:
        new = [
            (held, position, source)
            for entry, source in zip(after.entries, sources, strict=True)
            for position, held in enumerate(entry.articles)
            if held.row is None
        ]
        if not new:
            return
        rows = connection.scalars(
            insert(ARTICLES).returning(ARTICLES.c.id, sort_by_parameter_order=True),
            [
                {
                    "collection": self.name,
                    "source_id": source,
                    "position": position,
                    **_article_values(held),
                }
                for held, position, source in new
            ],
        ).all()
        passages = [
            {
                "article_id": row,
                "number": number,
                "collection": self.name,
                **_passage_values(passage),
            }
            for row, (held, _, _) in zip(rows, new, strict=True)
            for number, passage in enumerate(held.passages or ())
        ]
        if passages:
            connection.execute(insert(PASSAGES), passages)


def _source_rows(inventory: Inventory) -> set[int]:
    return {entry.source.row for entry in inventory.entries if entry.source.row is not None}


def _article_rows(inventory: Inventory) -> set[int]:
    return {
        held.row for entry in inventory.entries for held in entry.articles if held.row is not None
    }


def _source_values(source: SourceRecord) -> dict[str, Any]:
    return {
        **{field: getattr(source, field) for field in _SOURCE_FIELDS},
        "added": source.added.isoformat(),
        "next_check": _as_text(source.next_check),
    }


def _source(row: Row[Any]) -> SourceRecord:
    return SourceRecord(
        **{field: getattr(row, field) for field in _SOURCE_FIELDS},
        added=datetime.fromisoformat(row.added),
        next_check=_as_time(row.next_check),
        row=row.id,
    )


def _article_values(held: ArticleRecord) -> dict[str, Any]:
    return {
        **{field: getattr(held.article, field) for field in _ARTICLE_FIELDS},
        "article": held.article.id,
        "pages": list(held.article.pages),
        "signature": held.signature,
        "removed": _as_text(held.removed),
        "emptied": held.emptied,
    }


def _article(row: Row[Any]) -> ArticleRecord:
    return ArticleRecord(
        article=Article(
            id=row.article,
            pages=tuple(row.pages),
            **{field: getattr(row, field) for field in _ARTICLE_FIELDS},
        ),
        signature=row.signature,
        removed=_as_time(row.removed),
        emptied=row.emptied,
        row=row.id,
    )


def _passage_values(prepared: PreparedPassage) -> dict[str, Any]:
    passage = prepared.passage
    spans = [(span.start, span.end) for span in prepared.sentences]
    return {
        "paragraph": passage.paragraph,
        "start": passage.span.start,
        "end": passage.span.end,
        "heading_start": passage.heading.start if passage.heading else None,
        "heading_end": passage.heading.end if passage.heading else None,
        "text_hash": prepared.text_hash,
        "words": " ".join(prepared.words),
        "sentences": np.array(spans, dtype="<i4").tobytes(),
    }


def _passage(row: Row[Any]) -> PreparedPassage:
    spans = np.frombuffer(row.sentences, dtype="<i4").reshape(-1, 2).tolist()
    return PreparedPassage(
        passage=Passage(
            article=row.article,
            paragraph=row.paragraph,
            span=Span(row.start, row.end),
            heading=(
                Span(row.heading_start, row.heading_end) if row.heading_start is not None else None
            ),
        ),
        text_hash=row.text_hash,
        words=tuple(row.words.split(" ")) if row.words else (),
        sentences=tuple(Span(start, end) for start, end in spans),
    )


def _as_text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None


def _as_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def passage_hashes(database: Database) -> set[str]:
    """The hashes of all passages, whosesoever they are: what encodings are needed for."""
    with database.read() as connection:
        return set(connection.scalars(select(PASSAGES.c.text_hash).distinct()))


def served(database: Database) -> dict[str, tuple[str | None, bool]]:
    """By the name of each collection the digest of what is to be served, and whether its members
    are answered from the shared one too."""
    query = select(COLLECTIONS.c.name, COLLECTIONS.c.digest, COLLECTIONS.c.uses_shared)
    with database.read() as connection:
        return {row.name: (row.digest, bool(row.uses_shared)) for row in connection.execute(query)}


def collection_names(database: Database) -> list[str]:
    """Every collection that was ever changed."""
    with database.read() as connection:
        return list(connection.scalars(select(COLLECTIONS.c.name).order_by(COLLECTIONS.c.name)))


def next_checks(database: Database) -> dict[str, datetime]:
    """When a page or feed is to be asked for news next, by collection; cheap to ask for.

    Those of which every article was removed are not asked.
    """
    theirs = and_(
        ARTICLES.c.collection == SOURCES.c.collection, ARTICLES.c.source_id == SOURCES.c.id
    )
    is_wanted = or_(~exists().where(theirs), exists().where(theirs, ARTICLES.c.removed.is_(None)))
    # Kept as ISO dates with one zone, which sort as they follow each other.
    query = (
        select(SOURCES.c.collection, func.min(SOURCES.c.next_check))
        .where(SOURCES.c.next_check.is_not(None), is_wanted)
        .group_by(SOURCES.c.collection)
    )
    with database.read() as connection:
        return {name: datetime.fromisoformat(time) for name, time in connection.execute(query)}
