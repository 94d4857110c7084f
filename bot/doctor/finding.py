"""What a check finds: how bad it is, what it is, and what can be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from retrieval.errors import FootnoteError
from retrieval.phrases import joined

Severity = Literal["ok", "note", "warning", "error"]
"""As it should be; worth knowing; works, but worse than it could or not for long; does not work."""

_SEVERITIES: Final[tuple[Severity, ...]] = ("ok", "note", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing.

    Attributes:
        name: What was looked at, such as ``database``.
        message: Sentences.
        remedy: What the reader can do, as sentences; empty where there is nothing to do.
    """

    name: str
    severity: Severity
    message: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """As ``footnote doctor --json`` prints it."""
        return {
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "remedy": self.remedy,
        }


def worst(findings: Iterable[Finding]) -> Severity:
    """The worst severity among some findings; ``ok`` where there are none."""
    return max((finding.severity for finding in findings), key=_SEVERITIES.index, default="ok")


def of_error(name: str, error: FootnoteError, severity: Severity = "error") -> Finding:
    """What an error says, as a finding."""
    return Finding(name, severity, joined((error.what, error.why)), str(error.remedy))
