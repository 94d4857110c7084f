"""What a benchmark found, beside what was aimed at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Result:
    """One figure with its aim.

    Attributes:
        what: What was measured, as a reader of the table needs it.
        value: In ``unit``; a ratio where that is ``"×"``.
        aim: What the value should be at most, or at least where ``at_least``.
        details: The figures that the value is made of, their units in their names.
    """

    what: str
    value: float
    aim: float
    at_least: bool = False
    unit: str = "×"
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        return self.value >= self.aim if self.at_least else self.value <= self.aim

    @property
    def aim_shown(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.aim:,.4g} {self.unit}"

    @property
    def value_shown(self) -> str:
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}"


def show(results: Sequence[Result], json_file: Path | None) -> None:
    """Print the results, and write them where a file is given."""
    console = Console()
    table = Table("", "measured", "aim", "")
    for result in results:
        met = "met" if result.is_met else "missed"
        table.add_row(result.what, result.value_shown, result.aim_shown, met)
    console.print(table)
    for result in results:
        for name, figure in result.details.items():
            console.print(f"  {name}: {figure:,.3f}", highlight=False)
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(result) for result in results], indent=1), "utf-8")


def read_results(json_file: Path) -> list[Result]:
    """The results that ``show`` wrote."""
    kept: list[dict[str, Any]] = json.loads(json_file.read_text("utf-8"))
    return [Result(**result) for result in kept]
