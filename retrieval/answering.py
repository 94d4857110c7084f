"""From a question to an answer: understood, searched, reranked, and judged."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from retrieval.analysis import word_set, words
from retrieval.answers import Answer, Quote, RankedPassage, Source, Timings
from retrieval.articles import Article, Span
from retrieval.cohesion import opens_leaning
from retrieval.confidence import Calibration, Evidence, evidence, load_calibration
from retrieval.conversation import Turn, context_of
from retrieval.encoders import Encoder, Floats
from retrieval.engines import Candidates, Engine
from retrieval.expectations import expectation_of
from retrieval.languages import Language
from retrieval.questions import clean_question, language_of_question
from retrieval.rerankers import Reranker
from retrieval.search import (
    CANDIDATES,
    Hit,
    Query,
    find,
    highlight,
    reorder,
    rerank,
    token_weights,
)
from retrieval.spelling import corrected

MAX_QUOTES: Final = 3
QUOTED_WITHIN: Final = 0.85
"""A further passage is quoted when its score is at least so much of the first one's."""
SAME_WORDS: Final = 0.9
_SEARCHES_AT_ONCE: Final = 2
"""Questions that are searched for at a time, while any number are encoded: more threads of Python
only take the interpreter from each other, which halved the questions a second."""
_BEHIND: Final = 1e-6
"""How far what was not reranked is put behind the last that was."""
_FRAME_IMPORTANCE: Final = 0.25
"""How much a word counts that only says what kind of answer is wanted ("the name of")."""
_OWN_WORDS: Final = 2
"""A question of fewer words than this says too little to be a topic of its own."""
_EARLIER_IMPORTANCE: Final = 0.5
"""How much a word of an earlier question counts beside one of the question itself."""


class Library(Protocol):
    """What is asked: articles and the index over them, which belong together."""

    @property
    def articles(self) -> Mapping[str, Article]: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def vocabulary(self) -> Collection[str]: ...

    @property
    def language_by_article(self) -> Mapping[str, Language]: ...

    @property
    def languages(self) -> frozenset[Language]: ...


