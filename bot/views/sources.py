"""The list of articles with buttons that turn its pages, for as long as the message exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import ui

from bot.access import server_of
from bot.failures import telling
from bot.library import Library
from bot.rendering.discord import Reply, page_count, render_articles

if TYPE_CHECKING:
    from bot.client import FootnoteClient

PAGE_LABELS: Final = {"previous": "◀ Previous", "next": "Next ▶"}


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
    view = ui.View(timeout=None)
    view.add_item(PageButton("previous", max(page - 1, 0), disabled=page == 0))
    view.add_item(PageButton("next", page + 1, disabled=page == pages - 1))
    return reply, view


class PageButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"footnote:sources:(?P<direction>previous|next):(?P<page>\d{1,6})",
):
    """Turns to the page that its custom id names; needs no memory of the message."""

    def __init__(self, direction: str, page: int, *, disabled: bool = False) -> None:
        super().__init__(
            ui.Button(
                label=PAGE_LABELS[direction],
                custom_id=f"footnote:sources:{direction}:{page}",
                disabled=disabled,
            )
        )
        self._page = page

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> PageButton:
        return cls(match["direction"], int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: FootnoteClient = interaction.client
        async with telling(interaction):
            await interaction.response.defer()
            reply, view = await sources_page(client.library, self._page, server_of(interaction))
            await interaction.edit_original_response(
                content=reply.content or None, embeds=list(reply.embeds), view=view
            )
