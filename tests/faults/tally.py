"""What was tried and what was found, as a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Counts by row and column, and every violation."""

    title: str
    columns: tuple[str, ...]
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, row: str, column: str, number: int = 1) -> None:
        """Count something."""
        self.counts[row, column] += number

    def violate(self, row: str, what: str) -> None:
        """Count and tell a violation at once: the run may take long."""
        self.counts[row, "violations"] += 1
        self.violations.append(f"{row}: {what}")
        print(f"VIOLATED {row}: {what}", flush=True)

    def finish(self) -> int:
        """Print the table; the exit status."""
        columns = (*self.columns, "violations")
        rows = sorted({row for row, _ in self.counts})
        width = max(map(len, [*rows, self.title, "all"]))
        print(f"{self.title:{width}}  " + "  ".join(columns))
        for name in [*rows, "all"]:
            numbers = [
                sum(n for (r, c), n in self.counts.items() if c == column and name in (r, "all"))
                for column in columns
            ]
            cells = (f"{n:>{len(column)}}" for n, column in zip(numbers, columns, strict=True))
            print(f"{name:{width}}  " + "  ".join(cells))
        return 1 if self.violations else 0
