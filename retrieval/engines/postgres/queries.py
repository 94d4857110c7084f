# ruff: noqa: S608  # What is put into the statements are their own parts and numbers.
"""What the server is asked, as SQL.

Cosines are computed with a question in two halves of half precision, the second of what the first
leaves over: they are then exact to a millionth, at the price of one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from sqlalchemy import TextClause, text

from retrieval.encoders import Floats

_OF_SEGMENT: Final = "collection = :collection AND segment = :segment"
_COSINE: Final = "max(-(vector <#> CAST(:high AS halfvec)) - (vector <#> CAST(:low AS halfvec)))"
_IS_LEFT: Final = '"row" <> ALL(CAST(:gone AS integer[]))'

_LEXICAL: Final = f"""
lexical AS MATERIALIZED (
    SELECT posting."row", sum(posting.part * asked.weight) AS score
    FROM (
        SELECT rows, parts, (CAST(:times AS float8[]))[place] * ln(
            1 + (:counted - holders + 0.5) / (holders + 0.5)
        ) AS weight
        FROM (
            SELECT rows, parts, place,
                   coalesce((CAST(:frequencies AS float8[]))[place], frequency) AS holders
            FROM (
                SELECT rows, parts, frequency,
                       array_position(CAST(:words AS bytea[]), word) AS place
                FROM segment_postings
                WHERE {_OF_SEGMENT} AND word = ANY(CAST(:words AS bytea[]))
            ) AS found
        ) AS counted
    ) AS asked, LATERAL unnest(asked.rows, asked.parts) AS posting("row", part)
    GROUP BY posting."row"
)"""
"""BM25 of each passage that has a word of the question, word by word from its postings."""

_ALL_SCORED: Final = f"""
WITH cosines AS MATERIALIZED (
    SELECT "row", {_COSINE} AS cosine FROM segment_sentences WHERE {_OF_SEGMENT} GROUP BY "row"
),
{_LEXICAL},
scored AS MATERIALIZED (
    SELECT "row", max(cosine) AS cosine, coalesce(max(score), 0) AS score
    FROM (
        SELECT "row", cosine, NULL AS score FROM cosines
        UNION ALL SELECT "row", NULL, score FROM lexical
    ) AS each GROUP BY "row"
),
measured AS MATERIALIZED (
    SELECT count(cosine) AS passages, avg(cosine) AS dense_mean,
           stddev_pop(cosine) AS dense_deviation,
           sum(score) AS lexical_total, sum(score * score) AS lexical_squares
    FROM scored
)"""
"""Both scores of every passage, and what they are on the whole. Where they are many, no plan for
this joins what it cannot know the size of."""

_MEASURED: Final = """
SELECT chosen."row", chosen.cosine, chosen.score, measured.*
FROM measured LEFT JOIN chosen ON true ORDER BY chosen."row"
"""

BEST: Final = text(
    f"""{_ALL_SCORED},
chosen AS (
    (SELECT * FROM scored WHERE {_IS_LEFT} ORDER BY cosine DESC, "row" LIMIT :limit)
    UNION
    (SELECT * FROM scored WHERE score > 0 AND {_IS_LEFT} ORDER BY score DESC, "row" LIMIT :limit)
){_MEASURED}"""
)
"""The best passages of either side, of a segment of which every sentence is compared."""

SCORES: Final = text(
    f"""{_ALL_SCORED},
chosen AS (SELECT * FROM scored WHERE "row" = ANY(CAST(:rows AS integer[]))){_MEASURED}"""
)
"""The scores of some of its passages."""

_SOME_SCORED: Final = f"""
cosines AS MATERIALIZED (
    SELECT "row", {_COSINE} AS cosine FROM segment_sentences
    WHERE {_OF_SEGMENT} AND "row" = ANY(ARRAY(SELECT "row" FROM wanted)) GROUP BY "row"
),
chosen AS (
    SELECT "row", max(cosine) AS cosine, coalesce(max(score), 0) AS score,
           bool_or(is_near) AS is_near
    FROM (
        SELECT "row", cosine, CAST(NULL AS float8) AS score, CAST(NULL AS boolean) AS is_near
        FROM cosines
        UNION ALL SELECT "row", NULL, score, NULL FROM lexical
        UNION ALL SELECT "row", NULL, NULL, is_near FROM wanted
    ) AS each GROUP BY "row" HAVING bool_or(is_near) IS NOT NULL
),
measured AS (
    SELECT (SELECT passages FROM segments WHERE {_OF_SEGMENT}) AS passages,
           coalesce(sum(score), 0) AS lexical_total,
           coalesce(sum(score * score), 0) AS lexical_squares
    FROM lexical
)
SELECT chosen.*, measured.* FROM measured LEFT JOIN chosen ON true ORDER BY chosen."row"
"""

SCORES_OF_MANY: Final = text(
    f"""WITH {_LEXICAL},
wanted AS MATERIALIZED (
    SELECT "row", true AS is_near FROM unnest(CAST(:rows AS integer[])) AS given("row")
    UNION ALL
    (SELECT "row", false FROM lexical WHERE {_IS_LEFT} ORDER BY score DESC, "row" LIMIT :limit)
),{_SOME_SCORED}"""
)
"""The scores of some passages, and of those that are best by their words, of a large segment."""


@lru_cache(maxsize=8)
def best_of_many(dimensions: int) -> TextClause:
    """The passages of the nearest sentences of a large segment, and those that are best by their
    words, each with whether it is near."""
    kind = f"halfvec({dimensions})"
    return text(
        f"""WITH near AS MATERIALIZED (
    SELECT "row" FROM segment_sentences
    WHERE {_OF_SEGMENT} AND approximate AND vector_dims(vector) = {dimensions} AND {_IS_LEFT}
    ORDER BY CAST(vector AS {kind}) <#> CAST(:high AS {kind}) LIMIT :sentences
),
{_LEXICAL},
wanted AS MATERIALIZED (
    SELECT DISTINCT "row", true AS is_near FROM near
    UNION ALL
    (SELECT "row", false FROM lexical WHERE {_IS_LEFT} ORDER BY score DESC, "row" LIMIT :limit)
),{_SOME_SCORED}"""
    )


def graph_of(dimensions: int) -> str:
    """The name of the graph over vectors of so many dimensions."""
    return f"ix_segment_sentences_nearest_{dimensions}"


def make_graph(dimensions: int) -> TextClause:
    """What makes it (HNSW: Malkov and Yashunin 2018)."""
    return text(
        f"CREATE INDEX IF NOT EXISTS {graph_of(dimensions)} ON segment_sentences"
        f" USING hnsw (CAST(vector AS halfvec({dimensions})) halfvec_ip_ops)"
        f" WHERE approximate AND vector_dims(vector) = {dimensions}"
    )


FREQUENCIES: Final = text(
    """SELECT posting.word, posting.frequency
FROM segments LEFT JOIN segment_postings AS posting
    ON posting.collection = :collection AND posting.segment = :segment
    AND posting.word = ANY(CAST(:words AS bytea[]))
WHERE segments.collection = :collection AND segments.segment = :segment"""
)
"""In how many passages words occur; no row at all where the segment is gone."""


def halves_of(vector: Floats) -> dict[str, str]:
    """A question as the statements above take it."""
    high = vector.astype(np.float16)
    low = (vector - high.astype(np.float32)).astype(np.float16)
    return {"high": _spelled(high.tolist()), "low": _spelled(low.tolist())}


def _spelled(values: list[float]) -> str:
    return f"[{','.join(map(repr, values))}]"
