from __future__ import annotations

from bot.doctor.finding import Finding, Severity, of_error, worst
from retrieval.errors import StorageError


def found(*severities: Severity) -> list[Finding]:
    return [Finding("thing", severity, "It is so.") for severity in severities]


def test_the_worst_is_known_wherever_it_stands() -> None:
    assert worst([]) == "ok"
    assert worst(found("ok", "note", "ok")) == "note"
    assert worst(found("ok", "warning", "note")) == "warning"
    assert worst(found("error", "warning", "ok")) == "error"


def test_an_error_for_people_becomes_a_finding_with_its_remedy() -> None:
    error = StorageError("It broke.", why="It was old.", remedy="Buy another.")
    finding = of_error("thing", error)
    assert finding == Finding("thing", "error", "It broke. It was old.", "Buy another.")
    assert finding.as_json() == {
        "name": "thing",
        "severity": "error",
        "message": "It broke. It was old.",
        "remedy": "Buy another.",
    }
