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
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

from retrieval.durable import write_durably

log = logging.getLogger(__name__)


async def register_commands(tree: app_commands.CommandTree[Any], folder: Path) -> bool:
    """Register the tree's commands with Discord if they are not those registered last.

    Where Discord cannot take them now the bot goes on with those it knows, and tries again at the
    next start.

    Args:
        folder: Where it is remembered; made if needed.

    Returns:
        Whether they were registered.
    """
    path = folder / "commands.json"
    key = f"{tree.client.application_id}@{Route.BASE}"
    digest = await _digest(tree)
    registered = await asyncio.to_thread(_read, path)
    if registered.get(key) == digest:
        return False
    try:
        await tree.sync()
    except discord.HTTPException as error:
        log.error("Discord did not take the commands: %s", error)
        return False
    await asyncio.to_thread(_write, path, {**registered, key: digest})
    return True


async def _digest(tree: app_commands.CommandTree[Any]) -> str:
    # As ``sync`` makes it.
    translator = tree.translator or app_commands.Translator()
    payload = [
        await command.get_translated_payload(tree, translator) for command in tree.get_commands()
    ]
    payload.sort(key=lambda command: (str(command.get("type")), command["name"]))
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, registered: dict[str, str]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, json.dumps(registered, indent=2, sort_keys=True).encode())
    except OSError as error:
        log.warning("Not remembered that the commands are registered: %s", error)
