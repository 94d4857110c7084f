"""What can be asked of a message, in its menu: about it, and where its words come from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot.asker import Asker
from bot.commands.placement import everywhere
from bot.commands.translation import menu_name
from bot.hearing import question_in
from bot.languages import LANGUAGES, t
from bot.views.answers import passages_view
from bot.views.forms import Form
from retrieval.conversation import Turn
from retrieval.errors import QuestionError
from retrieval.languages import Language, language_of
from retrieval.questions import MAX_CHARACTERS, is_question

if TYPE_CHECKING:
    from bot.client import FootnoteClient

_CONTEXT: Final = 500
"""Characters of a message that a question about it is understood with."""
_LOOKED_FOR: Final = 1000
"""Characters of a message for which sources are looked for: as many as a list shows again."""
_LIKELY: Final = frozenset(map(Language, LANGUAGES))


def ask_about_command() -> app_commands.ContextMenu:
    """The entry that asks a question about a message; only the asker sees the answer."""

    async def ask_about(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        said = _words_of(message)
        asks = is_question(said, language_of(said, _LIKELY))
        form = Form(
            t("Ask about this message"),
            t("Your question"),
            partial(_answer, said),
            filled=said if asks else "",
            most=MAX_CHARACTERS,
        )
        await interaction.response.send_modal(form)

    return everywhere(
        app_commands.ContextMenu(name=menu_name("Ask about this message"), callback=ask_about)
    )


def find_sources_command() -> app_commands.ContextMenu:
    """The entry that lists the passages nearest to what a message says, privately."""

    async def find_sources(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        client: FootnoteClient = interaction.client
        said = _words_of(message)[:_LOOKED_FOR]
        asker = Asker.of_interaction(interaction)
        await client.admission.admit(asker)
        await interaction.response.defer(thinking=True, ephemeral=True)
        view = await passages_view(client, asker, said)
        await interaction.edit_original_response(view=view)

    return everywhere(
        app_commands.ContextMenu(name=menu_name("Find sources for this"), callback=find_sources)
    )


async def _answer(said: str, interaction: discord.Interaction[Any], question: str) -> None:
    client: FootnoteClient = interaction.client
    history = () if question == said else (Turn(said[:_CONTEXT]),)
    await client.asking.respond(interaction, question, history=history, is_private=True)


def _words_of(message: discord.Message) -> str:
    """What a message says, on one line.

    Raises:
        QuestionError: Nothing.
    """
    said = question_in(message)
    if not any(character.isalnum() for character in said):
        raise QuestionError(t("There are no words in that message."))
    return said
