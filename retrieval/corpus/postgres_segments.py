"""The segments of a collection in PostgreSQL, for every process that answers from them."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from retrieval.articles import Article
from retrieval.corpus.generation import Generation
from retrieval.corpus.postgres_articles import (
    KnownArticles,
    PostgresArticles,
    check_articles,
    write_articles,
)
from retrieval.corpus.segment import Segment, vocabulary_of
from retrieval.corpus.segments import generation_of, manifest_of
from retrieval.database.records import GenerationRecord
from retrieval.encoders.compression import codec_for
from retrieval.encoders.kept import form_with
from retrieval.engines import IndexedPassage
from retrieval.engines.postgres import (
    Header,
    PostgresEngine,
    check_index,
    if_large,
    packed,
    prepare_graph,
    unpacked,
    write_index,
)
from retrieval.errors import DamagedError, StorageError
from retrieval.languages import Language
from retrieval.postgres.schema import GENERATIONS, SEGMENTS
from retrieval.postgres.servers import Servers
from retrieval.postgres.text import escaped, unescaped

log = logging.getLogger(__name__)

_STILL_ASKED: Final = text("now() - interval '10 minutes'")
"""Since when what was replaced may be deleted: before, a question may still be on its way, or
another process may not have heard of what replaced it."""


class PostgresSegments:
    """Segments as rows that name them, and of each generation which segments it has."""

    def __init__(self, servers: Servers, collection: str) -> None:
        self._servers = servers
        self._collection = collection

    def has(self, name: str) -> bool:
        asked = select(SEGMENTS.c.segment).where(*self._named(name), SEGMENTS.c.discarded.is_(None))
        return self._ask(lambda connection: connection.execute(asked).first()) is not None

    def write(
        self,
        name: str,
        model: str,
        form: str,
        articles: Sequence[tuple[Article, Language]],
        passages: Iterable[IndexedPassage],
        average_length: float,
    ) -> None:
        each, dimensions = if_large(passages)
        if dimensions is not None:
            # In a transaction of its own: it keeps everybody else from writing while it lasts.
            with self._servers.write(self._collection) as connection:
                prepare_graph(connection, dimensions)
        vocabulary = sorted(vocabulary_of(article for article, _ in articles))
        with self._servers.write(self._collection) as connection:
            connection.execute(delete(SEGMENTS).where(*self._named(name)))
            write_index(
                connection,
                self._collection,
                name,
                each,
                average_length,
                articles=KnownArticles.of(articles).to_json(),
                approximate=dimensions is not None,
                model=model,
                form=form,
                vocabulary=packed({"words": vocabulary}),
                languages=sorted({language.code for _, language in articles}),
            )
            write_articles(connection, self._collection, name, articles)

    def open(self, name: str, *, trusting: bool = True) -> Segment:
        asked = select(SEGMENTS).where(*self._named(name))
        found = self._ask(lambda connection: connection.execute(asked).first(), needs=name)
        if found is None:
            raise DamagedError(f"{name} is missing")
        try:
            header, known = Header.of(found), KnownArticles.from_json(unpacked(found.articles))
            segment = self._segment(found, header, known)
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            raise DamagedError(f"{name} cannot be read: {error}") from error
        if not trusting:
            self._ask(partial(self._check, name, header, known))
        return segment

    def keep(self, generation: Generation) -> None:
        manifest = _each_id(escaped, manifest_of(generation))
        kept = insert(GENERATIONS).values(
            collection=self._collection, digest=generation.digest, manifest=manifest
        )
        key = (GENERATIONS.c.collection, GENERATIONS.c.digest)
        kept = kept.on_conflict_do_update(
            index_elements=key, set_={"manifest": manifest, "discarded": None}
        )
        needed = SEGMENTS.c.segment.in_([part.segment.name for part in generation.parts])
        with self._servers.write(self._collection) as connection:
            connection.execute(kept)
            connection.execute(
                update(SEGMENTS)
                .where(SEGMENTS.c.collection == self._collection, needed)
                .values(discarded=None)
            )

    def generation(self, record: GenerationRecord, *, trusting: bool = True) -> Generation | None:
        asked = select(GENERATIONS.c.manifest).where(
            GENERATIONS.c.collection == self._collection, GENERATIONS.c.digest == record.digest
        )
        manifest = self._ask(lambda connection: connection.execute(asked).scalar())
        if manifest is None:
            return None
        try:
            manifest = _each_id(unescaped, manifest)
        except (TypeError, KeyError) as error:
            raise DamagedError("the manifest of an index cannot be read") from error
        return generation_of(record, manifest, partial(self.open, trusting=trusting))

    def discard_all_but(self, generation: Generation | None) -> None:
        names = [part.segment.name for part in generation.parts] if generation else []
        digests = [generation.digest] if generation else []
        try:
            with self._servers.write(self._collection) as connection:
                for table, is_needed in (
                    (SEGMENTS, SEGMENTS.c.segment.in_(names)),
                    (GENERATIONS, GENERATIONS.c.digest.in_(digests)),
                ):
                    unneeded = (table.c.collection == self._collection, ~is_needed)
                    connection.execute(
                        update(table)
                        .where(*unneeded, table.c.discarded.is_(None))
                        .values(discarded=func.now())
                    )
                    connection.execute(
                        delete(table).where(*unneeded, table.c.discarded < _STILL_ASKED)
                    )
        except StorageError as error:
            log.warning("Indexes that nothing needs were not deleted: %s", error)

    def forget(self) -> None:
        """Delete all of them at once; best effort."""
        try:
            with self._servers.write(self._collection) as connection:
                for table in (SEGMENTS, GENERATIONS):
                    connection.execute(delete(table).where(table.c.collection == self._collection))
        except StorageError as error:
            log.warning("The indexes of a collection were not deleted: %s", error)

    def _ask(self, work: Callable[[Connection], Any], needs: str | None = None) -> Any:
        return self._servers.ask(work, self._collection, needs=needs)

    def _named(self, name: str) -> tuple[Any, Any]:
        return SEGMENTS.c.collection == self._collection, SEGMENTS.c.segment == name

    def _segment(self, found: Row[Any], header: Header, known: KnownArticles) -> Segment:
        codec = codec_for(found.model, header.dimensions)
        if found.form != form_with(found.model, codec):
            raise ValueError("its tokens are kept in another form than today's")
        own = self._servers, self._collection, found.segment
        return Segment(
            found.segment,
            PostgresArticles(*own, known),
            PostgresEngine(*own, header, codec),
            frozenset(unpacked(found.vocabulary)["words"]),
            frozenset(Language(code) for code in found.languages),
        )

    def _check(
        self, name: str, header: Header, known: KnownArticles, connection: Connection
    ) -> None:
        check_index(connection, self._collection, name, header)
        check_articles(connection, self._collection, name, known)


def _each_id(change: Callable[[str], str], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with its articles' ids changed: in them is what PostgreSQL's JSON cannot hold."""
    parts = [{**part, "gone": [change(id_) for id_ in part["gone"]]} for part in manifest["parts"]]
    return {**manifest, "parts": parts}
