"""The list of a collection, for those who manage it, with buttons that turn its pages."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.access import SHARED
from bot.holdings import listed
from bot.library import Library
from bot.rendering.discord import Reply, page_count, render_collection
from bot.views.lasting import LastingButton, view_of
from bot.views.paging import turn_label, turns

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
    turn = partial(CollectionPageButton, collection=collection)
    return reply, view_of(*(button() for button in turns(turn, page, pages)))


class CollectionPageButton(
    LastingButton,
    template=r"footnote:list:(?P<direction>previous|next)"
    r":(?P<collection>server|shared):(?P<page>\d{1,6})",
):
    """Turns to the page that its custom id names, for whoever may still see it."""

    def __init__(
        self, direction: str, page: int, collection: str, *, disabled: bool = False
    ) -> None:
        custom_id = f"footnote:list:{direction}:{collection}:{page}"
        super().__init__(turn_label(direction), custom_id, disabled=disabled)
        self._collection = collection
        self._page = page

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["direction"], int(match["page"]), match["collection"])

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        client.access.check(interaction)
        await interaction.response.defer()
        server = await client.access.to_read(interaction, self._collection)
        reply, view = await collection_page(client.library, self._collection, server, self._page)
        await interaction.edit_original_response(
            content=reply.content or None, embeds=list(reply.embeds), view=view
        )
