"""A change of a collection that somebody asked for: done with its progress shown, then reported."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import discord
from discord import ui

from bot.failures import explain
from bot.inflight import ClosingError, InFlight
from bot.progress import Progress, shown_while
from bot.rendering.discord import Reply, render_progress, render_report
from retrieval.corpus import Change, Report
from retrieval.errors import ArticleError, FootnoteError

log = logging.getLogger(__name__)

_LOGGED: Final = 10
"""Articles of one outcome that are named in the log."""


async def carry_out(
    interaction: discord.Interaction[Any],
    in_flight: InFlight,
    change: Callable[[Progress], Awaitable[Report]],
    headline: str,
    undo: Callable[[Report], ui.View | None] = lambda _: None,
) -> None:
    """Carry out a change and report it in the first answer, which must be deferred.

    Args:
        headline: What is said where anything has changed.
        undo: The buttons below the report.
    """

    async def show(reply: Reply, view: ui.View | None = None) -> None:
        await interaction.edit_original_response(
            content=reply.content, embeds=list(reply.embeds), view=view
        )

    with in_flight:
        progress = Progress()
        view = None
        try:
            report = await shown_while(
                change(progress),
                progress,
                lambda done, total: show(render_progress(done, total)),
            )
        except FootnoteError as error:
            # In place of the progress, which would otherwise seem to go on for ever.
            result = Reply(explain(error))
        else:
            log.info("Server %s: %s", interaction.guild_id, described(report))
            result = render_report(report, headline)
            view = undo(report)
        try:
            await show(result, view)
        except discord.HTTPException:
            # An interaction can be answered for 15 minutes; a large corpus takes longer.
            await interaction.user.send(result.content)


async def one_by_one(changes: Sequence[tuple[str, Callable[[], Awaitable[Report]]]]) -> Report:
    """Several changes, each with what it is of, as one report; what fails does not end the rest.

    Raises:
        ClosingError: The bot was stopped meanwhile; the first changes are made.
    """
    reports = []
    failed = []
    for name, change in changes:
        try:
            reports.append(await change())
        except ClosingError:
            raise
        except ArticleError as error:
            failed.append(Change(error.name, error.name, "failed", str(error)))
        except FootnoteError as error:
            failed.append(Change(name, name, "failed", str(error)))
    made = [
        change for report in reports for change in report.changes if change.outcome != "unchanged"
    ]
    same = reports[-1].of("unchanged") if reports else []
    # What the first change added stays as it is in the second.
    touched = {change.article for change in made}
    return Report(
        changes=(*failed, *made, *(change for change in same if change.article not in touched)),
        encoded=sum(report.encoded for report in reports),
        seconds=sum(report.seconds for report in reports),
        notices=tuple(dict.fromkeys(notice for report in reports for notice in report.notices)),
    )


def described(report: Report) -> str:
    """What a change did, for the log: ids alone, which are made of names and titles."""
    parts = []
    for outcome in ("added", "changed", "removed", "failed"):
        found = [change.article for change in report.changes if change.outcome == outcome]
        if found:
            more = f" and {len(found) - _LOGGED} more" if len(found) > _LOGGED else ""
            parts.append(f"{outcome} {', '.join(map(repr, found[:_LOGGED]))}{more}")
    return f"{'; '.join(parts) or 'nothing has changed'}; {report.encoded} passages encoded"
