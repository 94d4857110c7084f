"""Buttons that change a collection: to confirm a removal, and to undo what was done.

They survive restarts: what each is of stands in its custom id, and whether the person may do it is
asked again when it is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import discord
from discord import ui

from bot.changing import carry_out, one_by_one
from bot.failures import NotAllowedError
from bot.holdings import removed_names, served_names
from bot.languages import t
from bot.library import Library
from bot.views.lasting import ID, LastingButton, view_of
from bot.views.marks import LENGTH, MOST, PATTERN, mark_of, marks_of, named_by
from retrieval.corpus import Report
from retrieval.errors import CorpusError

if TYPE_CHECKING:
    from bot.client import FootnoteClient

_UNDO_WITHIN: Final = timedelta(days=1)

Done = Literal["removal", "addition"]
_ACTS: Final[dict[Done, str]] = {"removal": "undo", "addition": "drop"}


def removal_question(collection: str, server: int | None, user: int, name: str) -> ui.View:
    """Remove or keep, for the person who asked for the removal.

    Args:
        name: The id of an article, or the address of a page or feed.
    """
    mark = mark_of(server, name)
    return view_of(*(RemovalButton(act, collection, user, mark) for act in ("remove", "keep")))


def undo_button(
    done: Done, collection: str, server: int | None, names: Sequence[str]
) -> ui.View | None:
    """A button that undoes a removal or an addition; none where there is nothing or too much.

    Args:
        names: What was removed or added: ids of articles, or addresses.
    """
    if not 0 < len(names) <= MOST:
        return None
    return view_of(UndoButton(_ACTS[done], collection, marks_of(server, names)))


def undo_of_addition(report: Report, collection: str, server: int | None) -> ui.View | None:
    """A button that takes out again what was added; none where something was replaced."""
    if report.of("changed"):
        return None
    added = [change.article for change in report.of("added")]
    return undo_button("addition", collection, server, added)


class RemovalButton(
    LastingButton,
    template=r"footnote:(?P<act>remove|keep):(?P<collection>server|shared)"
    rf":(?P<user>{ID}):(?P<mark>[\w-]{{{LENGTH}}})",
):
    """Removes what its custom id names, or leaves it."""

    def __init__(self, act: str, collection: str, user: int, mark: str) -> None:
        is_removal = act == "remove"
        super().__init__(
            t("Remove") if is_removal else t("Do not remove"),
            f"footnote:{act}:{collection}:{user}:{mark}",
            discord.ButtonStyle.danger if is_removal else discord.ButtonStyle.secondary,
        )
        self._act = act
        self._collection = collection
        self._user = user
        self._mark = mark

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["act"], match["collection"], int(match["user"]), match["mark"])

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        if interaction.user.id != self._user:
            raise NotAllowedError(t("Only the person who asked can decide that."))
        server = client.access.to_change(interaction, self._collection)
        await interaction.response.defer()
        if self._act == "keep":
            await interaction.edit_original_response(
                content=t("Nothing was removed."), embeds=[], view=None
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
                raise CorpusError(t("That was removed already."))
            return await library.remove(names[0], server)

        await carry_out(
            interaction,
            client.in_flight,
            lambda _: remove(),
            _removed(),
            lambda _: undo_button("removal", self._collection, server, names),
        )


class UndoButton(
    LastingButton,
    template=r"footnote:(?P<act>undo|drop):(?P<collection>server|shared)"
    rf":(?P<marks>{PATTERN})",
):
    """Brings back what was removed (``undo``), or takes out what was added (``drop``)."""

    def __init__(self, act: str, collection: str, marks: str) -> None:
        super().__init__(t("Undo"), f"footnote:{act}:{collection}:{marks}")
        self._act = act
        self._collection = collection
        self._marks = marks

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["act"], match["collection"], match["marks"])

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        server = client.access.to_change(interaction, self._collection)
        message = interaction.message
        age = interaction.created_at - message.created_at if message else timedelta(0)
        if age > _UNDO_WITHIN:
            raise CorpusError(
                t("That was more than a day ago."),
                remedy=t("/corpus list shows what is there now, /corpus remove takes it out."),
            )
        await interaction.response.defer()
        if self._act == "undo":
            change, headline = _brought_back, t("The articles are back.")
        else:
            change, headline = _taken_out, _removed()
        await carry_out(
            interaction,
            client.in_flight,
            lambda _: change(client.library, self._marks, server),
            headline,
        )


def _removed() -> str:
    return t("The articles are removed. For a day that can be undone.")


async def _brought_back(library: Library, marks: str, server: int | None) -> Report:
    names = named_by(marks, server, await library.with_corpus(removed_names, server))
    if not names:
        raise CorpusError(t("That was brought back already, or removed more than a day ago."))
    return await one_by_one([(name, partial(library.undo, name, server)) for name in names])


async def _taken_out(library: Library, marks: str, server: int | None) -> Report:
    names = named_by(marks, server, await library.with_corpus(served_names, server))
    if not names:
        raise CorpusError(t("That was removed already."))
    return await one_by_one([(name, partial(library.remove, name, server)) for name in names])
