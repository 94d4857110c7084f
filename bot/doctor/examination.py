"""All checks, one after another, each for as long as it may take."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation, free_bytes
from bot.settings import Settings

Announce = Callable[[str], None]
"""Called with the name of a check that takes long."""

_MULTILINGUAL: Final = "multilingual-e5-small"
"""The model that comes with an extra of that name; its module cannot be imported to look."""
_PASSWORD: Final = re.compile(r"://[^/@:]*:([^/@]+)@")
"""In an address of a database."""
_LONG: Final = 1.0
_USUAL: Final = 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to be looked at.

    Attributes:
        seconds: How long it may take.
    """

    name: str
    run: Callable[[], Iterable[Finding]]
    seconds: float = _USUAL


def examine(
    corpus: Path | None = None,
    data_dir: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    dotenv: Path | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    free: Callable[[Path], int] = free_bytes,
    announce: Announce = lambda name: None,
) -> Iterator[Finding]:
    """What is found, as it is found. Every check runs, whatever the others find.

    Args:
        corpus: Articles in the place of those that the settings name.
        data_dir: A folder in the place of the one that they name.
        environment: ``os.environ`` where not given.
        dotenv: ``.env`` in the current folder where not given.
        clock: The time, with its zone.
        free: How many bytes may still be written to the disk that a folder is on.
    """
    from bot.doctor.packages import check_packages, check_python

    read: list[Settings] = []

    def settings() -> Iterable[Finding]:
        from bot.doctor.configured import read_settings

        found, findings = read_settings(environment, dotenv)
        read.append(found)
        return findings

    yield from carried_out(Check("settings", settings), announce)
    yield from carried_out(Check("python", check_python), announce)
    own = read[0] if read else None
    extras = ["multilingual"] if own and own.model == _MULTILINGUAL else []
    yield from carried_out(Check("packages", lambda: check_packages(extras=extras)), announce)
    if own is None:
        yield Finding(
            "settings",
            "note",
            "Nothing else was checked, as the settings cannot be read.",
            "Mend what is named above, then try again.",
        )
        return
    if data_dir is not None:
        own = replace(own, data_dir=data_dir)
    installation = Installation(own, corpus, clock, free)
    for check in _checks(installation):
        for finding in carried_out(check, announce):
            yield _without(_secrets(own), finding)


def carried_out(check: Check, announce: Announce = lambda name: None) -> list[Finding]:
    """What a check finds, or why it could not be carried out."""
    found: list[Finding] = []

    def run() -> None:
        try:
            found.extend(check.run())
        except ImportError as error:
            found.append(
                Finding(
                    check.name,
                    "error",
                    f"It cannot be checked, as a package cannot be used: {error}.",
                    "See what is said of the packages; run 'make install'.",
                )
            )
        except Exception as error:  # One that fails must not keep the others from being made.
            found.append(
                Finding(
                    check.name,
                    "error",
                    f"It cannot be checked ({type(error).__name__}: {error}).",
                    "See what else is found; if it is nothing, please report it.",
                )
            )

    # A thread that hangs, as on a disk that does not answer, cannot be ended. It is left behind.
    thread = threading.Thread(target=run, name=f"check-{check.name}", daemon=True)
    thread.start()
    thread.join(_LONG)
    if thread.is_alive():
        announce(check.name)
        thread.join(max(0.0, check.seconds - _LONG))
    if not thread.is_alive():
        return found
    return [
        *found,
        Finding(
            check.name,
            "warning",
            f"It was not checked to the end within {check.seconds:.0f} s.",
            "Try again when the machine is less busy; if it happens twice, the disk may be slow "
            "or failing.",
        ),
    ]


def _checks(installation: Installation) -> Iterator[Check]:
    from bot.doctor import (
        application,
        databases,
        folder,
        indexes,
        locks,
        models,
        monitoring,
        postgres,
        sources,
        token,
    )

    def check(
        name: str, of: Callable[[Installation], Iterable[Finding]], seconds: float = _USUAL
    ) -> Check:
        return Check(name, lambda: of(installation), seconds)

    yield check("data folder", folder.check_folder)
    yield check("disk", folder.check_disk)
    is_in_folder = installation.settings.database_url is None
    if is_in_folder:
        # Every byte of these is read, and there may be gigabytes of it.
        yield check("database", databases.check_articles, 120.0)
        yield check("database", databases.check_encodings, 120.0)
        yield check("database", databases.check_people)
        yield check("lock", locks.check_locks)
    else:
        yield check("database", postgres.check_database, 60.0)
    yield check("model", models.check_model)
    yield check("export", models.check_export)
    yield check("index", indexes.check_indexes, 300.0)
    yield check("articles", sources.check_sources)
    yield check("monitoring", monitoring.check_monitoring)
    yield check("token", token.check_token)
    yield check("discord", application.check_discord, 60.0)


def _secrets(settings: Settings) -> list[str]:
    """What no finding may show: the token, the database's addresses, and the passwords in them."""
    found = [settings.discord_token, settings.database_url, *settings.replica_urls]
    values = [secret.reveal() for secret in found if secret is not None]
    passwords = [_PASSWORD.search(value) for value in values]
    return [*values, *(match[1] for match in passwords if match)]


def _without(secrets: Iterable[str], finding: Finding) -> Finding:
    """The finding without the secrets, in whichever error of others they may have got."""
    message = finding.message
    for secret in secrets:
        message = message.replace(secret, "***")
    return finding if message == finding.message else replace(finding, message=message)
