"""Answers for a terminal: coloured and wrapped where a person looks, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.rendering.citation import citation, publication
from bot.rendering.printable import printable
from retrieval.answers import Answer, Quote
from retrieval.articles import Article
from retrieval.corpus import Report, Status
from retrieval.summaries import Summary

_HIGHLIGHT: Final = "bold yellow"
_QUIET: Final = "dim"


class Terminal:
    """Writes to standard output. Nothing of an article reaches the terminal as a control code."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False)

    def say(self, text: str) -> None:
        """A sentence of the bot's own."""
        self._print(Text(printable(text)))

    def show_answer(self, answer: Answer, *, with_question: bool = False) -> None:
        """An answer with its quotes and sources, or the nearest passages as such."""
        if with_question:
            self._print(Text(f"› {printable(answer.question)}", style="bold"))
        if answer.follows:
            self._print(Text(f"(understood with: {printable(answer.follows)})", style=_QUIET))
        if answer.read_as:
            self._print(Text(f"(read as: {printable(answer.read_as)})", style=_QUIET))
        if not answer.answered:
            self.say("The articles do not answer that.")
            if answer.nearest:
                self._print(Text("The nearest passages, which are no answer:", _QUIET))
        for quote in answer.quotes or answer.nearest:
            self._show_quote(quote, highlighted=answer.answered)
        self._print(Text())

    def show_summary(self, summary: Summary) -> None:
        """The sentences of a summary, each with its source."""
        if not summary.quotes:
            self.say("The articles hold no sentence that would make a summary.")
        for quote in summary.quotes:
            self._show_quote(quote, highlighted=False)
        self._print(Text())

    def show_articles(self, articles: Iterable[Article]) -> None:
        """A line or two for each article."""
        for article in articles:
            line = Text(printable(article.id), style="bold")
            line.append(f"  {printable(article.title)}", style="not bold")
            facts = [*publication(article), *([article.url] if article.url else [])]
            if facts:
                line.append(f"  ({printable(' · '.join(facts))})", style="not bold dim")
            self._print(line)

    def show_sources(self, answer: Answer) -> None:
        """Where each quote of an answer comes from."""
        for quote in answer.quotes:
            self._print(_source(quote))

    def show_article(self, article: Article) -> None:
        """The whole text below its title and origin."""
        self._print(Text(printable(article.title), style="bold"))
        facts = [*publication(article), *([article.url] if article.url else [])]
        if facts:
            self._print(Text(printable(" · ".join(facts)), style=_QUIET))
        self._print(Text())
        self._print(Text(printable(article.text)))

    def show_report(self, report: Report) -> None:
        """What a change did: a line for each article that did not stay as it was, and notices."""
        for change in report.changes:
            if change.outcome == "unchanged":
                continue
            reason = f": {change.reason}" if change.reason else ""
            self.say(f"{change.outcome:9}  {change.article}{reason}")
        unchanged = len(report.of("unchanged"))
        self.say(
            f"{len(report.changes) - unchanged} changed in all, {unchanged} unchanged; "
            f"{report.encoded} passage(s) encoded in {report.seconds:.1f} s."
        )
        for notice in report.notices:
            self.say(notice)

    def show_status(self, status: Status) -> None:
        """The state of a collection, a fact a line."""
        now = datetime.now(UTC)
        facts = {
            "collection": status.name,
            "articles": f"{status.articles:,}",
            "passages": f"{status.passages:,}",
            "words": f"{status.words:,}",
            "model": status.model,
            "run by": status.runtime,
            "generation": status.generation or "none yet; the first question builds it",
            "built": _age(status.created, now),
            "encoded": f"{status.encoded:,} passage(s) for that, {status.encoded_here:,} since the "
            "start",
            "on disk": f"{status.bytes_on_disk / 1e6:.1f} MB",
            "sources": ", ".join(status.sources) or "none in the settings",
            "added": f"{status.added:,} file(s), page(s) and feed(s)",
            "next check": _until(status.next_check, now),
            "shared": "used too" if status.uses_shared else "not used",
        }
        for name, value in facts.items():
            self.say(f"{name:11} {value}")
        for failure in status.failures:
            self.say(f"failed      {failure}")

    def _show_quote(self, quote: Quote, *, highlighted: bool) -> None:
        text = Text(printable(quote.text), style="" if highlighted else _QUIET)
        if highlighted:
            for span in quote.highlights:
                start, end = span.start - quote.span.start, span.end - quote.span.start
                text.stylize(_HIGHLIGHT, start, end)
        self._print(Text())
        self._print(text, indent=2)
        self._print(_source(quote), indent=2)
        for other in quote.also_in:
            facts = " · ".join([other.article.title, *citation(other)])
            self._print(Text(f"  also in: {printable(facts)}", style=_QUIET), indent=2)

    def _print(self, text: Text, indent: int = 0) -> None:
        if self._console.is_terminal:
            self._console.print(Padding(text, (0, indent)) if indent else text)
        else:
            # Whatever reads a pipe gets the words as they are: no wrapping, no tabs as spaces.
            self._console.file.write(f"{text.plain}\n")
            self._console.file.flush()


def _source(quote: Quote) -> Text:
    source = Text(f"— {printable(quote.article.title)}", style="cyan")
    source.append(f" · {printable(' · '.join(citation(quote)))}")
    if quote.article.url:
        source.append(f" · {printable(quote.article.url)}")
    return source


def _age(created: datetime | None, now: datetime) -> str:
    if created is None:
        return "never"
    words = _in_words(now - created)
    return f"{words} ago" if words else "just now"


def _until(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "none: there is no page or feed"
    words = _in_words(moment - now)
    return f"in {words}" if words else "due now"


def _in_words(time: timedelta) -> str:
    """A stretch of time in its largest unit; empty below a minute."""
    seconds = time.total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number != 1 else ''}"
    return ""
