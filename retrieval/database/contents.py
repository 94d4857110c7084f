"""What rows hold, fit to be compared between databases of different kinds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

_MODULUS: Final = 2**256


class Digest:
    """What a set of rows is known by, whatever their order: the sum of what each is known by."""

    def __init__(self) -> None:
        self._total = 0

    def add(self, kind: str, values: Mapping[str, Any], place: object = None) -> None:
        """Add a row.

        Args:
            kind: What its table is called.
            place: What it belongs to, where an id in ``values`` would tell nothing.
        """
        # ``ascii``, not JSON: there two halves of a surrogate pair are the same as the whole.
        text = ascii((kind, place, sorted(values.items())))
        row = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        self._total = (self._total + row) % _MODULUS

    def hex(self) -> str:
        """The digest of all rows so far: 64 hexadecimal digits."""
        return f"{self._total:064x}"
