"""The list of a collection, for those who manage it, with buttons that turn its pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.access import SHARED
from bot.failures import telling
from bot.holdings import listed
from bot.library import Library
from bot.rendering.discord import Reply, page_count, render_collection
from bot.views.sources import PAGE_LABELS

if TYPE_CHECKING:
    from bot.client import FootnoteClient


async def collection_page(
    library: Library, collection: str, server: int | None, page: int
) -> tuple[Reply, ui.View | None]:
    """A page of a collection, and its buttons where there is more than one page.

    Args:
        server: The collection as the library names it.
        page: From 0; the last one there is where the list has become shorter.
    """
    items = await library.with_corpus(listed, server)
    pages = page_count([item.article for item in items])
    page = min(page, pages - 1)
    reply = render_collection(items, page, is_shared=collection == SHARED)
    if pages == 1:
        return reply, None
    view = ui.View(timeout=None)
    view.add_item(
        CollectionPageButton("previous", collection, max(page - 1, 0), disabled=page == 0)
    )
    view.add_item(CollectionPageButton("next", collection, page + 1, disabled=page == pages - 1))
    return reply, view


class CollectionPageButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"footnote:list:(?P<direction>previous|next)"
    r":(?P<collection>server|shared):(?P<page>\d{1,6})",
):
    """Turns to the page that its custom id names, for whoever may still see it."""

    def __init__(
        self, direction: str, collection: str, page: int, *, disabled: bool = False
    ) -> None:
        super().__init__(
            ui.Button(
                label=PAGE_LABELS[direction],
                custom_id=f"footnote:list:{direction}:{collection}:{page}",
                disabled=disabled,
            )
        )
        self._collection = collection
        self._page = page

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> CollectionPageButton:
        return cls(match["direction"], match["collection"], int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: FootnoteClient = interaction.client
        async with telling(interaction):
            client.access.check(interaction)
            await interaction.response.defer()
            server = await client.access.to_read(interaction, self._collection)
            reply, view = await collection_page(
                client.library, self._collection, server, self._page
            )
            await interaction.edit_original_response(
                content=reply.content or None, embeds=list(reply.embeds), view=view
            )
