"""How a server wants to be answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

from bot.languages import LANGUAGES, t
from retrieval.errors import SettingsError

log = logging.getLogger(__name__)

Style = Literal["reply", "thread", "private"]
"""An answer in the channel, in a thread of its own, or for the asker's eyes only."""

MOST_PER_MINUTE: Final = 1000
MOST_IDS: Final = 1000
"""In one list of channels, roles or members."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server's managers have chosen.

    Attributes:
        language: One of ``LANGUAGES``; ``None`` for that of whoever asks.
        auto_channels: Where every question is answered without a mention; so in ``auto_forums``.
        manager_roles: Those whose members may change the server's articles.
        per_member: Questions a minute, 0 for any number; likewise the two below.
        answers_again: Whether an unanswered question is answered where it was asked once an
            article was added for it.
    """

    language: str | None = None
    style: Style = "reply"
    auto_channels: frozenset[int] = frozenset()
    auto_forums: frozenset[int] = frozenset()
    manager_roles: frozenset[int] = frozenset()
    ignored_members: frozenset[int] = frozenset()
    ignored_roles: frozenset[int] = frozenset()
    ignored_channels: frozenset[int] = frozenset()
    per_member: int = 6
    per_channel: int = 20
    per_server: int = 60
    answers_again: bool = False


def check(settings: ServerSettings) -> None:
    """Refuse settings that cannot be kept.

    Raises:
        SettingsError: One has a value that cannot be used.
    """
    for field in fields(settings):
        value = getattr(settings, field.name)
        if not _CHECKS[field.name](value):
            raise SettingsError(
                t("The setting {name} cannot have that value.", name=field.name),
                why=t(
                    "Rates are whole numbers from 0 to {rate}; lists have at most {ids} entries.",
                    rate=MOST_PER_MINUTE,
                    ids=MOST_IDS,
                ),
                remedy=t("Choose another value; the settings are as they were."),
            )


def to_json(settings: ServerSettings) -> str:
    """Settings as they are stored."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return json.dumps(
        {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in values.items()
        }
    )


def from_json(stored: str) -> ServerSettings:
    """Settings as they were stored, by whichever version.

    What another version has added is left out, and what is missing or cannot be used is as usual.
    """
    try:
        found = json.loads(stored)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        log.warning("The settings of a server cannot be read, and are the usual ones now")
        return ServerSettings()
    values: dict[str, Any] = {}
    for name, is_valid in _CHECKS.items():
        if name not in found:
            continue
        value = found[name]
        if isinstance(value, list):
            value = frozenset(each for each in value if _is_id(each))
        if is_valid(value):
            values[name] = value
    return ServerSettings(**values)


def _is_id(value: object) -> bool:
    return type(value) is int and 0 < value < 2**63


def _are_ids(value: object) -> bool:
    return (
        isinstance(value, frozenset)
        and len(value) <= MOST_IDS
        and all(_is_id(each) for each in value)
    )


def _is_rate(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST_PER_MINUTE


def _is_language(value: object) -> bool:
    return value is None or (isinstance(value, str) and value in LANGUAGES)


_CHECKS: Final[Mapping[str, Callable[[object], bool]]] = {
    "language": _is_language,
    "style": lambda value: isinstance(value, str) and value in get_args(Style),
    "auto_channels": _are_ids,
    "auto_forums": _are_ids,
    "manager_roles": _are_ids,
    "ignored_members": _are_ids,
    "ignored_roles": _are_ids,
    "ignored_channels": _are_ids,
    "per_member": _is_rate,
    "per_channel": _is_rate,
    "per_server": _is_rate,
    "answers_again": lambda value: isinstance(value, bool),
}
