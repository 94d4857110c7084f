"""``footnote corpus migrate``: to PostgreSQL and back, as an operator does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.services import make_store
from bot.settings import load_settings
from tests.bot.cli.program import Footnote
from tests.bot.cli.schemas import STRING, array, exactly, valid

TOWER = "The tower is 90 metres tall."
NUMBER = {"type": "integer", "minimum": 0}
MIGRATED = exactly(
    {
        "from": {"enum": ["files", "postgresql"]},
        "to": {"enum": ["files", "postgresql"]},
        "collections": array(
            exactly(
                {
                    "name": STRING,
                    "sources": NUMBER,
                    "articles": NUMBER,
                    "passages": NUMBER,
                    "digest": STRING,
                    "encoded": {"type": ["integer", "null"]},
                }
            )
        ),
        "uploads": NUMBER,
        "missing": NUMBER,
        "people": {"type": "object", "additionalProperties": NUMBER},
    }
)
