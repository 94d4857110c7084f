"""A server's questions as a table for spreadsheets: without people, and without formulas."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from sqlalchemy import Connection, select

from bot.languages import t
from bot.store.records import Asked
from bot.store.schema import VOTES

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FORMULA: Final = frozenset("=+-@＝＋－＠")
"""With what a cell begins that a spreadsheet takes for a formula."""


@dataclass(frozen=True, slots=True)
class Line:
    """A question with what people think of its answer."""

    asked: Asked
    helpful: int
    unhelpful: int
    reasons: tuple[str, ...]


def lines(connection: Connection, server: int, questions: Sequence[Asked]) -> list[Line]:
    """The lines of some of a server's questions, few enough to be asked for by their ids."""
    votes: dict[int, list[tuple[int, str | None]]] = {asked.id: [] for asked in questions}
    own = (VOTES.c.server == server, VOTES.c.asked_id.in_(votes))
    query = select(VOTES).where(*own).order_by(VOTES.c.reason)
    for row in connection.execute(query):
        votes[row.asked_id].append((row.verdict, row.reason))
    return [
        Line(
            asked,
            helpful=sum(verdict == 1 for verdict, _ in votes[asked.id]),
            unhelpful=sum(verdict == -1 for verdict, _ in votes[asked.id]),
            reasons=tuple(reason for _, reason in votes[asked.id] if reason),
        )
        for asked in questions
    ]


def write_header(file: TextIO) -> None:
    """The names of the columns."""
    _write(
        file,
        (
            t("Asked at"),
            t("Question"),
            t("Answered"),
            t("Confidence"),
            t("Articles"),
            t("Language"),
            t("State"),
            t("Admins told"),
            t("Helpful"),
            t("Not helpful"),
            t("Reasons"),
        ),
    )


def write_line(file: TextIO, line: Line) -> None:
    """One question."""
    asked = line.asked
    _write(
        file,
        (
            asked.at.isoformat(timespec="seconds"),
            asked.question or "",
            _yes_or_no(asked.answered),
            f"{asked.confidence:.3f}",
            "; ".join(asked.articles),
            asked.language or "",
            {"open": t("open"), "done": t("done")}.get(asked.state, ""),
            _yes_or_no(asked.told),
            str(line.helpful),
            str(line.unhelpful),
            "; ".join(line.reasons),
        ),
    )


def safe(text: str) -> str:
    """A text on one line that no spreadsheet runs."""
    line = _CONTROL.sub(" ", text)
    # Some spreadsheets leave out what cannot be seen before they look.
    first = next((c for c in line if unicodedata.category(c)[0] not in "CZ"), "")
    return f"'{line}" if first in _FORMULA else line


def _yes_or_no(value: bool) -> str:
    return t("yes") if value else t("no")


def _write(file: TextIO, cells: Iterable[str]) -> None:
    # Quoted, so that no cell ends at a separator that another country's spreadsheet knows.
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow([safe(cell) for cell in cells])
