"""To show everybody an answer that only one person sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.asker import Asker
from bot.failures import NotAllowedError
from bot.languages import t
from bot.rendering.layout import turn_of
from bot.rendering.layout.copying import copy_of
from bot.views.answers.context import ContextButton
from bot.views.answers.deletion import DeleteButton
from bot.views.answers.following import FollowUpButton
from bot.views.answers.passages import PassagesButton
from bot.views.answers.votes import TellButton, VoteButton
from bot.views.lasting import ID, LastingButton
from retrieval.errors import CorpusError

if TYPE_CHECKING:
    from bot.client import FootnoteClient


class ShareButton(LastingButton, template=rf"footnote:share:(?P<asker>{ID})"):
    """Posts the very answer that it stands below, naming who shares it."""

    def __init__(self, asker: int) -> None:
        super().__init__(t("Share"), f"footnote:share:{asker}")
        self._asker = asker

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(int(match["asker"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        asker = Asker.of_interaction(interaction)
        if asker.person != self._asker:
            raise NotAllowedError(t("Only who asked can share an answer."))
        message = interaction.message
        # Its question was counted, and it can be shared but once.
        await client.admission.check(asker)
        await interaction.response.defer()
        note = t("Shared by {person}", person=interaction.user.mention)
        shared = None
        if message is not None:
            shared = copy_of(
                message,
                button_again,
                note=note,
                leave_out=_is_share,
                buttons=[lambda: DeleteButton(asker.person)],
            )
        if message is None or shared is None:
            raise CorpusError(t("I cannot read this answer any more."), remedy=t("Ask again."))
        sent = await interaction.followup.send(
            view=shared, wait=True, allowed_mentions=discord.AllowedMentions.none()
        )
        if sent.flags.ephemeral:
            # Discord decides so where a server forbids what people bring along.
            raise NotAllowedError(
                t("Only you can see that too: answers of mine cannot be shared here."),
                why=t("Those who manage this server do not let apps like me write in it."),
            )
        if (turn := turn_of(message)) is not None:
            await client.answering.go_on_from(asker, sent.id, (turn,))
        without = copy_of(message, button_again, leave_out=_is_share)
        if without is not None:
            await interaction.edit_original_response(view=without)


def _is_share(custom_id: str) -> bool:
    return ShareButton.again(custom_id) is not None


ANSWER_BUTTONS: Final[tuple[type[LastingButton], ...]] = (
    ContextButton,
    PassagesButton,
    FollowUpButton,
    VoteButton,
    TellButton,
    DeleteButton,
    ShareButton,
)
"""All that may stand with an answer."""


def button_again(custom_id: str) -> ui.Item[Any] | None:
    """The button of an answer that has a custom id; ``None`` where none has."""
    found = (kind.again(custom_id) for kind in ANSWER_BUTTONS)
    return next((button for button in found if button is not None), None)
