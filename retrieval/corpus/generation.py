"""One generation of a corpus: its articles and the index over them, never changed once built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

from retrieval.analysis import tokens
from retrieval.articles import Article
from retrieval.corpus.storage import DamagedError
from retrieval.database import EncodingStore
from retrieval.database.encodings import Encodings
from retrieval.database.records import GenerationRecord
from retrieval.encoders import Encoder, Progress
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.errors import CorpusError
from retrieval.languages import Language, language_of
from retrieval.phrases import phrase
from retrieval.preparation import PreparedArticle, prepare

FORMAT: Final = 3
"""Raised whenever an index built before would differ from one built now."""

_KNOWN: Final = "known.json"
_AT_ONCE: Final = 64
"""Passages encoded between two reports of progress, and lost at most when it ends suddenly."""


@dataclass(frozen=True, eq=False)
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

    def warm(self, before: Generation | None = None) -> None:
        """Compute now what the first question would otherwise wait for.

        Args:
            before: What was served before. What is known of the articles that both have is taken
                from there: in a large corpus it takes longer than all the rest of a change.
        """
        if before is not None:
            self._learn_from(before)
        _ = self.vocabulary
        language_of("what a question is written in", self.languages)

    def _learn_from(self, before: Generation) -> None:
        """Put into the cached properties what they would compute."""
        known = before.language_by_article
        fresh = [a for a in self.articles.values() if before.articles.get(a.id) != a]
        languages = {a.id: language_of(a.text) for a in fresh}
        vars(self)["language_by_article"] = {
            id_: languages[id_] if id_ in languages else known[id_] for id_ in self.articles
        }
        if len(self.articles) - len(fresh) == len(before.articles):  # Nothing is gone or changed.
            vars(self)["vocabulary"] = before.vocabulary | _words_in(fresh)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words of the articles as they are written, without case and accents."""
        return _words_in(self.articles.values())

    @cached_property
    def language_by_article(self) -> Mapping[str, Language]:
        """The language of each article, by its id."""
        return {id_: language_of(article.text) for id_, article in self.articles.items()}

    @cached_property
    def languages(self) -> frozenset[Language]:
        """The languages of the articles."""
        return frozenset(self.language_by_article.values())


def _words_in(articles: Iterable[Article]) -> frozenset[str]:
    return frozenset(word for article in articles for word, _ in tokens(article.text))


def digest_of(articles: Iterable[Article], model: str) -> str:
    """What tells one generation from another, before any of it is built."""
    parts = [str(FORMAT), model, *(article.digest for article in articles)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def build(
    articles: Mapping[str, Article], encoder: Encoder, progress: Progress | None = None
) -> Generation:
    """The generation of ``articles``, made from nothing and kept nowhere.

    Raises:
        CorpusError: There is nothing to index, or the finished index does not find its own words.
    """
    prepared = [prepare(article) for article in articles.values()]
    indexed, encoded = index_passages(prepared, encoder, progress=progress)
    return assemble(articles, indexed, encoder.name, encoded)


def index_passages(
    prepared: Iterable[PreparedArticle],
    encoder: Encoder,
    store: EncodingStore | None = None,
    progress: Progress | None = None,
) -> tuple[list[IndexedPassage], int]:
    """Every passage with all that is computed of it, and how many were encoded for that.

    Args:
        store: Has the encodings made before, and is given the new ones as they are made, so that
            whatever ends this, they need not be made again.

    Raises:
        StorageError: The new encodings cannot be kept.
    """
    passages = [
        (passage, article.article.text) for article in prepared for passage in article.passages
    ]
    encodings = store.get(passage.text_hash for passage, _ in passages) if store else {}
    missing = {
        passage.text_hash: [span.of(text) for span in passage.sentences]
        for passage, text in passages
        if passage.text_hash not in encodings
    }
    for fresh in _encode(missing, encoder, progress):
        if store is not None:
            store.put(fresh, datetime.now(UTC))
        encodings.update(fresh)
    indexed = [
        IndexedPassage(
            passage=passage.passage,
            text_hash=passage.text_hash,
            words=passage.words,
            sentences=passage.sentences,
            encodings=encodings[passage.text_hash],
        )
        for passage, _ in passages
    ]
    return indexed, len(missing)


def assemble(
    articles: Mapping[str, Article],
    indexed: Sequence[IndexedPassage],
    model: str,
    encoded: int,
    now: datetime | None = None,
) -> Generation:
    """The generation of ``articles`` from their indexed passages.

    Raises:
        CorpusError: There is nothing to index, or the finished index does not find its own words.
    """
    if not indexed:
        raise CorpusError(
            phrase("There are no articles to answer from."),
            remedy=phrase(
                "Add a Markdown or plain text file to the articles' folder, then reload."
            ),
        )
    generation = Generation(
        digest=digest_of(articles.values(), model),
        created=now or datetime.now(UTC),
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
    """Write a generation's index into an empty folder; returns what its manifest says."""
    generation.engine.save(folder)
    languages = {id_: language.code for id_, language in generation.language_by_article.items()}
    known = {"languages": languages, "vocabulary": sorted(generation.vocabulary)}
    (folder / _KNOWN).write_text(json.dumps(known), "utf-8")
    return {"format": FORMAT, "digest": generation.digest}


def read(
    folder: Path,
    manifest: Mapping[str, Any],
    record: GenerationRecord,
    articles: Mapping[str, Article],
) -> Generation:
    """The generation whose index is in ``folder``.

    Args:
        record: What is known of it besides.
        articles: Its articles, by id.

    Raises:
        DamagedError: The files do not hold the index of this generation.
    """
    if manifest.get("format") != FORMAT or manifest.get("digest") != record.digest:
        raise DamagedError("the index is of another version")
    try:
        engine = EmbeddedEngine.open(folder)
        known = json.loads((folder / _KNOWN).read_text("utf-8"))
        languages = {id_: Language(known["languages"][id_]) for id_ in articles}
        vocabulary = frozenset(known["vocabulary"])
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise DamagedError(f"the index in {folder.name} cannot be read: {error}") from error
    found = Generation(
        digest=record.digest,
        created=record.created,
        model=record.model,
        articles=dict(articles),
        engine=engine,
        encoded=record.encoded,
    )
    # Computed once, when the index was made: of many articles that takes longer than to open it.
    vars(found).update(language_by_article=languages, vocabulary=vocabulary)
    return found


def _encode(
    missing: Mapping[str, Sequence[str]], encoder: Encoder, progress: Progress | None
) -> Iterator[dict[str, Encodings]]:
    """The encodings of each passage's sentences by its hash, some passages at a time."""
    done = 0
    hashes = iter(missing)
    while some := list(islice(hashes, _AT_ONCE)):
        texts = [text for text_hash in some for text in missing[text_hash]]
        encodings = iter(encoder.encode_sentences(texts))
        yield {text_hash: tuple(islice(encodings, len(missing[text_hash]))) for text_hash in some}
        done += len(some)
        if progress is not None:
            progress(done, len(missing))
