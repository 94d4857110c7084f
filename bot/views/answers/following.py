"""To go on from an answer: the next question, understood in its light."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.access import server_of
from bot.conversations import Place
from bot.languages import t
from bot.rendering.layout import turn_of
from bot.views.forms import Form
from bot.views.lasting import LastingButton
from bot.within import PATTERN, Within
from retrieval.conversation import Turn
from retrieval.questions import MAX_CHARACTERS

if TYPE_CHECKING:
    from bot.client import FootnoteClient


class FollowUpButton(LastingButton, template=rf"footnote:follow:(?P<within>{PATTERN})"):
    """Asks whoever presses it for the next question, and answers it as the first was answered:
    in the same articles, and privately where that was private."""

    def __init__(self, within: Within) -> None:
        super().__init__(
            t("Follow up"), f"footnote:follow:{within.code}", discord.ButtonStyle.primary
        )
        self._within = within

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(Within.from_code(match["within"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        await interaction.response.send_modal(
            Form(t("Follow up"), t("Your next question"), self._ask, most=MAX_CHARACTERS)
        )

    async def _ask(self, interaction: discord.Interaction[Any], question: str) -> None:
        client: FootnoteClient = interaction.client
        message = interaction.message

        async def history() -> tuple[Turn, ...]:
            if message is None:
                return ()
            here = [Place("message", message.id)]
            known = await client.answering.history(server_of(interaction), here)
            if not known and (turn := turn_of(message)) is not None:
                known = (turn,)
            return known

        await client.asking.respond(
            interaction,
            question,
            history=history,
            within=self._within,
            is_private=message is not None and message.flags.ephemeral,
        )
