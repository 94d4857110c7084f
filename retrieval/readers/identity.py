"""Ids of the articles in a document of many: short, and the same each time that it is read."""

from __future__ import annotations

import hashlib
from typing import Final

from retrieval.readers import slug

_CHARACTERS: Final = 60


def own_id(name: str) -> str:
    """An article's own name as part of its id; a long one is cut and told apart by its hash."""
    words = slug(name)
    if len(words) <= _CHARACTERS:
        return words
    return f"{words[:_CHARACTERS].rstrip('-')}-{digest(name)[:8]}"


def digest(name: str) -> str:
    """Twelve hexadecimal digits that stand for a name that is not for people to read."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