class Answerer:
    """Answers questions with one encoder, whichever library they are put to.

    Args:
        threshold: The confidence from which a question counts as answered; that of the model's
            calibration where not given.
        reranker: Has a say in the order of the best passages, where given. No calibration was
            fitted with one.
    """

    def __init__(
        self,
        encoder: Encoder,
        threshold: float | None = None,
        calibration: Calibration | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.encoder = encoder
        self.reranker = reranker
        self.calibration = calibration or load_calibration(encoder.name)
        self.threshold = self.calibration.threshold if threshold is None else threshold
        self._searching = threading.BoundedSemaphore(_SEARCHES_AT_ONCE)

    def answer(
        self,
        library: Library,
        question: str,
        *,
        history: Sequence[Turn] = (),
        top: int = 10,
    ) -> Answer:
        """The answer to a question as a person typed it.

        Raises:
            QuestionError: It holds nothing to look for, or is too long.
        """
        asked = clean_question(question)
        language = language_of_question(asked, library.languages)
        earlier = context_of(asked, history, language)
        answer = self._answer(library, asked, language, earlier, top)
        if earlier is not None and not answer.answered:
            alone = self._answer(library, asked, language, None, top)
            if alone.answered and alone.passages[0].passage == answer.passages[0].passage:
                # Both readings lead to the same place; the earlier question made it no likelier.
                return replace(alone, follows=earlier)
            if alone.answered and len(set(words(asked, language))) >= _OWN_WORDS:
                # A new topic that only sounded like a follow-up.
                return alone
        return answer

    def _answer(
        self,
        library: Library,
        asked: str,
        language: Language,
        earlier: str | None,
        top: int,
    ) -> Answer:
        start = time.perf_counter()
        read_as = self._corrected(library, asked, language)
        query = self.understand(read_as, language, earlier)
        encoded = time.perf_counter()
        with self._searching:
            found = find(library.engine, query, max(CANDIDATES, top))
            searched = time.perf_counter()
            weights = token_weights(library.engine, query)
            hits = self._reranked(library, query, weights, found)
            confidence = self.calibration.confidence(weigh(library, query, hits, found))
            answered = confidence >= self.threshold
            quotes = quotes_of(library, weights, hits, MAX_QUOTES)
        end = time.perf_counter()
        return Answer(
            question=asked,
            answered=answered,
            confidence=confidence,
            quotes=quotes if answered else (),
            nearest=() if answered else quotes,
            passages=_ranked(library.engine, hits, found, top),
            took_ms=Timings(
                encode=(encoded - start) * 1000,
                search=(searched - encoded) * 1000,
                rerank=(end - searched) * 1000,
                total=(end - start) * 1000,
            ),
            follows=earlier,
            read_as=read_as if read_as != asked else None,
        )

    def _reranked(
        self, library: Library, query: Query, weights: Floats, found: Candidates
    ) -> list[Hit]:
        def text_of(article: str) -> str:
            return library.articles[article].text

        hits = rerank(library.engine, query, weights, found, text_of)
        if self.reranker is None:
            return hits
        return reorder(self.reranker, query.text, hits, text_of)

    def _corrected(self, library: Library, asked: str, language: Language) -> str:
        # A word of another language is no misspelling of the articles', however alike they look.
        if language not in library.languages or not language.spaced:
            return asked
        return corrected(asked, language, library.vocabulary, self.encoder.is_word)

    def understand(self, asked: str, language: Language, earlier: str | None = None) -> Query:
        """The question as it is searched for, with what it leans on."""
        encoding = self.encoder.encode_question(asked, earlier or "")
        expectation = expectation_of(asked, language)
        frame = expectation.frame if expectation is not None else None
        importance = np.ones(len(encoding.tokens.ids), dtype=np.float32)
        if frame is not None:
            for match in frame.finditer(asked):
                inside = (encoding.spans[:, 0] < match.end()) & (
                    encoding.spans[:, 1] > match.start()
                )
                importance[inside] = _FRAME_IMPORTANCE
        counted = words(frame.sub(" ", asked) if frame else asked, language)
        vectors, ids = encoding.tokens.vectors, encoding.tokens.ids
        if earlier is not None:
            before = self.encoder.encode_question(earlier).tokens
            vectors = np.concatenate([vectors, before.vectors])
            ids = np.concatenate([ids, before.ids])
            importance = np.concatenate(
                [importance, np.full(len(before.ids), _EARLIER_IMPORTANCE, dtype=np.float32)]
            )
            counted = counted + words(earlier, language)
        return Query(
            text=f"{earlier} {asked}" if earlier else asked,
            language=language,
            vector=encoding.vector,
            token_vectors=vectors.astype(np.float32),
            token_ids=ids,
            importance=importance,
            words=tuple(counted),
            expectation=expectation,
        )


def weigh(library: Library, query: Query, hits: Sequence[Hit], found: Candidates) -> Evidence:
    """What speaks for the first hit.

    Args:
        hits: Those of the candidates that were reranked, best first.
        found: All candidates.
    """
    article = library.articles[hits[0].passage.article]
    language = library.language_by_article[article.id]
    return evidence(library.engine, query, hits, found, article.text, language)


def _ranked(
    engine: Engine, hits: Sequence[Hit], found: Candidates, top: int
) -> tuple[RankedPassage, ...]:
    """The first passages: the hits, and behind them the candidates that were not reranked."""
    ranked = [RankedPassage(hit.passage, hit.score) for hit in hits[:top]]
    behind = max(0.0, min(hit.score for hit in hits) - _BEHIND)
    others = found.rows[len(hits) : top].tolist()
    return (*ranked, *(RankedPassage(engine.passage(row), behind) for row in others))


def quotes_of(
    library: Library, weights: Floats, hits: Sequence[Hit], limit: int
) -> tuple[Quote, ...]:
    """The first hit as a quote, and those that come close to it, at most ``limit``.

    The same words printed in several articles are quoted once, with every source among the hits.

    Args:
        weights: Those of the question's tokens, as ``search.token_weights`` gives them.
    """
    close = [hit for hit in hits if hit.score >= QUOTED_WITHIN * hits[0].score]
    if len(close) == 1:
        return (_quote(library, weights, close[0]),)
    quotes: list[Quote] = []
    said: list[frozenset[str]] = []
    for hit in close:
        article = library.articles[hit.passage.article]
        spoken = word_set(hit.passage.span.of(article.text))
        twin = next((i for i, other in enumerate(said) if _same(spoken, other)), None)
        if twin is not None:
            page = article.page_of(hit.passage.span.start)
            place = Source(article, hit.passage.paragraph, page)
            quotes[twin] = replace(quotes[twin], also_in=(*quotes[twin].also_in, place))
        elif len(quotes) < limit:
            said.append(spoken)
            quotes.append(_quote(library, weights, hit))
    return tuple(quotes)


def _quote(library: Library, weights: Floats, hit: Hit) -> Quote:
    """A hit's passage, with the sentence before it where its answer cannot do without.

    That sentence may end the paragraph before; the quote then counts as of that paragraph, in
    which it begins.
    """
    article = library.articles[hit.passage.article]
    passage = hit.passage
    paragraph, start = passage.paragraph, passage.span.start
    highlights = highlight(library.engine, weights, hit)
    first = highlights[0]
    opens_the_passage = not article.text[start : first.start].strip()
    if opens_the_passage and hit.row > 0:
        before = library.engine.passage(hit.row - 1)
        leans = opens_leaning(first.of(article.text), library.language_by_article[article.id])
        if leans and before.article == passage.article and before.heading == passage.heading:
            paragraph = before.paragraph
            start = library.engine.sentences(hit.row - 1)[-1].start
    return Quote(
        article=article,
        paragraph=paragraph,
        span=Span(start, passage.span.end),
        score=hit.score,
        highlights=highlights,
    )


def _same(words: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two passages have nearly the same words (Jaccard)."""
    return len(words & others) >= SAME_WORDS * len(words | others)
