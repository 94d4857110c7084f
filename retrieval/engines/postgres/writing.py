"""An index put into the tables of a database, passage by passage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from typing import Any, Final, TypeVar, cast

import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import Connection, text

from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import dense
from retrieval.engines.embedded.columns import ColumnsInMemory
from retrieval.engines.embedded.lexical import LexicalBuilder
from retrieval.engines.embedded.tokens import TokenFrequency
from retrieval.engines.postgres.header import packed, packed_integers, places_of
from retrieval.engines.postgres.queries import graph_of, make_graph
from retrieval.engines.postgres.records import values_of
from retrieval.postgres.text import key_of

T = TypeVar("T")

_AT_ONCE: Final = 1000
"""Passages, or words, that are sent together."""

_SEGMENT: Final = """
INSERT INTO segments (
    collection, segment, model, form, dimensions, passages, sentences, word_total,
    average_length, approximate, vocabulary, languages, articles, places, token_frequency
) VALUES (
    %(collection)s, %(segment)s, %(model)s, %(form)s, 0, 0, 0, 0,
    0, false, %(vocabulary)s, CAST(%(languages)s AS text[]), %(articles)s, '', ''
)"""
_FINISHED: Final = """
UPDATE segments SET dimensions = %(dimensions)s, passages = %(passages)s,
    sentences = %(sentences)s, word_total = %(word_total)s, average_length = %(average_length)s,
    approximate = %(approximate)s, places = %(places)s, token_frequency = %(token_frequency)s
WHERE collection = %(collection)s AND segment = %(segment)s"""
# As rows of arrays, which one statement sends: COPY is refused where rows are secured.
_PASSAGES: Final = """
INSERT INTO segment_passages (
    collection, segment, "row", vectors, sentences, token_ids, token_starts, token_codes, checksum
) SELECT %b, %b, each.* FROM unnest(
    %b::integer[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[]
) AS each"""
_SENTENCES: Final = """
INSERT INTO segment_sentences (collection, segment, "row", number, approximate, vector)
SELECT %b, %b, each."row", each.number, %b, each.vector
FROM unnest(%b::integer[], %b::integer[], %b::halfvec[]) AS each("row", number, vector)"""
_POSTINGS: Final = """
INSERT INTO segment_postings (collection, segment, word, frequency, rows, parts)
VALUES (%b, %b, %b, %b, %b::integer[], %b::real[])"""
_HAS_GRAPH: Final = text("SELECT to_regclass(:name) IS NOT NULL")
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def if_large(
    passages: Iterable[IndexedPassage],
) -> tuple[Iterator[IndexedPassage], int | None]:
    """All of the passages again, and how many dimensions their vectors have, where their sentences
    are too many to compare each; otherwise ``None``.

    No more of them are gathered in memory than tells that.
    """
    remaining, sentences = iter(passages), 0
    first: list[IndexedPassage] = []
    for item in remaining:
        first.append(item)
        sentences += len(item.sentences)
        if sentences > dense.EXACT_UP_TO:
            return chain(first, remaining), item.encoding.vectors.shape[1]
    return iter(first), None


def prepare_graph(connection: Connection, dimensions: int) -> None:
    """Make the graph that finds the nearest of many vectors, where there is none yet.

    In a transaction of its own: until that is kept, nobody else can write a segment.
    """
    name = graph_of(dimensions)
    if not connection.execute(_HAS_GRAPH, {"name": name}).scalar_one():
        connection.execute(_ONE_AT_A_TIME, {"name": name})
        connection.execute(make_graph(dimensions))


def write_index(
    connection: Connection,
    collection: str,
    segment: str,
    passages: Iterable[IndexedPassage],
    average_length: float | None = None,
    *,
    articles: Mapping[str, Any],
    approximate: bool = False,
    model: str = "",
    form: str = "",
    vocabulary: bytes = b"",
    languages: Sequence[str] = (),
) -> None:
    """Put the index over ``passages``, of which there must be at least one, into the tables.

    They need not fit into memory. Nothing is there unless the connection's transaction is kept.

    Args:
        average_length: Of the passages in words, where they are asked together with others.
        articles: What is to be known of the segment's articles, fit for JSON: under ``ids`` their
            ids, in order, those of all passages among them.
        approximate: Whether the nearest sentences are to be looked for in the graph, which
            ``prepare_graph`` has made.
        model: The name of the encoder; with ``form`` and the others, it is kept as it is.
    """
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    register_vector(driver)
    of_segment = (collection, segment)
    about = {
        "collection": collection,
        "segment": segment,
        "model": model,
        "form": form,
        "vocabulary": vocabulary,
        "languages": list(languages),
        "articles": packed(articles),
    }
    numbers = {id_: number for number, id_ in enumerate(articles["ids"])}
    lexical, tokens = LexicalBuilder(), TokenFrequency()
    places: list[tuple[int, ...]] = []
    sentences = words = dimensions = 0
    with driver.cursor() as cursor:
        cursor.execute(_SEGMENT, about)
        for some in _batches(passages):
            rows = list(range(len(places), len(places) + len(some)))
            places += places_of((item.passage for item in some), numbers)
            tokens.add([item.encoding.token_ids for item in some])
            for item in some:
                lexical.add(item.words)
            words += sum(len(item.words) for item in some)
            sentences += sum(len(item.sentences) for item in some)
            dimensions = some[0].encoding.vectors.shape[1]
            columns = zip(*map(values_of, some), strict=True)
            cursor.execute(_PASSAGES, (*of_segment, rows, *map(list, columns)))
            cursor.execute(_SENTENCES, (*of_segment, approximate, *_sentences_of(some, rows)))
        for postings in _batches(_postings(lexical, average_length)):
            cursor.executemany(_POSTINGS, [(*of_segment, *each) for each in postings])
        finished = {
            "dimensions": dimensions,
            "passages": len(places),
            "sentences": sentences,
            "word_total": words,
            "average_length": average_length or max(1.0, words / len(places)),
            "approximate": approximate,
            "places": packed_integers(places),
            "token_frequency": packed_integers(tokens.counts()),
        }
        cursor.execute(_FINISHED, about | finished)


def _sentences_of(
    passages: Sequence[IndexedPassage], rows: Sequence[int]
) -> tuple[list[int], list[int], list[HalfVector]]:
    """For each sentence the row of its passage, its number in it, and its vector."""
    places = [
        (row, number)
        for row, item in zip(rows, passages, strict=True)
        for number in range(len(item.encoding.vectors))
    ]
    vectors = [HalfVector(vector) for item in passages for vector in item.encoding.vectors]
    return [row for row, _ in places], [number for _, number in places], vectors


def _postings(
    lexical: LexicalBuilder, average_length: float | None
) -> Iterator[tuple[bytes, int, list[int], list[float]]]:
    """For each word its key, how many passages have it, which, and its part in their scores."""
    gathered = ColumnsInMemory()
    lexical.finish(gathered, average_length)
    columns = gathered.finish()
    spelled = columns["words"].tobytes()
    words, postings = columns["word_starts"].tolist(), columns["posting_starts"].tolist()
    for number, (first, last) in enumerate(pairwise(words)):
        place = slice(postings[number], postings[number + 1])
        word = spelled[first:last].decode("utf-8", "surrogatepass")
        rows = columns["posting_rows"][place].tolist()
        yield key_of(word), len(rows), rows, columns["posting_parts"][place].tolist()


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while some := list(islice(remaining, _AT_ONCE)):
        yield some
