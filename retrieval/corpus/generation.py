"""One generation of a corpus: its articles and the index over them, never changed once built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from retrieval.analysis import words
from retrieval.articles import Article, Passage, Span
from retrieval.corpus.storage import DamagedError
from retrieval.encoders import Encoder, Encoding, Progress
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.errors import CorpusError
from retrieval.languages import Language, language_of
from retrieval.segmentation import passages, sentences

FORMAT: Final = 1
"""Raised whenever an index built before would differ from one built now."""

_ARTICLES: Final = "articles.jsonl"


@dataclass(frozen=True)
class Generation:
    """A corpus as it stood at one moment.

    Attributes:
        digest: Of everything that the index is made from: equal digests, equal generations.
        encoded: How many passages were encoded to build it; the others' encodings were at hand.
    """

    digest: str
    created: datetime
    model: str
    articles: Mapping[str, Article]
    engine: EmbeddedEngine
    encoded: int

    @cached_property
    def languages(self) -> frozenset[Language]:
        """The languages of the articles."""
        return frozenset(language_of(article.text) for article in self.articles.values())


def digest_of(articles: Iterable[Article], model: str) -> str:
    """What tells one generation from another, before any of it is built."""
    parts = [str(FORMAT), model, *(article.digest for article in articles)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def build(
    articles: Mapping[str, Article],
    encoder: Encoder,
    previous: Generation | None = None,
    progress: Progress | None = None,
) -> Generation:
    """The index over ``articles``, encoding only the passages that ``previous`` does not have.

    Raises:
        CorpusError: There is nothing to index, or the finished index does not find its own words.
    """
    drafts = [
        (passage, article.text) for article in articles.values() for passage in passages(article)
    ]
    if not drafts:
        raise CorpusError(
            "There are no articles to answer from.",
            remedy="Add a Markdown or plain text file to the articles' folder, then reload.",
        )
    hashes = [_text_hash(passage, text) for passage, text in drafts]
    known = _encodings_of(previous) if previous and previous.model == encoder.name else {}
    missing = [i for i, text_hash in enumerate(hashes) if text_hash not in known]
    fresh = encoder.encode_passages(
        [_encoded_text(*drafts[i]) for i in missing], progress if missing else None
    )
    encodings = dict(zip(missing, fresh, strict=True))
    languages = {id_: language_of(article.text) for id_, article in articles.items()}
    indexed = []
    for i, (passage, text) in enumerate(drafts):
        if i in encodings:
            encoding = _moved(encodings[i], passage.span.start - len(_context(passage, text)))
            encoding = _without_context(encoding, passage.span)
        else:
            start, stored = known[hashes[i]]
            encoding = _moved(stored, passage.span.start - start)
        language = languages[passage.article]
        indexed.append(
            IndexedPassage(
                passage=passage,
                text_hash=hashes[i],
                sentences=tuple(s.span for s in sentences(text, passage.span, language)),
                words=tuple(words(_encoded_text(passage, text), language)),
                encoding=encoding,
            )
        )
    generation = Generation(
        digest=digest_of(articles.values(), encoder.name),
        created=datetime.now(UTC),
        model=encoder.name,
        articles=dict(articles),
        engine=EmbeddedEngine.build(indexed),
        encoded=len(missing),
    )
    verify(generation)
    return generation


def verify(generation: Generation) -> None:
    """Check that the index agrees with the articles and finds a passage by its own vector.

    Raises:
        CorpusError: It does not; it must not be served.
    """
    engine = generation.engine
    faults = []
    for row in range(len(engine)):
        passage = engine.passage(row)
        article = generation.articles.get(passage.article)
        if article is None or not 0 <= passage.span.start < passage.span.end <= len(article.text):
            faults.append(f"passage {row} is not in its article")
    probe = len(engine) // 2
    vector = engine.vectors([probe])[0]
    found = engine.candidates(vector, [], min(10, len(engine)))
    if not faults and float(found.dense.max()) < float(vector @ vector) - 1e-3:
        faults.append("a passage is not found by its own vector")
    if faults:
        raise CorpusError(
            "The new index is not whole, so it is not used.",
            why=f"{faults[0].capitalize()}.",
            remedy="Reload again; if it happens twice, please report it.",
        )


def write(generation: Generation, folder: Path) -> dict[str, Any]:
    """Write a generation into an empty folder; returns what its manifest says."""
    with (folder / _ARTICLES).open("w", encoding="utf-8") as file:
        for article in generation.articles.values():
            file.write(json.dumps(asdict(article)) + "\n")
    generation.engine.save(folder)
    return {
        "format": FORMAT,
        "digest": generation.digest,
        "created": generation.created.isoformat(),
        "model": generation.model,
        "encoded": generation.encoded,
    }


def read(folder: Path, manifest: Mapping[str, Any]) -> Generation | None:
    """The generation in ``folder``; ``None`` where another version of the program wrote it.

    Raises:
        DamagedError: The files do not hold what the manifest says.
    """
    if manifest.get("format") != FORMAT:
        return None
    try:
        with (folder / _ARTICLES).open(encoding="utf-8") as file:
            articles = [Article(**json.loads(line)) for line in file]
        return Generation(
            digest=str(manifest["digest"]),
            created=datetime.fromisoformat(manifest["created"]),
            model=str(manifest["model"]),
            articles={article.id: article for article in articles},
            engine=EmbeddedEngine.open(folder),
            encoded=int(manifest["encoded"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise DamagedError(f"the generation in {folder.name} cannot be read: {error}") from error


def _context(passage: Passage, text: str) -> str:
    """What is encoded before a passage so that it is understood in its place."""
    return passage.heading.of(text).lstrip("# ") + "\n" if passage.heading else ""


def _encoded_text(passage: Passage, text: str) -> str:
    return _context(passage, text) + passage.span.of(text)


def _text_hash(passage: Passage, text: str) -> str:
    content = repr((_context(passage, text), passage.span.of(text)))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _encodings_of(generation: Generation) -> dict[str, tuple[int, Encoding]]:
    """Every passage's start in its article and its encoding, by the hash of its text."""
    engine = generation.engine
    found: dict[str, tuple[int, Encoding]] = {}
    for row in range(len(engine)):
        tokens = engine.tokens(row)
        encoding = Encoding(
            engine.vectors([row])[0], tokens.vectors.astype(np.float32), tokens.ids, tokens.spans
        )
        found[engine.text_hash(row)] = (engine.passage(row).span.start, encoding)
    return found


def _moved(encoding: Encoding, by: int) -> Encoding:
    return replace(encoding, token_spans=encoding.token_spans + by)


def _without_context(encoding: Encoding, span: Span) -> Encoding:
    """An encoding whose tokens are those of the passage itself."""
    inside = encoding.token_spans[:, 0] >= span.start
    return replace(
        encoding,
        tokens=encoding.tokens[inside],
        token_ids=encoding.token_ids[inside],
        token_spans=encoding.token_spans[inside],
    )
