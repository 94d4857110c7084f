"""What is kept about a person, and the buttons by which they have it deleted."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.failures import NotAllowedError
from bot.languages import t, tn
from bot.rendering.layout.marks import small
from bot.store import Kept
from bot.views.lasting import ID, LastingButton
from bot.views.personal import panel

if TYPE_CHECKING:
    from bot.client import FootnoteClient


def kept_panel(
    kept: Kept, *, retention: timedelta, keeps_text: bool, keeps_conversations: bool = False
) -> ui.LayoutView:
    """What is kept about a person, for how long, and what is not.

    Args:
        retention: After which questions and votes are deleted.
        keeps_text: Whether new questions are kept word for word.
        keeps_conversations: Whether what was said before is in a database too.
    """
    title = t("What I keep about you")
    return panel(
        ui.TextDisplay(
            "\n".join(
                (f"**{title}**", *_amounts(kept), "", *_rules(keeps_text, keeps_conversations))
            )
        ),
        ui.Separator(),
        ui.TextDisplay(
            tn(
                "After {count} day, questions and votes are deleted.",
                "After {count} days, questions and votes are deleted.",
                retention.days,
            )
            + " "
            + t("/privacy forget-me deletes yours at once.")
        ),
    )


def forget_panel(person: int) -> ui.LayoutView:
    """Asks whether everything about a person is to be deleted."""
    question = t("Delete everything that I keep about you?")
    return panel(
        ui.TextDisplay(
            f"**{question}**\n"
            + t(
                "Your questions and your votes, in all servers and in direct messages, and the "
                "conversations that I remember. That cannot be undone."
            )
            + "\n"
            + small(_not_deleted())
        ),
        ui.ActionRow(ForgetButton("delete", person), ForgetButton("keep", person)),
    )


class ForgetButton(
    LastingButton, template=rf"footnote:forget:(?P<act>delete|keep):(?P<person>{ID})"
):
    """Deletes what is kept about the person who presses it, or leaves it."""

    def __init__(self, act: str, person: int) -> None:
        is_deletion = act == "delete"
        super().__init__(
            t("Delete") if is_deletion else t("Keep"),
            f"footnote:forget:{act}:{person}",
            discord.ButtonStyle.danger if is_deletion else discord.ButtonStyle.secondary,
        )
        self._act = act
        self._person = person

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["act"], int(match["person"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        if interaction.user.id != self._person:
            raise NotAllowedError(t("Only the person who asked can decide that."))
        await interaction.response.defer()
        if self._act == "keep":
            said = t("Nothing was deleted.")
        else:
            said = await _forget(client, self._person)
        await interaction.edit_original_response(view=panel(ui.TextDisplay(said)))


async def _forget(client: FootnoteClient, person: int) -> str:
    await client.services.conversations.forget(person)
    client.services.locales.forget(person)
    gone = await asyncio.to_thread(client.services.store.forget_person, person)
    deleted = tn(
        "Deleted: {count} question or vote of yours.",
        "Deleted: {count} questions and votes of yours.",
        gone,
    )
    forgotten = t("What was said before is forgotten too.")
    return f"{deleted} {forgotten}\n{small(_not_deleted())}"


def _amounts(kept: Kept) -> list[str]:
    if not kept.questions and not kept.votes:
        return [t("Nothing: no question and no vote of yours.")]
    lines = [tn("• {count} question", "• {count} questions", kept.questions)]
    if kept.questions:
        words = tn("{count} of them word for word", "{count} of them word for word", kept.texts)
        lines[0] += f" ({words})"
    if kept.oldest is not None:
        lines[0] += t(", the first of {date}", date=discord.utils.format_dt(kept.oldest, "D"))
    lines.append(tn("• {count} vote on an answer", "• {count} votes on answers", kept.votes))
    return lines


def _rules(keeps_text: bool, keeps_conversations: bool) -> list[str]:
    with_question = (
        t("With a question I keep its words, so that articles can be added for what is missing.")
        if keeps_text
        else t("The words of questions are not kept here, only that something was asked.")
    )
    asking_on = (
        t(
            "So that you can ask on, I keep your last few questions and what I quoted for them in "
            "a database for up to an hour."
        )
        if keeps_conversations
        else t("So that you can ask on, I remember your last few questions for up to an hour.")
    )
    return [
        f"• {with_question}",
        "• " + t("Also when and where it was asked, by whom, its language, and what was quoted."),
        "• "
        + t("Those who manage a server see what is asked in it, and the votes, but not by whom."),
        f"• {asking_on}",
        "• "
        + t(
            "So that I answer your direct messages in your language, I remember which one your "
            "Discord is in until I am started again."
        ),
        small(_not_deleted()),
    ]


def _not_deleted() -> str:
    return t(
        "Your messages and my answers in Discord are Discord’s. Whom a server wants ignored is a "
        "setting of that server, made by those who manage it, and stays until they change it."
    )
