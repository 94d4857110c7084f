"""What is asked in a server, for its managers: figures, a chart, and what lacks an answer."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.insights import draw_chart
from bot.insights.again import answer_again
from bot.insights.findings import PER_PAGE, Findings, bounds, find, open_groups
from bot.insights.texts import figures, group_lines, heading
from bot.languages import t, tn
from bot.rendering.layout.marks import small
from bot.store import Asked
from bot.views.lasting import ID, LastingButton, LastingItem, chosen
from bot.views.paging import turn_label, turns
from bot.views.personal import panel
from retrieval.errors import QuestionError

if TYPE_CHECKING:
    from bot.client import FootnoteClient

PERIODS: Final = (7, 30, 90)
"""Days."""
USUAL_PERIOD: Final = 30
_PICTURE: Final = "insights.png"


def insights_panel(
    found: Findings, page: int, *, with_chart: bool, note: str = ""
) -> ui.LayoutView:
    """A page of the questions that lack an answer, under the figures.

    Args:
        page: From 0; the last one there is where there are fewer now.
        with_chart: The message holds the picture that ``picture_of`` makes.
        note: A line on top.
    """
    page = max(0, min(page, found.pages - 1))
    items: list[ui.Item[Any]] = [ui.TextDisplay(note)] if note else []
    items += [
        ui.TextDisplay("\n".join(figures(found))),
        ui.ActionRow(PeriodMenu(found.days)),
    ]
    if with_chart:
        picture = discord.MediaGalleryItem(
            f"attachment://{_PICTURE}", description=t("Questions a day")
        )
        items += [
            ui.MediaGallery(picture),
            ui.TextDisplay(small(t("Questions a day: 🟦 answered, 🟧 not answered"))),
        ]
    items += [ui.Separator(), ui.TextDisplay("\n".join(heading(found, page)))]
    for group in found.groups[page * PER_PAGE : (page + 1) * PER_PAGE]:
        done = DoneButton(found.days, page, group.typical.id)
        items.append(ui.Section("\n".join(group_lines(group)), accessory=done))
    turn = partial(PageButton, days=found.days)
    buttons = [button() for button in turns(turn, page, found.pages)]
    items.append(ui.ActionRow(*buttons, ExportButton(found.days)))
    return panel(*items)


async def picture_of(found: Findings) -> list[discord.File]:
    """The chart, where anything was asked."""
    if not found.insights.days:
        return []
    # A week that begins before the first question is shown whole, with nothing in it.
    picture = await asyncio.to_thread(
        draw_chart, found.insights.days, found.first.date(), found.last.date()
    )
    return [discord.File(io.BytesIO(picture), _PICTURE)]


async def redraw(
    interaction: discord.Interaction[Any], found: Findings, page: int, note: str = ""
) -> None:
    """Show a page in the place of the message, which is deferred."""
    files = await picture_of(found)
    view = insights_panel(found, page, with_chart=bool(files), note=note)
    await interaction.edit_original_response(view=view, attachments=files)


class PeriodMenu(LastingItem[ui.Select[Any]], template="footnote:insights:period"):
    """How far back is looked."""

    def __init__(self, days: int = USUAL_PERIOD) -> None:
        super().__init__(
            ui.Select(
                custom_id="footnote:insights:period",
                options=[
                    discord.SelectOption(
                        label=tn("The last {count} day", "The last {count} days", each),
                        value=str(each),
                        default=each == days,
                    )
                    for each in PERIODS
                ],
            )
        )

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        server = client.access.check_manager(interaction)
        await interaction.response.defer()
        found = await find(client, server, _period(chosen(interaction)[0]))
        await redraw(interaction, found, 0)


class PageButton(
    LastingButton,
    template=r"footnote:insights:(?P<direction>previous|next):(?P<days>\d{1,3}):(?P<page>\d{1,4})",
):
    """Turns the pages of what lacks an answer."""

    def __init__(self, direction: str, page: int, days: int, *, disabled: bool = False) -> None:
        custom_id = f"footnote:insights:{direction}:{days}:{page}"
        super().__init__(turn_label(direction), custom_id, disabled=disabled)
        self._days = days
        self._page = page

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["direction"], int(match["page"]), _period(match["days"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        server = client.access.check_manager(interaction)
        await interaction.response.defer()
        await redraw(interaction, await find(client, server, self._days), self._page)


class DoneButton(
    LastingButton,
    template=r"footnote:insights:done:(?P<days>\d{1,3}):(?P<page>\d{1,4})"
    rf":(?P<asked>{ID})",
):
    """Takes a group off the list, and has it answered again where the server wants that."""

    def __init__(self, days: int, page: int, asked: int) -> None:
        custom_id = f"footnote:insights:done:{days}:{page}:{asked}"
        super().__init__(t("Done"), custom_id, discord.ButtonStyle.success)
        self._days = days
        self._page = page
        self._asked = asked

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(_period(match["days"]), int(match["page"]), int(match["asked"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        server = client.access.check_manager(interaction)
        await interaction.response.defer()
        questions = await self._members(client, server)
        store = client.services.store
        marked = await asyncio.to_thread(
            store.mark, server, [each.id for each in questions], "done"
        )
        found = await find(client, server, self._days)
        # Said in the panel itself: an edit, unlike a follow-up, is repeated when it is lost.
        note = tn("{count} question is done.", "{count} questions are done.", marked)
        await redraw(interaction, found, self._page, note)
        settings = await asyncio.to_thread(store.settings, server)
        guild = client.get_guild(server)
        if settings.answers_again and guild is not None:
            again = await answer_again(client, guild, questions, settings.language)
            await redraw(interaction, found, self._page, f"{note} {_answered(again)}")

    async def _members(self, client: FootnoteClient, server: int) -> tuple[Asked, ...]:
        """The group as it is now.

        Raises:
            QuestionError: The question is no longer on this server's list.
        """
        # Those that were shown: what is older than the period was in none of its groups.
        since, _ = bounds(client.services.store.now(), self._days)
        for group in await open_groups(client, server, since):
            if any(each.id == self._asked for each in group.questions):
                return group.questions
        raise QuestionError(
            t("That question is no longer on the list."),
            remedy=t("Use /insights again to see what is."),
        )


class ExportButton(LastingButton, template=r"footnote:insights:export:(?P<days>\d{1,3})"):
    """Hands out the questions of the period as a table."""

    def __init__(self, days: int) -> None:
        super().__init__(t("Export as CSV"), f"footnote:insights:export:{days}")
        self._days = days

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(_period(match["days"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        server = client.access.check_manager(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        since, _ = bounds(client.services.store.now(), self._days)
        table, lines = await asyncio.to_thread(_table, client, server, since)
        if len(table) > interaction.filesize_limit:
            said = t("The table is too large for Discord. Choose a shorter period.")
            await interaction.edit_original_response(content=said)
            return
        file = discord.File(io.BytesIO(table), f"insights-{self._days}-days.csv")
        said = tn(
            "{count} question, without who asked it.",
            "{count} questions, without who asked them.",
            lines,
        )
        await interaction.edit_original_response(content=said, attachments=[file])


INSIGHTS_ITEMS: Final = (DoneButton, ExportButton, PageButton, PeriodMenu)


def _answered(again: int) -> str:
    """What came of answering questions again."""
    if not again:
        return t("The articles still answer none of them where they were asked.")
    return tn(
        "I answered {count} again where it was asked.",
        "I answered {count} again where they were asked.",
        again,
    )


def _table(client: FootnoteClient, server: int, since: datetime) -> tuple[bytes, int]:
    file = io.BytesIO()
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    lines = client.services.store.write_csv(server, since, text)
    return file.getvalue(), lines


def _period(text: str) -> int:
    days = int(text)
    return days if days in PERIODS else USUAL_PERIOD
