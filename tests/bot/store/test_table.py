"""The table for spreadsheets: all of a server's questions, nobody's name, and no formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import Store
from bot.store.table import safe
from tests.bot.store.conftest import Ask, Clock, ask_in


def table(store: Store, server: int = 1) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    count = store.write_csv(server, None, file)
    file.seek(0)
    rows = list(csv.DictReader(file, strict=True))
    assert len(rows) == count
    return rows


def test_a_line_has_the_question_and_what_became_of_it(store: Store, ask: Ask) -> None:
    asked = ask(articles=["a", "b"], language="de", message=3)
    store.tell(1, asked)
    for person, verdict, reason in ((1, 1, None), (2, -1, "Too old"), (3, -1, "Not it")):
        store.vote(1, asked, person, verdict, reason)  # type: ignore[arg-type]
    assert table(store) == [
        {
            "Asked at": "2031-05-01T12:00:00+00:00",
            "Question": "Who crossed the river?",
            "Answered": "no",
            "Confidence": "0.250",
            "Articles": "a; b",
            "Language": "de",
            "State": "open",
            "Admins told": "yes",
            "Helpful": "1",
            "Not helpful": "2",
            "Reasons": "Not it; Too old",
        }
    ]


def test_nobody_is_named(store: Store, ask: Ask) -> None:
    asked = ask(person=314159265358979, channel=271828182845904, message=161803398874989)
    store.vote(1, asked, 141421356237309, 1, "Good")
    file = io.StringIO()
    store.write_csv(1, None, file)
    for number in ("314159265358979", "271828182845904", "161803398874989", "141421356237309"):
        assert number not in file.getvalue()


def test_only_the_servers_own_questions_of_the_time_are_in_it(
    store: Store, ask: Ask, clock: Clock
) -> None:
    ask(1, question="old")
    ask(2, question="theirs")
    ask(None, question="direct")
    since = clock.advance(days=1)
    ask(1, question="new")
    file = io.StringIO()
    assert store.write_csv(1, since, file) == 1
    assert [row["Question"] for row in table(store)] == ["old", "new"]


def test_every_question_is_in_it_however_many_there_are(store: Store, ask: Ask) -> None:
    for number in range(1203):
        ask(question=str(number), answered=True)
    assert [row["Question"] for row in table(store)] == [str(number) for number in range(1203)]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        "\r\n=1",
        "  =1",
        "\ufeff=1",
        "\u200b\u00a0=1",
        "\0=1",
        "＝1+1",
        '=HYPERLINK("http://evil.example","x")',
    ],
)
def test_a_formula_is_a_text(store: Store, text: str) -> None:
    ask_in(store, question=text, articles=[text], language=text)
    (row,) = table(store)
    for cell in (row["Question"], row["Articles"], row["Language"]):
        assert cell.startswith("'")


@given(st.text())
def test_a_cell_is_one_line_that_begins_with_no_formula(text: str) -> None:
    cell = safe(text)
    assert len(cell.splitlines()) <= 1
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert text.isprintable() <= (cell in (text, f"'{text}"))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
def test_whatever_is_asked_is_one_line_with_every_column(store: Store, text: str) -> None:
    asked = ask_in(store, question=text)
    store.vote(1, asked, 1, 1, text)
    for row in table(store):
        assert None not in row
        assert None not in row.values()
