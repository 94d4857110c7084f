"""What a reload is doing and did, and how the corpus is, for those who run the bot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from bot.languages import number, said, t, tn
from bot.rendering.discord.reply import CONTENT, DESCRIPTION, Reply
from bot.rendering.sanitize import inline, units
from retrieval.corpus import Change, Report, Status

_LINE_UNITS: Final = 300
_MARGIN: Final = 60
_BAR: Final = 20


def render_progress(done: int, total: int) -> Reply:
    """How far a reload is, in passages."""
    if total <= 0:
        return Reply(t("Reading the articles …"))
    filled = _BAR * min(done, total) // total
    bar = "█" * filled + "░" * (_BAR - filled)
    return Reply(
        t(
            "Reading the articles … `{bar}` {done} of {total} passages",
            bar=bar,
            done=done,
            total=total,
        )
    )


def render_report(report: Report, headline: str) -> Reply:
    """What was added, changed, removed or failed, and how many articles stayed as they were.

    Args:
        headline: What is said where anything has changed.
    """
    changed = [change for change in report.changes if change.outcome != "unchanged"]
    is_done = any(change.outcome != "failed" for change in changed)
    lines = [headline if is_done else t("Nothing has changed.")]
    by_outcome = {
        outcome: [change for change in changed if change.outcome == outcome]
        for outcome in ("failed", "added", "changed", "removed")
    }
    counts = {outcome: len(found) for outcome, found in by_outcome.items()}
    headings = {
        "failed": t("Failed: {number}", number=counts["failed"]),
        "added": t("Added: {number}", number=counts["added"]),
        "changed": t("Changed: {number}", number=counts["changed"]),
        "removed": t("Removed: {number}", number=counts["removed"]),
    }
    for outcome, found in by_outcome.items():
        if found:
            lines += [f"**{headings[outcome]}**", *map(_change, found)]
    unchanged = t("Unchanged: {number}.", number=len(report.of("unchanged")))
    summary = [
        f"{unchanged} {_read_anew(report)}",
        *(inline(said(notice), _LINE_UNITS) for notice in report.notices[:3]),
    ]
    return Reply(_fitted(lines, summary, CONTENT))


def render_status(status: Status, *, is_shared: bool) -> Reply:
    """What is served, and what is wrong with it if anything is.

    Args:
        is_shared: It is the shared collection; otherwise a server's own.
    """
    embed = discord.Embed(
        title=t("The shared articles") if is_shared else t("This server’s articles")
    )
    built = discord.utils.format_dt(status.created, "R") if status.created else t("not yet")
    check = (
        discord.utils.format_dt(status.next_check, "R")
        if status.next_check
        else t("none is planned")
    )
    size = number(status.bytes_on_disk / 1e6, places=1)
    fields = [
        (t("Articles"), number(status.articles)),
        (t("Passages"), number(status.passages)),
        (t("Words"), number(status.words)),
        (t("Added by people"), number(status.added)),
        (t("Built"), built),
        (t("Next look at pages and feeds"), check),
        (t("Encoded for this generation"), _passages(status.encoded)),
        (t("Encoded since I started"), _passages(status.encoded_here)),
        (t("On disk, with all collections"), t("{size} MB", size=size)),
        (t("Generation"), inline(status.generation or t("none yet"), _LINE_UNITS)),
        (t("Model"), inline(_model(status), _LINE_UNITS)),
    ]
    if not is_shared:
        fields.append(
            (t("Shared articles"), t("used too") if status.uses_shared else t("not used"))
        )
    for name, value in fields:
        embed.add_field(name=name, value=value)
    lines = [f"• {inline(said(failure), _LINE_UNITS)}" for failure in status.failures]
    if lines:
        heading = t("These could not be read:")
        embed.description = _fitted([f"**{heading}**", *lines], [], DESCRIPTION // 2)
    return Reply(embeds=(embed,))


def _change(change: Change) -> str:
    name = inline(change.title or change.article, 120)
    reason = inline(said(change.reason), _LINE_UNITS)
    return f"• {name}: {reason}" if reason else f"• {name}"


def _read_anew(report: Report) -> str:
    return tn(
        "{count} passage was read anew in {seconds} s.",
        "{count} passages were read anew in {seconds} s.",
        report.encoded,
        seconds=number(report.seconds, places=1),
    )


def _passages(count: int) -> str:
    return tn("{count} passage", "{count} passages", count)


def _fitted(lines: Sequence[str], last: Sequence[str], limit: int) -> str:
    """The lines, and always the last ones; what does not fit is counted."""
    room = limit - _MARGIN - sum(units(line) + 1 for line in last)
    kept: list[str] = []
    for line in lines:
        room -= units(line) + 1
        if room < 0:
            break
        kept.append(line)
    if left := len(lines) - len(kept):
        kept.append(
            tn(
                "… and {count} more line, which does not fit here.",
                "… and {count} more lines, which do not fit here.",
                left,
            )
        )
    return "\n".join([*kept, *last])


def _model(status: Status) -> str:
    """The model, and what runs it where that is known."""
    return f"{status.model} ({status.runtime})" if status.runtime else status.model
