"""``/help``: what the bot does and how to ask it."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.access import is_at_home
from bot.commands.placement import everywhere
from bot.commands.translation import command_name, described
from bot.languages import t


def help_command() -> app_commands.Command[Any, ..., None]:
    """The command; its answer is seen by the person alone."""

    @everywhere
    @app_commands.command(
        name=command_name("/help"), description=described("What I do, and how to ask me.")
    )
    async def help_(interaction: discord.Interaction[Any]) -> None:
        me = interaction.client.user
        mention = me.mention if me else "@Footnote"
        text = _help(mention) if is_at_home(interaction) else _help_away()
        await interaction.response.send_message(text, ephemeral=True)

    return help_


def _help(mention: str) -> str:
    parts = [
        _what_it_does(),
        t(
            "**Ask me**\n"
            "• `/ask` with a question; `private` shows the answer to you alone, `article`, "
            "`source`, `since` and `until` say where to look\n"
            "• {mention} and your question, in a channel or a thread\n"
            "• in a direct message, just write\n"
            "• reply to my answer to go on from it: “And when was that?”\n"
            "• a message’s menu, Apps: “Ask about this message”, “Find sources for this”",
            mention=mention,
        ),
        _more(),
        t(
            "**For those who manage this server**\n"
            "• `/setup` – where, how and whom I answer\n"
            "• `/insights` – what is asked here, and what my articles lack\n"
            "• `/corpus add` – a file, or the address of a page or feed, for this server alone\n"
            "• a message’s menu, Apps, “Add to corpus” – its words and files\n"
            "• `/corpus list`, `show`, `remove`, `undo` – what I quote here, and what I should "
            "not\n"
            "• `/corpus reload`, `status`, `export` – read it anew, check it, take it with you\n"
            "• `/corpus shared` – whether I quote here what all servers share"
        ),
    ]
    return "\n\n".join(parts)


def _help_away() -> str:
    """Where somebody has brought the bot along: it hears nothing there, and nobody manages it."""
    parts = [
        _what_it_does(),
        t(
            "**Ask me**\n"
            "• `/ask` with a question; `private` shows the answer to you alone, `article`, "
            "`source`, `since` and `until` say where to look\n"
            "• a message’s menu, Apps: “Ask about this message”, “Find sources for this”\n"
            "• “Follow up” below my answer goes on from it"
        ),
        _more(),
        t(
            "I am here because you use me with your account: I quote only the articles that all "
            "servers share, and read no messages."
        ),
    ]
    return "\n\n".join(parts)


def _what_it_does() -> str:
    return t(
        "I answer questions by quoting the articles I know, word for word, with the source "
        "below each quote. Where they hold no answer, I say so. I write nothing of my own."
    )


def _more() -> str:
    return t(
        "**More**\n"
        "• `/summary` – the sentences that carry an article or a topic\n"
        "• `/sources` – the articles I know\n"
        "• `/privacy` – what I keep about you, and how to have it deleted"
    )
