"""What became of the questions, and what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table


class Fate(StrEnum):
    """What became of a question. The first three are as they should be."""

    RIGHT = "answered rightly"
    REFUSED = "refused with a plain sentence"
    CUT = "cut off by a killed process"
    WRONG = "answered wrongly"
    MISSED = "not found, though it was there"
    MIXED = "answered from another server"
    DOUBLED = "answered twice"
    LOST = "lost"


SOUND = frozenset({Fate.RIGHT, Fate.REFUSED, Fate.CUT})


@dataclass
class Tally:
    """The totals.

    Attributes:
        seconds: From the question to the right answer.
        refusals: What was said where a question was refused.
        troubles: What was done to the processes, the servers and the articles.
        faults: Requests that Discord failed.
        memory: Megabytes of the process that is never killed, one reading after another.
        violations: What must not be, in words.
    """

    fates: Counter[Fate] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    memory: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.violations and not set(self.fates) - SOUND

    def show(self, console: Console) -> None:
        """Print the totals."""
        questions = Table("", "questions", title=f"{self.fates.total()} questions")
        for fate in Fate:
            questions.add_row(fate, str(self.fates[fate]))
        troubles = Table("", "times", title="What happened meanwhile")
        troubles.add_row("a request failed by Discord", str(self.faults))
        for name, count in self.troubles.most_common():
            troubles.add_row(name, str(count))
        console.print(questions, troubles)
        for said, count in self.refusals.most_common(5):
            console.print(f"Refused {count} times: {said}", markup=False)
        if len(self.seconds) > 1:
            p99 = quantiles(self.seconds, n=100)[-1]
            console.print(
                f"Seconds to the answer: median {median(self.seconds):.2f}, p99 {p99:.2f}"
            )
        if len(self.memory) >= 4:
            quarter = len(self.memory) // 4
            parts = [self.memory[start * quarter : (start + 1) * quarter] for start in range(4)]
            shown = ", ".join(f"{median(part):.0f}" for part in parts)
            console.print(f"Memory of the process that was not killed, MB by quarter: {shown}")
        for violation in self.violations:
            console.print(f"[red]{violation}", highlight=False)
