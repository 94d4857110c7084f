"""Buttons that change a collection: to confirm a removal, and to undo what was done.

They survive restarts: what each is of stands in its custom id, and whether the person may do it is
asked again when it is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import discord
from discord import ui

from bot.changing import carry_out, one_by_one
from bot.failures import NotAllowedError, telling
from bot.holdings import removed_names, served_names
from bot.library import Library
from bot.views.marks import LENGTH, MOST, PATTERN, mark_of, marks_of, named_by
from retrieval.corpus import Report
from retrieval.errors import CorpusError

if TYPE_CHECKING:
    from bot.client import FootnoteClient

REMOVED: Final = "The articles are removed. For a day that can be undone."
RESTORED: Final = "The articles are back."
_UNDO_WITHIN: Final = timedelta(days=1)
_UNDO_LABEL: Final = "Undo"

Done = Literal["removal", "addition"]
_ACTS: Final[dict[Done, str]] = {"removal": "undo", "addition": "drop"}


def removal_question(collection: str, server: int | None, user: int, name: str) -> ui.View:
    """Remove or keep, for the person who asked for the removal.

    Args:
        name: The id of an article, or the address of a page or feed.
    """
    view = ui.View(timeout=None)
    for act in ("remove", "keep"):
        view.add_item(RemovalButton(act, collection, user, mark_of(server, name)))
    return view


def undo_button(
    done: Done, collection: str, server: int | None, names: Sequence[str]
) -> ui.View | None:
    """A button that undoes a removal or an addition; none where there is nothing or too much.

    Args:
        names: What was removed or added: ids of articles, or addresses.
    """
    if not 0 < len(names) <= MOST:
        return None
    view = ui.View(timeout=None)
    view.add_item(UndoButton(_ACTS[done], collection, marks_of(server, names)))
    return view


def undo_of_addition(report: Report, collection: str, server: int | None) -> ui.View | None:
    """A button that takes out again what was added; none where something was replaced."""
    if report.of("changed"):
        return None
    added = [change.article for change in report.of("added")]
    return undo_button("addition", collection, server, added)


class RemovalButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"footnote:(?P<act>remove|keep):(?P<collection>server|shared)"
    rf":(?P<user>\d{{1,20}}):(?P<mark>[\w-]{{{LENGTH}}})",
):
    """Removes what its custom id names, or leaves it."""

    def __init__(self, act: str, collection: str, user: int, mark: str) -> None:
        super().__init__(
            ui.Button(
                label="Remove" if act == "remove" else "Keep",
                style=discord.ButtonStyle.danger
                if act == "remove"
                else discord.ButtonStyle.secondary,
                custom_id=f"footnote:{act}:{collection}:{user}:{mark}",
            )
        )
        self._act = act
        self._collection = collection
        self._user = user
        self._mark = mark

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> RemovalButton:
        return cls(match["act"], match["collection"], int(match["user"]), match["mark"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: FootnoteClient = interaction.client
        async with telling(interaction):
            if interaction.user.id != self._user:
                raise NotAllowedError("Only the person who asked can decide that.")
            server = client.access.to_change(interaction, self._collection)
            await interaction.response.defer()
            if self._act == "keep":
                await interaction.edit_original_response(
                    content="Nothing was removed.", embeds=[], view=None
                )
                return
            await self._remove(interaction, client, server)

    async def _remove(
        self, interaction: discord.Interaction[Any], client: FootnoteClient, server: int | None
    ) -> None:
        library = client.library
        names: list[str] = []

        async def remove() -> Report:
            served = await library.with_corpus(served_names, server)
            names.extend(named_by(self._mark, server, served))
            if not names:
                raise CorpusError("That was removed already.")
            return await library.remove(names[0], server)

        await carry_out(
            interaction,
            client.in_flight,
            lambda _: remove(),
            REMOVED,
            lambda _: undo_button("removal", self._collection, server, names),
        )


class UndoButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"footnote:(?P<act>undo|drop):(?P<collection>server|shared)"
    rf":(?P<marks>{PATTERN})",
):
    """Brings back what was removed (``undo``), or takes out what was added (``drop``)."""

    def __init__(self, act: str, collection: str, marks: str) -> None:
        super().__init__(
            ui.Button(label=_UNDO_LABEL, custom_id=f"footnote:{act}:{collection}:{marks}")
        )
        self._act = act
        self._collection = collection
        self._marks = marks

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> UndoButton:
        return cls(match["act"], match["collection"], match["marks"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: FootnoteClient = interaction.client
        async with telling(interaction):
            server = client.access.to_change(interaction, self._collection)
            message = interaction.message
            age = interaction.created_at - message.created_at if message else timedelta(0)
            if age > _UNDO_WITHIN:
                raise CorpusError(
                    "That was more than a day ago.",
                    remedy="/corpus list shows what is there now, /corpus remove takes it out.",
                )
            await interaction.response.defer()
            library = client.library
            change = partial(
                _brought_back if self._act == "undo" else _taken_out, library, self._marks, server
            )
            headline = RESTORED if self._act == "undo" else REMOVED
            await carry_out(interaction, client.in_flight, lambda _: change(), headline)


async def _brought_back(library: Library, marks: str, server: int | None) -> Report:
    names = named_by(marks, server, await library.with_corpus(removed_names, server))
    if not names:
        raise CorpusError("That was brought back already, or removed more than a day ago.")
    return await one_by_one([(name, partial(library.undo, name, server)) for name in names])


async def _taken_out(library: Library, marks: str, server: int | None) -> Report:
    names = named_by(marks, server, await library.with_corpus(served_names, server))
    if not names:
        raise CorpusError("That was removed already.")
    return await one_by_one([(name, partial(library.remove, name, server)) for name in names])
