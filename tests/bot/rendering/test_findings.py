from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from bot.doctor import Finding
from bot.rendering.findings import show_count, show_finding

ERROR = Finding("index", "error", "The index\x1b[2J is\ngone. " + "Really gone. " * 8, "Find it.")
NOTE = Finding("token", "note", "There is none.")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "80")


def on_screen(finding: Finding) -> str:
    """What is shown of a finding on a terminal."""
    with redirect_stdout(Screen()) as screen:
        show_finding(finding)
    return screen.getvalue()


def test_in_a_pipe_a_finding_is_a_line_and_its_remedy_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_finding(ERROR)
    show_finding(NOTE)
    out = capsys.readouterr().out
    assert out.startswith("error    index        The index�[2J is gone. Really gone. ")
    assert out.splitlines()[1:] == [
        "                      → Find it.",
        "note     token        There is none.",
    ]


def test_on_a_terminal_it_is_coloured_and_wrapped_in_its_column() -> None:
    shown = on_screen(ERROR)
    assert shown.startswith("\x1b[31merror  ")
    lines = shown.splitlines()
    assert len(lines) == 4
    assert all(len(line) <= 80 for line in lines[1:])
    assert all(line.startswith(" " * 22) for line in lines[1:])


def test_who_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" in on_screen(NOTE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_screen(NOTE)


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([NOTE], "Nothing is wrong."),
        ([NOTE, ERROR], "1 error."),
        ([ERROR, ERROR, Finding("disk", "warning", "Full.")], "2 errors and 1 warning."),
    ],
)
def test_at_the_end_faults_are_counted(
    capsys: pytest.CaptureFixture[str], findings: list[Finding], line: str
) -> None:
    show_count(findings)
    assert capsys.readouterr().out == f"\n{line}\n"
