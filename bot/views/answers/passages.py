"""More passages for a question, page by page, for whoever wants to see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.asker import Asker
from bot.languages import t
from bot.rendering.layout import (
    ItemFactory,
    earlier_of,
    passage_pages,
    passages_layout,
    question_of,
)
from bot.views.answers.context import beside_passage
from bot.views.forms import Form
from bot.views.lasting import LastingButton
from bot.views.paging import turn_label, turns
from bot.within import PATTERN, Within
from retrieval.answers import Answer
from retrieval.articles import Article
from retrieval.conversation import Turn
from retrieval.errors import QuestionError

if TYPE_CHECKING:
    from bot.client import FootnoteClient

MOST: Final = 25
"""Passages; those farther down have little to do with the question."""


class PassagesButton(
    LastingButton,
    template=r"footnote:passages:(?P<act>more|previous|next|go):(?P<page>\d{1,3})"
    rf":(?P<within>{PATTERN})",
):
    """Shows a page of the passages: beside an answer (``more``), or in place of another page.

    The question is read from the message that the button stands in. It is asked anew each time,
    so that what is shown is what the articles hold now.
    """

    def __init__(self, act: str, page: int, within: Within, *, disabled: bool = False) -> None:
        labels = {"more": t("More passages"), "go": t("Go to page…")}
        custom_id = f"footnote:passages:{act}:{page}:{within.code}"
        super().__init__(labels.get(act) or turn_label(act), custom_id, disabled=disabled)
        self._act = act
        self._page = page
        self._within = within

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["act"], int(match["page"]), Within.from_code(match["within"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        if self._act == "go":
            await interaction.response.send_modal(
                Form(t("Go to page…"), t("Number of the page"), self._go, most=3, is_long=False)
            )
            return
        await self._show(interaction, client, self._page)

    async def _go(self, interaction: discord.Interaction[Any], written: str) -> None:
        if not written.isdecimal():
            raise QuestionError(t("That is no number of a page."))
        await self._show(interaction, interaction.client, int(written) - 1)

    async def _show(
        self, interaction: discord.Interaction[Any], client: FootnoteClient, page: int
    ) -> None:
        asker = Asker.of_interaction(interaction)
        # Every page is an answer anew.
        await client.admission.admit(asker)
        if self._act == "more":
            await interaction.response.defer(thinking=True, ephemeral=True)
        else:
            await interaction.response.defer()
        message = interaction.message
        question = question_of(message) if message else ""
        if message is None or not question:
            raise QuestionError(
                t("I cannot read any more what was asked."), remedy=t("Ask it again.")
            )
        view = await passages_view(
            client,
            asker,
            question,
            earlier=earlier_of(message) or "",
            page=page,
            within=self._within,
        )
        await interaction.edit_original_response(view=view)


async def passages_view(
    client: FootnoteClient,
    asker: Asker,
    question: str,
    *,
    earlier: str = "",
    page: int = 0,
    within: Within | None = None,
) -> ui.LayoutView:
    """A page of the passages for a question.

    Args:
        earlier: The question in whose light it was understood, if any.
        page: From 0; the nearest there is where there is no such page.

    Raises:
        QuestionError, CorpusError: As for ``Library.ask``.
    """
    library = client.library
    within = within or Within()
    history = (Turn(earlier),) if earlier else ()
    with client.in_flight:
        answer = await library.ask(question, history, asker.server, top=MOST, within=within.test)
        view = partial(_view, answer, page=page, within=within, earlier=earlier)
        return await library.with_articles(view, asker.server)


def _view(
    answer: Answer, known: Mapping[str, Article], page: int, within: Within, earlier: str
) -> ui.LayoutView:
    wanted = dict.fromkeys(ranked.passage.article for ranked in answer.passages)
    articles = {id_: known[id_] for id_ in wanted if id_ in known}
    passages = [ranked for ranked in answer.passages if ranked.passage.article in articles]
    pages = passage_pages(passages)
    page = min(max(page, 0), pages - 1)
    turn = partial(PassagesButton, within=within)
    navigation: list[ItemFactory] = []
    if pages > 1:
        navigation = [*turns(turn, page, pages), partial(turn, "go", page)]
    return passages_layout(
        answer.question,
        passages,
        articles,
        page,
        context=lambda index: beside_passage(
            passages[index], articles[passages[index].passage.article]
        ),
        navigation=navigation,
        earlier=earlier,
    )
