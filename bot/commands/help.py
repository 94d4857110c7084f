"""``/help``: what the bot does and how to ask it."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands

_HELP: Final = """\
I answer questions by quoting the articles I know, word for word, with the source below each \
quote. Where they hold no answer, I say so. I write nothing of my own.

**Ask me**
• `/ask` with a question
• {mention} and your question, in a channel or a thread
• in a direct message, just write
• reply to my answer to go on from it: “And when was that?”

**More**
• `/summary` – the sentences that carry an article or a topic
• `/sources` – the articles I know

**For those who manage this server**
• `/corpus add` – a file, or the address of a page or feed, for this server alone
• a message’s menu, Apps, “Add to corpus” – its words and files
• `/corpus list`, `show`, `remove`, `undo` – what I quote here, and what I should not
• `/corpus reload`, `status`, `export` – read it anew, check it, take it with you
• `/corpus shared` – whether I quote here what all servers share"""


def help_command() -> app_commands.Command[Any, ..., None]:
    """The command; its answer is seen by the person alone."""

    @app_commands.command(name="help", description="What I do, and how to ask me.")
    async def help_(interaction: discord.Interaction[Any]) -> None:
        me = interaction.client.user
        text = _HELP.format(mention=me.mention if me else "mention me")
        await interaction.response.send_message(text, ephemeral=True)

    return help_
