"""The settings: each that cannot be used, and all others as they are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bot.doctor.finding import Finding, of_error
from bot.settings import Settings, load_settings
from retrieval.errors import SettingsError

NAME = "settings"


def read_settings(
    environment: Mapping[str, str] | None = None, dotenv: Path | None = None
) -> tuple[Settings, list[Finding]]:
    """The settings with their defaults in the place of what cannot be used, and what that is.

    Args:
        environment: ``os.environ`` where not given.
        dotenv: The file to read; ``.env`` in the current folder where not given.

    Raises:
        ImportError: A library that reads them is missing.
    """
    found: list[Finding] = []
    values = dict(os.environ if environment is None else environment)
    while True:
        try:
            settings = load_settings(values, dotenv)
        except SettingsError as error:
            found.append(of_error(NAME, error))
            name = error.what.split()[0]
            if error.what.startswith("The file"):
                dotenv = Path(os.devnull)
            elif values.get(name) != "":
                # As if it was not set, so that what is wrong with the others comes up too.
                values[name] = ""
            else:
                raise
        else:
            return settings, found or [Finding(NAME, "ok", "Every setting can be used.")]
