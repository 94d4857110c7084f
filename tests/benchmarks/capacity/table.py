"""What was found, as people read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.benchmarks.capacity.computed import Computed
from tests.benchmarks.capacity.measuring import Measured

_FIGURES: Final[Mapping[str, Callable[[Measured], float]]] = {
    "passages": lambda found: found.passages,
    "bytes a passage on the disk": lambda found: sum(found.bytes_each.values()),
    "to write 1,000 passages, s": lambda found: found.written,
    "to open them, s": lambda found: found.served.opened,
    "questions a second, one asker": lambda found: found.served.alone,
    "… one asker, p50, ms": lambda found: found.served.alone_p50,
    "… one asker, p99, ms": lambda found: found.served.alone_p99,
    "questions a second, all askers": lambda found: found.served.together,
    "… all askers, p50, ms": lambda found: found.served.together_p50,
    "… all askers, p99, ms": lambda found: found.served.together_p99,
    "… processor time of the process, ms each": lambda found: found.served.processor,
    "… processor time of the server, ms each": lambda found: found.database_processor,
    "connections of the process, at most": lambda found: found.connections,
    "its memory with the model, MB": lambda found: found.served.memory_before,
    "… with the collection open, MB": lambda found: found.served.memory_opened,
    "… after the questions, MB": lambda found: found.served.memory_after,
    "to add an article, s": lambda found: found.followed.here,
    "… until another process serves it, s": lambda found: found.followed.elsewhere,
    "… at the latest, s": lambda found: found.followed.slowest,
}


def show(measured: Sequence[Measured], computed: Sequence[Computed]) -> None:
    """Print it."""
    console = Console()
    table = Table("measured", *(found.name for found in measured))
    for name, figure in _FIGURES.items():
        table.add_row(name, *(_shown(figure(found)) for found in measured))
    console.print(table)
    for found in measured:
        table = Table(f"{found.name}: bytes a passage", "")
        for kind, size in sorted(found.bytes_each.items(), key=lambda each: -each[1]):
            if size >= 1:
                table.add_row(kind, _shown(size))
        console.print(table)
    table = Table("computed", "", "from")
    for each in computed:
        table.add_row(each.what, _shown(each.value), each.source)
    console.print(table)


def write(measured: Sequence[Measured], computed: Sequence[Computed], file: Path) -> None:
    """Keep it as JSON."""
    found = {
        "measured": [asdict(each) for each in measured],
        "computed": [asdict(each) for each in computed],
    }
    file.write_text(json.dumps(found, indent=1), "utf-8")


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 or figure == int(figure) else f"{figure:,.2f}"
