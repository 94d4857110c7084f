"""The form in which is written how often may be asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
from discord import ui

from bot.languages import t
from bot.store import ServerSettings
from bot.store.server_settings import MOST_PER_MINUTE
from bot.views.forms import OPEN_FOR, TITLE
from bot.views.personal import personally
from retrieval.errors import SettingsError

Edit = Callable[[ServerSettings], ServerSettings]
Save = Callable[[discord.Interaction[Any], Edit], Awaitable[None]]


class LimitsModal(ui.Modal):
    """Questions a minute, by member, channel and server.

    Args:
        save: Answers the one who sent the form, and keeps what is in it if they may change that.
    """

    def __init__(self, settings: ServerSettings, save: Save) -> None:
        super().__init__(title=t("Questions a minute")[:TITLE], timeout=OPEN_FOR)
        self._save = save
        fields = {
            "per_member": (t("By one member"), settings.per_member),
            "per_channel": (t("In one channel"), settings.per_channel),
            "per_server": (t("In the whole server"), settings.per_server),
        }
        self._inputs: dict[str, ui.TextInput[Any]] = {}
        for name, (label, rate) in fields.items():
            field: ui.TextInput[Any] = ui.TextInput(
                custom_id=name, default=str(rate), min_length=1, max_length=4
            )
            self._inputs[name] = field
            self.add_item(
                ui.Label(text=label[:TITLE], description=t("0 for any number"), component=field)
            )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            rates: dict[str, Any] = {
                name: _rate(field.value) for name, field in self._inputs.items()
            }
            await self._save(interaction, lambda settings: replace(settings, **rates))


def _rate(text: str) -> int:
    """The number that was written, in whatever digits.

    Raises:
        SettingsError: It is none that can be used.
    """
    written = text.strip()
    if not written.isdecimal() or int(written) > MOST_PER_MINUTE:
        raise SettingsError(
            t("“{written}” is no number of questions that I can use.", written=written),
            remedy=t(
                "Write a whole number from 0 to {most}; nothing was changed.", most=MOST_PER_MINUTE
            ),
        )
    return int(written)
