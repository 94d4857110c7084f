"""The errors of a collection that people meet, in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from retrieval import readers
from retrieval.corpus.sources import Configured
from retrieval.errors import ArticleError, CorpusError


def unknown_article(article_id: str, known: Iterable[str]) -> CorpusError:
    """The error for an id that no article has, with the ids that are nearest to it."""
    close = difflib.get_close_matches(article_id, list(known), n=3, cutoff=0.4)
    return CorpusError(
        f"There is no article {article_id!r}.",
        remedy=(
            f"Did you mean {' or '.join(close)}?"
            if close
            else "'footnote corpus list' shows every article."
        ),
    )


def too_full(limit: str, would_be: str) -> CorpusError:
    """The error for a server's collection that would hold more than it may."""
    return CorpusError(
        f"This server's collection may hold {limit}, and {would_be}.",
        remedy="Remove some articles first, or ask the bot's operator for more room.",
    )


def nothing_to_serve(
    sources: Sequence[Configured], failures: Mapping[str, ArticleError]
) -> CorpusError:
    """The error for sources in which there is nothing, or nothing that can be read."""
    where = ", ".join(str(source) for source in sources)
    if failures:
        return CorpusError(
            f"None of the articles in {where} can be read.",
            why=" ".join(str(error) for error in failures.values()),
            remedy="Mend one of them, then try again.",
        )
    return CorpusError(
        f"There are no articles in {where}.",
        remedy="Put a Markdown (.md) or plain text (.txt) file there, then try again.",
    )


def unknown_format(name: str) -> ArticleError:
    """The error for a file or page in a format that no reader knows."""
    return ArticleError(
        name,
        f"{name} is not in a format that can be read.",
        remedy=f"Convert it to one of these: {readers.known_formats()}.",
    )
