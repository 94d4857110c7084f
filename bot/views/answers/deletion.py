"""To take an answer away again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.failures import NotAllowedError
from bot.languages import t
from bot.views.lasting import ID, LastingButton

if TYPE_CHECKING:
    from bot.client import FootnoteClient


class DeleteButton(LastingButton, template=rf"footnote:delete:(?P<asker>{ID})"):
    """Deletes the answer, for who asked and for those who may delete messages there."""

    def __init__(self, asker: int) -> None:
        super().__init__(t("Delete"), f"footnote:delete:{asker}", discord.ButtonStyle.danger)
        self._asker = asker

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(int(match["asker"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        may = interaction.guild_id is not None and interaction.permissions.manage_messages
        if interaction.user.id != self._asker and not may:
            raise NotAllowedError(
                t("Only who asked, and those who may delete messages here, can delete an answer.")
            )
        await interaction.response.defer()
        try:
            await interaction.delete_original_response()
        except discord.NotFound:
            pass  # Somebody else was quicker.
        except discord.Forbidden as error:
            raise NotAllowedError(
                t("Discord does not let me delete this answer."),
                remedy=t("You can do it yourself in the message’s menu, or ask a moderator."),
            ) from error
