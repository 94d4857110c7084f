"""Where a server wants answers for the asker's eyes only: a message cannot be answered so, but
whoever presses a button below one can."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.failures import UNDELIVERABLE, NotAllowedError
from bot.hearing import question_in
from bot.languages import t
from bot.views.lasting import ID, LastingButton, view_of
from retrieval.errors import QuestionError

if TYPE_CHECKING:
    from bot.client import FootnoteClient


class ShowButton(LastingButton, template=rf"footnote:show:(?P<asker>{ID})"):
    """Answers the message that its own replies to, privately, for who wrote that."""

    def __init__(self, asker: int) -> None:
        super().__init__(
            t("Show me the answer"), f"footnote:show:{asker}", discord.ButtonStyle.primary
        )
        self._asker = asker

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(int(match["asker"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        if interaction.user.id != self._asker:
            raise NotAllowedError(
                t("Only who asked can see that answer."), remedy=t("You can /ask it yourself.")
            )
        asked = await _asked(interaction.message)
        question = question_in(asked) if asked else ""
        if not question:
            raise QuestionError(
                t("I cannot read any more what was asked."), remedy=t("Ask it with /ask.")
            )
        await client.asking.respond(interaction, question, is_private=True)


def show_view(asker: int) -> ui.View:
    """The button by which the asker sees the answer."""
    return view_of(ShowButton(asker))


async def _asked(note: discord.Message | None) -> discord.Message | None:
    """The message that a note replies to; ``None`` where it is gone."""
    reference = note.reference if note else None
    if note is None or reference is None or reference.message_id is None:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    try:
        return await note.channel.fetch_message(reference.message_id)
    except UNDELIVERABLE:
        return None
