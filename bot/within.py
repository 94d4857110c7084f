"""Which articles a question is to be answered from, as somebody has chosen them.

A choice fits into a button's custom id, so that more passages are looked for in the same articles
after a restart too.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from bot.languages import t
from bot.views.marks import LENGTH, mark_of
from retrieval.articles import Article
from retrieval.errors import QuestionError

_MARK: Final = rf"[\w-]{{{LENGTH}}}"
PATTERN: Final = rf"(?:{_MARK})?\.(?:{_MARK})?\.\d{{0,8}}\.\d{{0,8}}"
"""Of ``code``."""
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Within:
    """A choice of articles: those that meet all that is not empty.

    Attributes:
        article: The mark of its id.
        source: The mark of the publication's name.
        since: The first day, as ``20140531``.
        until: The last day. An article of which only the year is known may be of any day in it;
            one without a date is left out where days are chosen.
    """

    article: str = ""
    source: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(
        cls,
        article: str | None = None,
        source: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Self:
        """A choice as it was made; days as ``2014``, ``2014-05`` or ``2014-05-31``.

        Args:
            article: Its id.

        Raises:
            QuestionError: A day is none.
        """
        return cls(
            article=_article_mark(article) if article else "",
            source=_source_mark(source) if source else "",
            since=_days(since)[0] if since else "",
            until=_days(until)[1] if until else "",
        )

    @classmethod
    def from_code(cls, code: str) -> Self:
        """The choice that ``code`` stands for, which ``PATTERN`` matches."""
        return cls(*code.split("."))

    @property
    def code(self) -> str:
        """At most 33 characters that stand for the choice."""
        return ".".join((self.article, self.source, self.since, self.until))

    @property
    def test(self) -> Callable[[Article], bool] | None:
        """Whether an article meets the choice; ``None`` where all do."""
        return self._accepts if self != type(self)() else None

    def _accepts(self, article: Article) -> bool:
        if self.article and _article_mark(article.id) != self.article:
            return False
        if self.source and (not article.source or _source_mark(article.source) != self.source):
            return False
        if not self.since and not self.until:
            return True
        try:
            first, last = _days(article.published or "")
        except QuestionError:
            return False
        return (not self.since or last >= self.since) and (not self.until or first <= self.until)


def _article_mark(id_: str) -> str:
    return mark_of(None, f"article {id_}")


def _source_mark(source: str) -> str:
    return mark_of(None, f"source {source.casefold()}")


def _days(written: str) -> tuple[str, str]:
    """The first and the last day of a year, a month or a day.

    Raises:
        QuestionError: It is none of them.
    """
    # What follows a day is the time of it.
    match = _DATE.match(written.strip())
    if match is not None and match.end() in (len(written.strip()), 10):
        year, month, day = (int(part) if part else None for part in match.groups())
        if year and (month is None or 1 <= month <= 12):
            longest = calendar.monthrange(year, month)[1] if month else 31
            if day is None or 1 <= day <= longest:
                first = f"{year:04}{month or 1:02}{day or 1:02}"
                return first, f"{year:04}{month or 12:02}{day or longest:02}"
    raise QuestionError(
        t("“{written}” is no date that I understand.", written=written[:50]),
        remedy=t("Write it as 2014, 2014-05 or 2014-05-31."),
    )
