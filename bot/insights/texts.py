"""Figures and questions as the managers of a server read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.insights.findings import Findings
from bot.insights.merging import Group
from bot.languages import t, tn
from bot.rendering.layout.marks import beside_each_other, small
from bot.rendering.sanitize import inline
from bot.store import Asked

_ARTICLES: Final = 5
_REASONS: Final = 3
_LINKS: Final = 3
_QUESTION: Final = 160
_TITLE: Final = 80
_REASON: Final = 100


def figures(found: Findings) -> Iterator[str]:
    """How much was asked, answered, liked and quoted."""
    insights = found.insights
    period = tn("The last {count} day", "The last {count} days", found.days)
    title = t("Insights")
    yield f"**{title}** · {period}"
    if not insights.asked:
        yield t("Nothing was asked.")
        return
    rate = round(100 * insights.answered / insights.asked)
    yield beside_each_other(
        (
            tn("{count} question", "{count} questions", insights.asked),
            t("{rate} % answered", rate=rate),
            t(
                "👍 {helpful} 👎 {unhelpful}",
                helpful=insights.helpful,
                unhelpful=insights.unhelpful,
            ),
            tn("admins told of {count}", "admins told of {count}", insights.told)
            if insights.told
            else "",
        )
    )
    for reason in insights.reasons[:_REASONS]:
        mark = "👍" if reason.verdict == 1 else "👎"
        yield small(f"{mark} {inline(reason.text, _REASON)} ({reason.count})")
    if insights.articles:
        most_quoted = t("Most quoted")
        yield f"**{most_quoted}**"
        for article, times in insights.articles[:_ARTICLES]:
            yield f"{inline(found.titles.get(article, article), _TITLE)} · {times}"


def heading(found: Findings, page: int) -> Iterator[str]:
    """What stands above the questions without an answer."""
    title = t("Questions without an answer")
    yield f"**{title}**"
    if not found.groups:
        yield t("None: every question of this time was answered, or is done.")
        return
    yield small(
        beside_each_other(
            (
                t("Merged by meaning, the most frequent first"),
                t("page {page} of {pages}", page=page + 1, pages=found.pages),
            )
        )
    )


def group_lines(group: Group) -> Iterator[str]:
    """A question, how often it was asked, and where."""
    question = inline(group.typical.question or "", _QUESTION)
    unknown = t("Its words are not kept.")
    yield f"**{question}**" if question else f"*{unknown}*"
    links = [
        f"[{number}]({_place_of(asked)})"
        for number, asked in enumerate(group.questions[:_LINKS], 1)
    ]
    asked = tn("asked once", "asked {count} times", group.count)
    yield small(beside_each_other((asked, t("where: {links}", links=" ".join(links)))))


def _place_of(asked: Asked) -> str:
    """Where a question was asked, for those who may look there."""
    message = f"/{asked.message}" if asked.message is not None else ""
    return f"https://discord.com/channels/{asked.server}/{asked.channel}{message}"
