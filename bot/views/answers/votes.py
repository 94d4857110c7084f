"""What people think of an answer, and that the admins should know of a question."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord

from bot.access import server_of
from bot.failures import NotAllowedError
from bot.languages import t
from bot.store import Asked, Verdict
from bot.views.forms import Form
from bot.views.lasting import ID, LastingButton, view_of
from retrieval.errors import QuestionError

if TYPE_CHECKING:
    from bot.client import FootnoteClient

_REASON: Final = 500


class VoteButton(LastingButton, template=rf"footnote:vote:(?P<act>up|down):(?P<asked>{ID})"):
    """Keeps what one person thinks of an answer; the latest counts."""

    def __init__(self, act: str, asked: int) -> None:
        super().__init__("👍" if act == "up" else "👎", f"footnote:vote:{act}:{asked}")
        self._act = act
        self._asked = asked

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["act"], int(match["asked"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        if self._act == "up":
            await interaction.response.defer(thinking=True, ephemeral=True)
            await self._vote(interaction, client, None)
            await interaction.edit_original_response(content=t("Thank you, that helps."))
            return
        # A form must be the first response, and whoever closes it has voted all the same.
        await interaction.response.send_modal(
            Form(
                t("What is wrong with it?"),
                t("You may leave this empty"),
                self._explained,
                most=_REASON,
                required=False,
            )
        )
        await self._vote(interaction, client, None)

    async def _explained(self, interaction: discord.Interaction[Any], reason: str) -> None:
        client: FootnoteClient = interaction.client
        await interaction.response.defer(thinking=True, ephemeral=True)
        asked = await self._vote(interaction, client, reason or None)
        await interaction.edit_original_response(
            content=t("Thank you. Nobody is told that it was you."),
            view=view_of(TellButton(self._asked)) if asked.server is not None else None,
        )

    async def _vote(
        self, interaction: discord.Interaction[Any], client: FootnoteClient, reason: str | None
    ) -> Asked:
        asked = await kept_question(interaction, client, self._asked)
        verdict: Verdict = 1 if self._act == "up" else -1
        store = client.services.store
        await asyncio.to_thread(
            store.vote, asked.server, self._asked, interaction.user.id, verdict, reason
        )
        return asked


class TellButton(LastingButton, template=rf"footnote:tell:(?P<asked>{ID})"):
    """Has those who add articles told that a question wants a better answer."""

    def __init__(self, asked: int) -> None:
        super().__init__(t("Tell the admins"), f"footnote:tell:{asked}")
        self._asked = asked

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(int(match["asked"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        asked = await kept_question(interaction, client, self._asked)
        if asked.server is None:
            raise NotAllowedError(t("That works in servers only."))
        is_news = await asyncio.to_thread(client.services.store.tell, asked.server, self._asked)
        await interaction.edit_original_response(
            content=t("Done: the question is marked on the list of those who add articles here.")
            if is_news
            else t("They have been told of it already.")
        )


async def kept_question(
    interaction: discord.Interaction[Any], client: FootnoteClient, asked: int
) -> Asked:
    """A question that was asked where somebody presses a button.

    Raises:
        QuestionError: It is no longer kept, or was asked elsewhere.
        StorageError: The store cannot be read.
    """
    found = await asyncio.to_thread(client.services.store.asked, server_of(interaction), asked)
    if found is None:
        raise QuestionError(
            t("That question is no longer kept."),
            why=t("Questions are deleted after a while, or when somebody wants that."),
            remedy=t("Ask it again."),
        )
    return found
