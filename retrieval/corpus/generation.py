"""One generation of a corpus: its articles and the index over them, never changed once built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from retrieval.analysis import tokens, words
from retrieval.articles import Article, Passage
from retrieval.corpus.storage import DamagedError
from retrieval.encoders import Encoder, Encoding, Progress, Tokens
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.errors import CorpusError
from retrieval.languages import Language, language_of
from retrieval.segmentation import passages, sentences

FORMAT: Final = 2
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

    def warm(self) -> None:
        """Compute now what the first question would otherwise wait for."""
        _ = self.vocabulary, self.languages

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words of the articles as they are written, without case and accents."""
        return frozenset(
            word for article in self.articles.values() for word, _ in tokens(article.text)
        )

    @cached_property
    def language_by_article(self) -> Mapping[str, Language]:
        """The language of each article, by its id."""
        return {id_: language_of(article.text) for id_, article in self.articles.items()}

    @cached_property
    def languages(self) -> frozenset[Language]:
        """The languages of the articles."""
        return frozenset(self.language_by_article.values())


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
    indexed, encoded = index_passages(articles, encoder, previous, progress)
    return assemble(articles, indexed, encoder.name, encoded)


def index_passages(
    articles: Mapping[str, Article],
    encoder: Encoder,
    previous: Generation | None = None,
    progress: Progress | None = None,
) -> tuple[list[IndexedPassage], int]:
    """Every passage of ``articles`` with all that is computed of it, and how many were encoded."""
    languages = {id_: language_of(article.text) for id_, article in articles.items()}
    drafts = [
        _Draft(passage, article.text, languages[article.id])
        for article in articles.values()
        for passage in passages(article)
    ]
    encodings = _encodings_of(previous) if previous and previous.model == encoder.name else {}
    missing = {draft.text_hash: draft for draft in drafts if draft.text_hash not in encodings}
    encodings.update(_encode(missing, encoder, progress))
    indexed = [
        IndexedPassage(
            passage=draft.passage,
            text_hash=draft.text_hash,
            words=draft.words,
            sentences=draft.sentences,
            encodings=encodings[draft.text_hash],
        )
        for draft in drafts
    ]
    return indexed, len(missing)


def assemble(
    articles: Mapping[str, Article], indexed: Sequence[IndexedPassage], model: str, encoded: int
) -> Generation:
    """The generation of ``articles`` from their indexed passages.

    Raises:
        CorpusError: There is nothing to index, or the finished index does not find its own words.
    """
    if not indexed:
        raise CorpusError(
            "There are no articles to answer from.",
            remedy="Add a Markdown or plain text file to the articles' folder, then reload.",
        )
    generation = Generation(
        digest=digest_of(articles.values(), model),
        created=datetime.now(UTC),
        model=model,
        articles=dict(articles),
        engine=EmbeddedEngine.build(indexed),
        encoded=encoded,
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
    vector = engine.vectors(probe)[0]
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


class _Draft:
    """A passage on its way into the index: what is counted and encoded of it."""

    def __init__(self, passage: Passage, text: str, language: Language) -> None:
        self.passage = passage
        heading = passage.heading
        # A heading tells what the passage below it is about, in words that it need not repeat.
        context = heading.of(text).lstrip("# ") + "\n" if heading else ""
        self.words = tuple(words(context + passage.span.of(text), language))
        self.sentences = tuple(s.span for s in sentences(text, passage.span, language))
        self.sentence_texts = [span.of(text) for span in self.sentences]
        content = repr(self.sentence_texts)
        self.text_hash = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _encode(
    drafts: Mapping[str, _Draft], encoder: Encoder, progress: Progress | None
) -> dict[str, tuple[Encoding, ...]]:
    """The encodings of each draft's sentences, by the hash of its text."""
    texts = [text for draft in drafts.values() for text in draft.sentence_texts]
    encodings = iter(encoder.encode_sentences(texts, progress) if texts else [])
    return {
        text_hash: tuple(islice(encodings, len(draft.sentences)))
        for text_hash, draft in drafts.items()
    }


def _encodings_of(generation: Generation) -> dict[str, tuple[Encoding, ...]]:
    """The encodings of every passage's sentences, by the hash of its text."""
    engine = generation.engine
    found: dict[str, tuple[Encoding, ...]] = {}
    for row in range(len(engine)):
        tokens = engine.tokens(row)
        split = tokens.starts[1:-1]
        parts = zip(
            engine.vectors(row),
            np.split(tokens.vectors, split),
            np.split(tokens.ids, split),
            strict=True,
        )
        found[engine.text_hash(row)] = tuple(
            Encoding(vector, Tokens(vectors.astype(np.float16, copy=False), ids))
            for vector, vectors, ids in parts
        )
    return found
