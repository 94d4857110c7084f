"""People whose Discord is in one language or another."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from tests.bot.languages.asking import SetLocale


@pytest.fixture
def set_locale(monkeypatch: pytest.MonkeyPatch) -> SetLocale:
    """Sets the language of a person's Discord, which simcord takes to be English for everyone."""
    locales: dict[int, str] = {}
    original = discord.Interaction.__init__

    def with_locale(self: Any, *, data: Any, state: Any) -> None:
        person = int((data.get("member") or data)["user"]["id"])
        data["locale"] = locales.get(person, "en-US")
        original(self, data=data, state=state)

    monkeypatch.setattr(discord.Interaction, "__init__", with_locale)

    def set_locale(person: simcord.MemberActor, locale: str) -> None:
        locales[person.id] = locale

    return set_locale
