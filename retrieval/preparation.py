"""An article made ready for the index: everything that is known of it without a model.

A hostile text costs the most here, so the reading of files does this too, outside the process that
answers (``sandbox``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from retrieval.analysis import words
from retrieval.articles import Article, Passage, Span
from retrieval.duplicates import signature
from retrieval.languages import Language, language_of
from retrieval.segmentation import passages, sentences


@dataclass(frozen=True, slots=True)
class PreparedPassage:
    """A passage with what is counted of it and what is to be encoded.

    Attributes:
        text_hash: Of all that is encoded: the key under which vectors are used again.
        words: What the lexical side counts, from ``analysis.words``.
        sentences: The passage's sentences, in article offsets; at least one.
    """

    passage: Passage
    text_hash: str
    words: tuple[str, ...]
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class PreparedArticle:
    """An article and its passages, in their order.

    ``signature`` is what tells duplicates of it, from ``duplicates.signature``.
    """

    article: Article
    passages: tuple[PreparedPassage, ...]
    signature: bytes

    def under(self, id_: str) -> PreparedArticle:
        """The same article under another id."""
        if id_ == self.article.id:
            return self
        passages = tuple(
            replace(passage, passage=replace(passage.passage, article=id_))
            for passage in self.passages
        )
        return replace(self, article=replace(self.article, id=id_), passages=passages)


def prepare(article: Article) -> PreparedArticle:
    """The article's passages, with their sentences and words by the rules of its language."""
    language = language_of(article.text)
    return PreparedArticle(
        article,
        tuple(
            _prepare(passage, article.text, language)
            for passage in passages(article, language=language)
        ),
        signature(article.text),
    )


def _prepare(passage: Passage, text: str, language: Language) -> PreparedPassage:
    # A heading tells what the passage below it is about, in words that it need not repeat.
    context = passage.heading.of(text).lstrip("# ") + "\n" if passage.heading else ""
    spans = tuple(s.span for s in sentences(text, passage.span, language))
    content = repr([span.of(text) for span in spans])
    return PreparedPassage(
        passage=passage,
        text_hash=hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest(),
        words=tuple(words(context + passage.span.of(text), language)),
        sentences=spans,
    )
