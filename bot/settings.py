"""Every setting, read once from the environment and ``.env``, and passed to whoever needs it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NoReturn
from urllib.parse import urlsplit

from bot.observability.address import Address
from retrieval.errors import SettingsError
from retrieval.limits import Limits

DEFAULT_MODEL: Final = "all-MiniLM-L6-v2"
_MEGABYTE: Final = 1024 * 1024
_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_SHARDS: Final = re.compile(r"(\d{1,5})(?:\s*-\s*(\d{1,5}))?", re.ASCII)


class Secret:
    """A value that shows itself to nobody who does not ask for it by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: for the one call that needs it, never for a log or a message."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``.env.example`` lists, in its order.

    ``articles`` are paths, and addresses on the web as strings. ``operators`` are the ids of the
    Discord users who may change the shared collection. ``models_dir`` is a folder in ``data_dir``
    where not given. ``grace_days`` are those after which what is
    kept of a server is deleted that the bot was removed from. Without ``database_url`` everything
    is kept in ``data_dir``. ``shard_count`` is Discord's choice where not given, and all of them
    are this process's where ``shard_ids`` are not.
    """

    discord_token: Secret | None = None
    data_dir: Path = Path()
    database_url: Secret | None = None
    replica_urls: tuple[Secret, ...] = ()
    articles: tuple[Path | str, ...] = ()
    watch: bool = False
    poll_minutes: int = 60
    private_hosts: tuple[str, ...] = ()
    operators: frozenset[int] = frozenset()
    limits: Limits = field(default_factory=Limits)
    message_content: bool = False
    keep_questions: bool = True
    retention_days: int = 30
    grace_days: int = 7
    model: str = DEFAULT_MODEL
    models_dir: Path | None = None
    reranker_model: str | None = None
    answer_threshold: float | None = None
    discord_api_url: str | None = None
    discord_gateway_url: str | None = None
    shard_count: int | None = None
    shard_ids: tuple[int, ...] = ()
    log_level: str = "WARNING"
    log_format: Literal["console", "json"] = "console"
    metrics_address: Address | None = None
    otlp_endpoint: str | None = None


def load_settings(
    environment: Mapping[str, str] | None = None, dotenv: Path | None = None
) -> Settings:
    """The settings from the environment, where a variable is missing there from ``.env``.

    Args:
        environment: ``os.environ`` where not given.
        dotenv: The file to read; ``.env`` in the current folder where not given.

    Raises:
        SettingsError: A setting has a value that cannot be used; the message names it.
    """
    from dotenv import dotenv_values

    path = Path(".env") if dotenv is None else dotenv
    try:
        values = {
            # Windows' editors begin a file with a mark that would hide the first setting.
            key: value
            for key, value in dotenv_values(path, encoding="utf-8-sig").items()
            if value is not None
        }
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The file {path} cannot be read.",
            why=str(error),
            remedy="Check its permissions and that it is UTF-8 text, or remove it.",
        ) from error
    values.update(os.environ if environment is None else environment)
    given = {key: value.strip() for key, value in values.items() if value.strip()}
    token = given.get("DISCORD_TOKEN")
    shard_count = _whole(given, "SHARD_COUNT", 1, least=1) if "SHARD_COUNT" in given else None
    return Settings(
        discord_token=Secret(token) if token else None,
        data_dir=_data_dir(given.get("FOOTNOTE_DATA_DIR")),
        database_url=_database(given, "FOOTNOTE_DATABASE_URL"),
        replica_urls=_replicas(given, "FOOTNOTE_REPLICA_URLS"),
        articles=_articles(given.get("FOOTNOTE_ARTICLES", "")),
        watch=_switch(given, "FOOTNOTE_WATCH"),
        poll_minutes=_whole(given, "FOOTNOTE_POLL_MINUTES", 60, least=0),
        private_hosts=_listed(given.get("FOOTNOTE_PRIVATE_HOSTS", "")),
        operators=_ids(given, "OPERATOR_IDS"),
        limits=_limits(given),
        message_content=_switch(given, "MESSAGE_CONTENT_INTENT"),
        keep_questions=_switch(given, "FOOTNOTE_KEEP_QUESTIONS", default="1"),
        retention_days=_whole(given, "FOOTNOTE_RETENTION_DAYS", 30, least=1),
        grace_days=_whole(given, "FOOTNOTE_GRACE_DAYS", 7, least=0),
        model=given.get("MODEL", DEFAULT_MODEL),
        models_dir=_folder(given, "FOOTNOTE_MODELS_DIR"),
        reranker_model=given.get("RERANKER_MODEL"),
        answer_threshold=_fraction(given, "ANSWER_THRESHOLD"),
        discord_api_url=_url(given, "DISCORD_API_URL", {"http", "https"}),
        discord_gateway_url=_url(given, "DISCORD_GATEWAY_URL", {"ws", "wss"}),
        shard_count=shard_count,
        shard_ids=_shard_ids(given, shard_count),
        log_level=_one_of(given, "LOG_LEVEL", _LOG_LEVELS, "WARNING"),
        log_format=_log_format(given),
        metrics_address=_listening(given, "FOOTNOTE_METRICS_ADDRESS"),
        # Not looked at more closely: it may be meant for other programs on this machine.
        otlp_endpoint=given.get("OTEL_EXPORTER_OTLP_ENDPOINT"),
    )


def _data_dir(value: str | None) -> Path:
    if value:
        return _path("FOOTNOTE_DATA_DIR", value)
    from platformdirs import user_data_path

    return user_data_path("footnote", appauthor=False)


def _folder(given: Mapping[str, str], name: str) -> Path | None:
    return _path(name, given[name]) if name in given else None


def _articles(value: str) -> tuple[Path | str, ...]:
    return tuple(
        part if _ADDRESS.match(part) else _path("FOOTNOTE_ARTICLES", part)
        for part in _listed(value)
    )


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in value.split(",")) if part)


def _limits(given: Mapping[str, str]) -> Limits:
    usual = Limits()
    return Limits(
        file_bytes=_MEGABYTE
        * _whole(given, "FOOTNOTE_MAX_FILE_MB", usual.file_bytes // _MEGABYTE, least=1),
        pages=_whole(given, "FOOTNOTE_MAX_PAGES", usual.pages, least=1),
        articles=_whole(given, "FOOTNOTE_MAX_ARTICLES", usual.articles, least=1),
        passages=_whole(given, "FOOTNOTE_MAX_PASSAGES", usual.passages, least=1),
        read_seconds=_whole(given, "FOOTNOTE_READ_SECONDS", int(usual.read_seconds), least=1),
        read_bytes=_MEGABYTE
        * _whole(given, "FOOTNOTE_READ_MEMORY_MB", usual.read_bytes // _MEGABYTE, least=128),
    )


def _switch(given: Mapping[str, str], name: str, default: str = "0") -> bool:
    value = given.get(name, default).casefold()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(
        f"{name} is {given[name]!r}, which is neither yes nor no.",
        remedy=f"Set it to 1 or to 0, or remove {name} to use {default}.",
    )


def _whole(given: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    if name not in given:
        return default
    value = given[name]
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1
    if number < least:
        raise SettingsError(
            f"{name} is {value!r}, which is not a whole number from {least} on.",
            remedy=f"Set it to one such as {default}, or remove {name} to use that.",
        )
    return number


def _ids(given: Mapping[str, str], name: str) -> frozenset[int]:
    parts = _listed(given.get(name, ""))
    if not all(part.isascii() and part.isdigit() and len(part) <= 20 for part in parts):
        raise SettingsError(
            f"{name} holds something that is no Discord user id.",
            why="An id is a number of 17 to 20 digits.",
            remedy="In Discord, switch on the developer mode, then choose Copy User ID.",
        )
    return frozenset(int(part) for part in parts)


def _path(name: str, value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise SettingsError(
            f"{name} names {value!r}, and there is no such home folder.",
            remedy="Write the whole path.",
        ) from error


def _fraction(given: Mapping[str, str], name: str) -> float | None:
    if name not in given:
        return None
    try:
        number = float(given[name])
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise SettingsError(
            f"{name} is {given[name]!r}, which is not a number from 0 to 1.",
            remedy=f"Set it to a number such as 0.5, or remove {name} to use the default.",
        )
    return number


def _url(given: Mapping[str, str], name: str, schemes: set[str]) -> str | None:
    if name not in given:
        return None
    try:
        parts = urlsplit(given[name])
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"{name} is not an address that can be used.",
            why=f"It must start with {' or '.join(sorted(s + '://' for s in schemes))}.",
            remedy=f"Correct it, or remove {name} to reach Discord itself.",
        )
    return given[name].rstrip("/")


def _database(given: Mapping[str, str], name: str) -> Secret | None:
    return _postgres(name, given[name]) if name in given else None


def _replicas(given: Mapping[str, str], name: str) -> tuple[Secret, ...]:
    found = tuple(_postgres(name, part) for part in _listed(given.get(name, "")))
    if found and "FOOTNOTE_DATABASE_URL" not in given:
        raise SettingsError(
            f"{name} is set, but FOOTNOTE_DATABASE_URL is not.",
            why="A replica is a copy of that database.",
            remedy=f"Set FOOTNOTE_DATABASE_URL too, or remove {name}.",
        )
    return found


def _postgres(name: str, value: str) -> Secret:
    """An address, which may hold a password: no error shows it."""
    # Only who has a database needs what reads its address.
    from retrieval.postgres.addresses import Address

    Address(value, name, writes=name == "FOOTNOTE_DATABASE_URL")
    return Secret(value)


def _shard_ids(given: Mapping[str, str], count: int | None) -> tuple[int, ...]:
    name = "SHARD_IDS"
    found: set[int] = set()
    for part in _listed(given.get(name, "")):
        match = _SHARDS.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise SettingsError(
                f"{name} holds {part!r}, which is neither a shard nor a range of shards.",
                remedy=f"Set it to numbers from 0 on, such as 0,1 or 0-3, or remove {name} to "
                "run all shards in this process.",
            )
        found.update(range(first, last + 1))
    if found and count is None:
        raise SettingsError(
            f"{name} is set, but SHARD_COUNT is not.",
            why="All processes must agree on how many shards there are.",
            remedy=f"Set SHARD_COUNT, the same for every process, or remove {name}.",
        )
    if found and count is not None and max(found) >= count:
        raise SettingsError(
            f"{name} names shard {max(found)}, but with SHARD_COUNT={count} the last one is "
            f"{count - 1}.",
            remedy="Correct one of them; the shards are numbered from 0 on.",
        )
    return tuple(sorted(found))


def _listening(given: Mapping[str, str], name: str) -> Address | None:
    if name not in given:
        return None
    address = Address.read(given[name])
    if address is None:
        raise SettingsError(
            f"{name} is {given[name]!r}, which is no address to listen at.",
            remedy=f"Set it to a host and a port, such as 127.0.0.1:9464, or remove {name} to "
            "serve no metrics.",
        )
    return address


def _log_format(given: Mapping[str, str]) -> Literal["console", "json"]:
    value = given.get("LOG_FORMAT", "console").casefold()
    if value == "json":
        return "json"
    if value == "console":
        return "console"
    raise SettingsError(
        f"LOG_FORMAT is {given['LOG_FORMAT']!r}, which is neither console nor json.",
        remedy="Set it to one of them, or remove LOG_FORMAT to use console.",
    )


def _one_of(given: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = given.get(name, default).upper()
    if value not in allowed:
        raise SettingsError(
            f"{name} is {given[name]!r}, which is none of {', '.join(allowed)}.",
            remedy=f"Set it to one of them, or remove {name} to use {default}.",
        )
    return value
