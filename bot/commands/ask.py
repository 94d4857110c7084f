"""``/ask``: a question, answered with quotes."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.access import server_of
from bot.answering import Answering
from bot.conversations import Place
from bot.inflight import InFlight
from bot.messages import conversation_in

_QUESTION_CHARACTERS = 2000


def ask_command(answering: Answering, in_flight: InFlight) -> app_commands.Command[Any, ..., None]:
    """The command, answering with ``answering``."""

    @app_commands.command(name="ask", description="Ask the articles; I answer by quoting them.")
    @app_commands.describe(question="What you want to know")
    async def ask(
        interaction: discord.Interaction[Any],
        question: app_commands.Range[str, 1, _QUESTION_CHARACTERS],
    ) -> None:
        await interaction.response.defer(thinking=True)
        with in_flight:
            places = _places(interaction)
            exchange = await answering.answer(
                question,
                answering.history(places),
                server_of(interaction),
                with_question=True,
            )
            sent = await interaction.followup.send(
                exchange.reply.content, embeds=list(exchange.reply.embeds), wait=True
            )
            answering.remember(exchange, [Place("message", sent.id), *places])

    return ask


def _places(interaction: discord.Interaction[Any]) -> list[Place]:
    if interaction.channel_id is None:
        return []
    return conversation_in(interaction.channel) or [
        Place("person", interaction.channel_id, interaction.user.id)
    ]
