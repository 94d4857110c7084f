"""The list of articles with buttons that turn its pages, for as long as the message exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.access import server_of
from bot.library import Library
from bot.rendering.discord import Reply, page_count, render_articles
from bot.views.lasting import LastingButton, view_of
from bot.views.paging import turn_label, turns

if TYPE_CHECKING:
    from bot.client import FootnoteClient


async def sources_page(
    library: Library, page: int, server: int | None
) -> tuple[Reply, ui.View | None]:
    """A page of the articles, and its buttons where there is more than one page.

    Args:
        page: From 0; the last one there is where the list has become shorter.
        server: Where they are looked at.

    Raises:
        CorpusError: There are none, or they are not open yet.
    """
    articles = await library.known(server)
    pages = page_count(articles)
    page = min(page, pages - 1)
    reply = render_articles(articles, page)
    if pages == 1:
        return reply, None
    return reply, view_of(*(button() for button in turns(PageButton, page, pages)))


class PageButton(
    LastingButton, template=r"footnote:sources:(?P<direction>previous|next):(?P<page>\d{1,6})"
):
    """Turns to the page that its custom id names; needs no memory of the message."""

    def __init__(self, direction: str, page: int, *, disabled: bool = False) -> None:
        custom_id = f"footnote:sources:{direction}:{page}"
        super().__init__(turn_label(direction), custom_id, disabled=disabled)
        self._page = page

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["direction"], int(match["page"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        await interaction.response.defer()
        reply, view = await sources_page(client.library, self._page, server_of(interaction))
        await interaction.edit_original_response(
            content=reply.content or None, embeds=list(reply.embeds), view=view
        )
