"""The button beside a quote: what stands around it in its article."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.asker import Asker
from bot.languages import t
from bot.rendering.layout import context_layout
from bot.views.lasting import LastingButton
from bot.views.marks import LENGTH, mark_of
from retrieval.answers import Quote, RankedPassage
from retrieval.articles import Article, Span
from retrieval.errors import CorpusError

if TYPE_CHECKING:
    from bot.client import FootnoteClient


class ContextButton(
    LastingButton,
    template=rf"footnote:context:(?P<article>[\w-]{{{LENGTH}}})"
    rf":(?P<start>\d{{1,9}}):(?P<end>\d{{1,9}}):(?P<words>[\w-]{{{LENGTH}}})",
):
    """Shows the paragraphs around quoted words, to whoever presses it.

    The article is looked for among those that may be shown where it is pressed. The words have a
    mark too, so that others are never shown in their place when the article was changed.
    """

    def __init__(self, article: str, span: Span, words: str, *, number: int = 0) -> None:
        super().__init__(
            t("Context {number}", number=number) if number else t("Context"),
            f"footnote:context:{article}:{span.start}:{span.end}:{words}",
        )
        self._article = article
        self._span = span
        self._words = words

    @classmethod
    def beside(cls, article: Article, span: Span, *, number: int = 0) -> Self:
        """The button for a stretch of an article's text.

        Args:
            number: Of the words, counted from 1, where the button does not stand beside them.
        """
        words = mark_of(None, span.of(article.text))
        return cls(mark_of(None, article.id), span, words, number=number)

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["article"], Span(int(match["start"]), int(match["end"])), match["words"])

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        asker = Asker.of_interaction(interaction)
        await client.admission.admit(asker)
        await interaction.response.defer(thinking=True, ephemeral=True)
        view = await client.library.with_articles(self._found, asker.server)
        await interaction.edit_original_response(view=view)

    def _found(self, articles: Mapping[str, Article]) -> discord.ui.LayoutView:
        found = [articles[id_] for id_ in articles if mark_of(None, id_) == self._article]
        if not found:
            raise CorpusError(
                t("That article is no longer here."),
                remedy=t("Ask again: I answer from what is here now."),
            )
        for article in found:
            if mark_of(None, self._span.of(article.text)) == self._words:
                return context_layout(article, self._span)
        raise CorpusError(
            t("That article was changed after I quoted it."),
            remedy=t("Ask again: I answer from what is here now."),
        )


def beside_quote(quote: Quote, *, number: int = 0) -> ContextButton:
    """The button for a quote: for the words of it that answer."""
    marks = quote.highlights
    words = Span(marks[0].start, marks[-1].end) if marks else quote.span
    return ContextButton.beside(quote.article, words, number=number)


def beside_passage(ranked: RankedPassage, article: Article) -> ContextButton:
    """The button for a passage."""
    return ContextButton.beside(article, ranked.passage.span)
