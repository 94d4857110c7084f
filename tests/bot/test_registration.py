"""Commands are registered when they changed, not at every start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import FootnoteClient
from bot.commands.translation import CommandTranslator
from bot.conversations import LocalConversations
from bot.library import Library
from tests.bot.conftest import client_over


def registrations(env: simcord.Env) -> int:
    return sum(
        request.method == "PUT" and request.path.endswith("/commands")
        for request in env.http_requests
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "discord"


def client(library: Library, folder: Path) -> FootnoteClient:
    return client_over(library, LocalConversations(lambda: 0.0), folder)


async def test_a_second_start_does_not_register_again(
    simcord_env: simcord.Env, library: Library, folder: Path
) -> None:
    assert registrations(simcord_env) == 1
    await simcord_env.restart_bot(client(library, folder))
    assert registrations(simcord_env) == 1


async def test_a_change_is_registered(
    simcord_env: simcord.Env, library: Library, folder: Path
) -> None:
    changed = client(library, folder)
    ask = changed.tree.get_command("ask")
    assert isinstance(ask, app_commands.Command)
    ask.description = "Another description"
    await simcord_env.restart_bot(changed)
    assert registrations(simcord_env) == 2


async def test_a_better_translation_is_registered(
    simcord_env: simcord.Env, library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def translate(
        self: CommandTranslator, text: locale_str, locale: discord.Locale, context: Any
    ) -> str | None:
        is_meant = (text.message, locale) == ("ask", discord.Locale.german)
        return "frag-mich" if is_meant else None

    monkeypatch.setattr(CommandTranslator, "translate", translate)
    await simcord_env.restart_bot(client(library, folder))
    assert registrations(simcord_env) == 2
    commands = await simcord_env.bot.tree.fetch_commands()  # type: ignore[attr-defined]
    ask = next(command for command in commands if command.name == "ask")
    assert ask.name_localizations == {discord.Locale.german: "frag-mich"}


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "\x00"])
async def test_a_damaged_note_means_registering_again(
    simcord_env: simcord.Env, library: Library, folder: Path, content: str
) -> None:
    (folder / "commands.json").write_text(content)
    await simcord_env.restart_bot(client(library, folder))
    assert registrations(simcord_env) == 2


async def test_a_folder_that_cannot_be_written_does_not_stop_the_bot(
    simcord_env: simcord.Env, library: Library, tmp_path: Path
) -> None:
    occupied = tmp_path / "a-file"
    occupied.write_text("not a folder")
    await simcord_env.restart_bot(client(library, occupied / "discord"))
    assert registrations(simcord_env) == 2


async def test_the_bot_starts_though_discord_cannot_register_now(
    simcord_env: simcord.Env, library: Library, tmp_path: Path
) -> None:
    new = client(library, tmp_path / "elsewhere")
    simcord_env.inject_error("PUT", "/applications/*/commands", status=503)
    await simcord_env.restart_bot(new)
    await simcord_env.restart_bot(client(library, tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "commands.json").exists()
