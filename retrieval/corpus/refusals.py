"""The errors of a collection that people meet, in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from retrieval import readers
from retrieval.corpus.sources import Configured
from retrieval.errors import ArticleError, CorpusError, UnknownArticleError
from retrieval.phrases import any_of, joined, listed, phrase


def unknown_article(article_id: str, known: Iterable[str]) -> UnknownArticleError:
    """The error for an id that no article has, with the ids that are nearest to it."""
    close = difflib.get_close_matches(article_id, list(known), n=3, cutoff=0.4)
    return UnknownArticleError(
        phrase("There is no article “{article}”.", article=article_id),
        remedy=phrase("Did you mean {articles}?", articles=any_of(close))
        if close
        else phrase("'footnote corpus list' shows every article."),
        near=close,
    )


def too_full(limit: str, would_be: str) -> CorpusError:
    """The error for a server's collection that would hold more than it may."""
    return CorpusError(
        phrase(
            "This server's collection may hold {limit}, and {would_be}.",
            limit=limit,
            would_be=would_be,
        ),
        remedy=phrase("Remove some articles first, or ask the bot's operator for more room."),
    )


def nothing_to_serve(
    sources: Sequence[Configured], failures: Mapping[str, ArticleError]
) -> CorpusError:
    """The error for sources in which there is nothing, or nothing that can be read."""
    where = listed([str(source) for source in sources])
    if failures:
        return CorpusError(
            phrase("None of the articles in {where} can be read.", where=where),
            why=joined(str(error) for error in failures.values()),
            remedy=phrase("Mend one of them, then try again."),
        )
    return CorpusError(
        phrase("There are no articles in {where}.", where=where),
        remedy=phrase("Put a Markdown (.md) or plain text (.txt) file there, then try again."),
    )


def unknown_format(name: str) -> ArticleError:
    """The error for a file or page in a format that no reader knows."""
    return ArticleError(
        name,
        phrase("{name} is not in a format that can be read.", name=name),
        remedy=phrase("Convert it to one of these: {formats}.", formats=readers.known_formats()),
    )
