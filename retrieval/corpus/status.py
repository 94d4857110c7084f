"""How a collection is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Status:
    """What is served, and what it costs.

    Attributes:
        runtime: What runs the model, once it is loaded; empty before.
        generation: ``None`` before the first was built, with ``created``.
        encoded: How many passages were encoded for this generation.
        encoded_here: How many this process has encoded since it started.
        sources: What the settings name.
        added: How many files, pages and feeds people have added.
        next_check: When a page or feed is asked for news next.
        failures: What could not be read the last time, and why.
        uses_shared: Whether who asks here is answered from the shared collection too.
    """

    name: str
    articles: int
    passages: int
    words: int
    model: str
    runtime: str
    generation: str | None
    created: datetime | None
    encoded: int
    encoded_here: int
    bytes_on_disk: int
    sources: tuple[str, ...]
    added: int
    next_check: datetime | None
    failures: tuple[str, ...]
    uses_shared: bool

    def as_json(self) -> dict[str, Any]:
        """The status in the form that ``footnote corpus status --json`` prints."""
        return {
            "collection": self.name,
            "articles": self.articles,
            "passages": self.passages,
            "words": self.words,
            "model": self.model,
            "runtime": self.runtime,
            "generation": self.generation,
            "created": self.created.isoformat() if self.created else None,
            "encoded": self.encoded,
            "encoded_here": self.encoded_here,
            "bytes_on_disk": self.bytes_on_disk,
            "sources": list(self.sources),
            "added": self.added,
            "next_check": self.next_check.isoformat() if self.next_check else None,
            "failures": list(self.failures),
            "uses_shared": self.uses_shared,
        }
