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
from bot.views.answers.pressing import ID, AnswerButton
from bot.views.answers.votes import TellButton, VoteButton
from retrieval.errors import CorpusError

if TYPE_CHECKING:
    from bot.client import FootnoteClient


class ShareButton(AnswerButton, template=rf"footnote:share:(?P<asker>{ID})"):
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
        # A shared answer is as much to read for the others as one that is asked for.
        await client.admission.admit(asker)
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
        if (turn := turn_of(message)) is not None:
            client.answering.go_on_from(sent.id, (turn,), asker.person)
        without = copy_of(message, button_again, leave_out=_is_share)
        if without is not None:
            await interaction.edit_original_response(view=without)


def _is_share(custom_id: str) -> bool:
    return _template(ShareButton).fullmatch(custom_id) is not None


_BUTTONS: Final[tuple[type[AnswerButton], ...]] = (
    ContextButton,
    PassagesButton,
    FollowUpButton,
    VoteButton,
    TellButton,
    DeleteButton,
    ShareButton,
)


def button_again(custom_id: str) -> ui.Item[Any] | None:
    """The button of an answer that has a custom id; ``None`` where none has."""
    for kind in _BUTTONS:
        match = _template(kind).fullmatch(custom_id)
        if match is not None:
            return kind.named(match)
    return None


def _template(kind: type[AnswerButton]) -> re.Pattern[str]:
    return kind.__discord_ui_compiled_template__
