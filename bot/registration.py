"""Tell Discord of the commands when they changed, not at every start.

Discord limits how often commands may be created, and each registration delays the start. What was
registered last is remembered by its hash, for each application and API; it is of the commands in
all languages, so that a better translation is registered too.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any, Protocol

import discord
from discord import app_commands
from discord.http import Route

from retrieval.durable import write_durably
from retrieval.errors import StorageError

log = logging.getLogger(__name__)


class Registrations(Protocol):
    """What was registered last, by the application and API. Waits for the disk or the network."""

    def last(self, key: str) -> str | None:
        """The hash of it; ``None`` where it is not known.

        Raises:
            StorageError: It cannot be read.
        """
        ...

    def keep(self, key: str, digest: str) -> None:
        """Remember the hash of what was registered just now.

        Raises:
            StorageError: It cannot be kept.
        """
        ...


class FileRegistrations:
    """Remembered in a file of a folder, which is made if needed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "commands.json"

    def last(self, key: str) -> str | None:
        return self._read().get(key)

    def keep(self, key: str, digest: str) -> None:
        registered = {**self._read(), key: digest}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, json.dumps(registered, indent=2, sort_keys=True).encode())
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written.", why=str(error)) from error

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


async def register_commands(
    tree: app_commands.CommandTree[Any], registrations: Registrations
) -> bool:
    """Register the tree's commands with Discord if they are not those registered last.

    Where Discord cannot take them now the bot goes on with those it knows, and tries again at the
    next start.

    Returns:
        Whether they were registered.
    """
    key = f"{tree.client.application_id}@{Route.BASE}"
    digest = await _digest(tree)
    try:
        if await asyncio.to_thread(registrations.last, key) == digest:
            return False
    except StorageError as error:
        log.warning("It is not known which commands are registered: %s", error)
    try:
        await tree.sync()
    except discord.HTTPException as error:
        log.error("Discord did not take the commands: %s", error)
        return False
    try:
        await asyncio.to_thread(registrations.keep, key, digest)
    except StorageError as error:
        log.warning("Not remembered that the commands are registered: %s", error)
    return True


async def _digest(tree: app_commands.CommandTree[Any]) -> str:
    # As ``sync`` makes it.
    translator = tree.translator or app_commands.Translator()
    payload = [
        await command.get_translated_payload(tree, translator) for command in tree.get_commands()
    ]
    payload.sort(key=lambda command: (str(command.get("type")), command["name"]))
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
