"""The answer: what is quoted, from where, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retrieval.articles import Article, Passage, Span


@dataclass(frozen=True, slots=True)
class Source:
    """Where words stand: an article, the number of the paragraph in it, and the page, if any."""

    article: Article
    paragraph: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of an article. ``text`` is always ``article.text[span.start:span.end]``.

    ``highlights`` are the sentences that answer, in article offsets and inside ``span``.
    ``also_in`` are the other places where nearly the same words stand.
    """

    article: Article
    paragraph: int
    span: Span
    score: float
    highlights: tuple[Span, ...] = ()
    also_in: tuple[Source, ...] = ()

    @property
    def text(self) -> str:
        return self.span.of(self.article.text)

    @property
    def page(self) -> int | None:
        """The number of the page, from 1, on which the quote begins; ``None`` without pages."""
        return self.article.page_of(self.span.start)


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage and its score, higher being better; scores compare within one answer only."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on one answer."""

    encode: float
    search: float
    rerank: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the corpus says to a question.

    ``quotes`` is empty exactly where ``answered`` is false; then ``nearest`` has the closest
    passages, which are not answers. ``follows`` is the earlier question in whose light this one
    was understood, where that was needed; ``read_as`` is the question with its misspelled words
    replaced, where it had any.
    """

    question: str
    answered: bool
    confidence: float
    quotes: tuple[Quote, ...]
    nearest: tuple[Quote, ...]
    passages: tuple[RankedPassage, ...]
    took_ms: Timings
    follows: str | None = None
    read_as: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The answer in the form that ``footnote ask --json`` prints."""
        return {
            "question": self.question,
            "answered": self.answered,
            "confidence": round(self.confidence, 4),
            "quotes": [quote_json(quote) for quote in self.quotes],
            "nearest": [quote_json(quote) for quote in self.nearest],
            "passages": [
                {
                    "article": ranked.passage.article,
                    "paragraph": ranked.passage.paragraph,
                    "start": ranked.passage.span.start,
                    "end": ranked.passage.span.end,
                    "score": round(ranked.score, 4),
                }
                for ranked in self.passages
            ],
            "took_ms": {
                "encode": round(self.took_ms.encode, 2),
                "search": round(self.took_ms.search, 2),
                "rerank": round(self.took_ms.rerank, 2),
                "total": round(self.took_ms.total, 2),
            },
        }


def quote_json(quote: Quote) -> dict[str, Any]:
    """A quote in the form that every ``--json`` prints.

    ``page`` and ``also_in`` are there only where there is any.
    """
    found: dict[str, Any] = {
        "text": quote.text,
        "start": quote.span.start,
        "end": quote.span.end,
        "paragraph": quote.paragraph,
        **_page_json(quote.page),
        "score": round(quote.score, 4),
        "highlights": [{"start": span.start, "end": span.end} for span in quote.highlights],
        "article": article_json(quote.article),
    }
    if quote.also_in:
        found["also_in"] = [
            {
                "paragraph": source.paragraph,
                **_page_json(source.page),
                "article": article_json(source.article),
            }
            for source in quote.also_in
        ]
    return found


def _page_json(page: int | None) -> dict[str, int]:
    return {} if page is None else {"page": page}


def article_json(article: Article) -> dict[str, str | None]:
    """What identifies an article, in the form that every ``--json`` prints."""
    return {
        "id": article.id,
        "title": article.title,
        "source": article.source,
        "url": article.url,
        "author": article.author,
        "published": article.published,
    }
