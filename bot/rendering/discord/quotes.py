"""Where a quote is from: the article's title, what is known of it, and a link."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from bot.languages import t
from bot.rendering.citation import citation
from bot.rendering.sanitize import inline, isolated, units
from retrieval.answers import Quote
from retrieval.articles import Article

_TITLE_UNITS: Final = 200
_FACT_UNITS: Final = 100
_URL_UNITS: Final = 400
_ADDRESS: Final = "-._~:/?#@!$&'*+,;=%"
"""What may stand in an address as it is. Brackets would end the Markdown link around it."""


def article_title(article: Article, limit: int = _TITLE_UNITS) -> str:
    """An article's title for a line of its own; its id where it has none to show."""
    return inline(article.title, limit) or inline(article.id, limit) or "…"


def source_line(quote: Quote) -> str:
    """Publication, author, date, page, paragraph and link, as far as they are known."""
    return " · ".join(
        [*(inline(fact, _FACT_UNITS) for fact in citation(quote)), *link(quote.article)]
    )


def link(article: Article) -> list[str]:
    """A link to the article, or nothing where it has no address on the web that fits."""
    address = (article.url or "").strip()
    if not re.match(r"https?://[^/\s]", address, re.IGNORECASE):
        return []
    try:
        urlsplit(address)
    except ValueError:
        return []
    address = percent_encoded(address, safe=_ADDRESS, errors="replace")
    label = isolated(t("open the article"))
    return [f"[{label}]({address})"] if units(address) <= _URL_UNITS else []
