"""What ``--json`` prints, as ARCHITECTURE.md says it."""

from __future__ import annotations

from typing import Any

STRING = {"type": "string"}
NULLABLE = {"type": ["string", "null"]}
NUMBER = {"type": "number"}
COUNT = {"type": "integer", "minimum": 0}
FRACTION = {"type": "number", "minimum": 0, "maximum": 1}


def exactly(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


ARTICLE = exactly(
    id=STRING, title=STRING, source=NULLABLE, url=NULLABLE, author=NULLABLE, published=NULLABLE
)
QUOTE = exactly(
    text=STRING,
    start=COUNT,
    end=COUNT,
    paragraph={"type": "integer", "minimum": 1},
    score=NUMBER,
    highlights=array(exactly(start=COUNT, end=COUNT)),
    article=ARTICLE,
)
ANSWER = exactly(
    question=STRING,
    answered={"type": "boolean"},
    confidence=FRACTION,
    quotes=array(QUOTE),
    nearest=array(QUOTE),
    passages=array(
        exactly(
            article=STRING,
            paragraph={"type": "integer", "minimum": 1},
            start=COUNT,
            end=COUNT,
            score=NUMBER,
        )
    ),
    took_ms=exactly(encode=NUMBER, search=NUMBER, rerank=NUMBER, total=NUMBER),
)
"""One answer."""

LISTED = exactly(**ARTICLE["properties"], **{"from": exactly(kind=STRING, name=STRING)})
"""An article in a list of them."""

REPORT = exactly(
    changes=array(exactly(article=STRING, title=STRING, outcome=STRING, reason=NULLABLE)),
    encoded=COUNT,
    seconds=NUMBER,
    notices=array(STRING),
)
STATUS = exactly(
    collection=STRING,
    articles=COUNT,
    passages=COUNT,
    words=COUNT,
    model=STRING,
    generation=NULLABLE,
    created=NULLABLE,
    encoded=COUNT,
    encoded_here=COUNT,
    runtime=STRING,
    bytes_on_disk=COUNT,
    sources=array(STRING),
    added=COUNT,
    next_check=NULLABLE,
    failures=array(STRING),
    uses_shared={"type": "boolean"},
)
