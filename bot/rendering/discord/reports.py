"""What a reload is doing and did, and how the corpus is, for those who run the bot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from bot.rendering.discord.reply import CONTENT, DESCRIPTION, Reply
from bot.rendering.sanitize import inline, units
from retrieval.corpus import Change, Report, Status

_LINE_UNITS: Final = 300
_MARGIN: Final = 60
_BAR: Final = 20


def render_progress(done: int, total: int) -> Reply:
    """How far a reload is, in passages."""
    if total <= 0:
        return Reply("Reading the articles …")
    filled = _BAR * min(done, total) // total
    bar = "█" * filled + "░" * (_BAR - filled)
    return Reply(f"Reading the articles … `{bar}` {done:,} of {total:,} passages")


def render_report(report: Report, headline: str) -> Reply:
    """What was added, changed, removed or failed, and how many articles stayed as they were.

    Args:
        headline: What is said where anything has changed.
    """
    changed = [change for change in report.changes if change.outcome != "unchanged"]
    is_done = any(change.outcome != "failed" for change in changed)
    lines = [headline if is_done else "Nothing has changed."]
    for outcome, heading in (
        ("failed", "Failed"),
        ("added", "Added"),
        ("changed", "Changed"),
        ("removed", "Removed"),
    ):
        found = [change for change in changed if change.outcome == outcome]
        if found:
            lines.append(f"**{heading}: {len(found):,}**")
            lines += [_change(change) for change in found]
    summary = [
        f"Unchanged: {len(report.of('unchanged')):,}. "
        f"{report.encoded:,} passages were read anew in {report.seconds:.1f} s.",
        *(inline(notice, _LINE_UNITS) for notice in report.notices[:3]),
    ]
    return Reply(_fitted(lines, summary, CONTENT))


def render_status(status: Status, *, is_shared: bool) -> Reply:
    """What is served, and what is wrong with it if anything is.

    Args:
        is_shared: It is the shared collection; otherwise a server's own.
    """
    embed = discord.Embed(title="The shared articles" if is_shared else "This server’s articles")
    built = discord.utils.format_dt(status.created, "R") if status.created else "not yet"
    check = discord.utils.format_dt(status.next_check, "R") if status.next_check else "none"
    fields = [
        ("Articles", f"{status.articles:,}"),
        ("Passages", f"{status.passages:,}"),
        ("Words", f"{status.words:,}"),
        ("Added by people", f"{status.added:,}"),
        ("Built", built),
        ("Next look at pages and feeds", check),
        ("Encoded for this generation", f"{status.encoded:,} passages"),
        ("Encoded since I started", f"{status.encoded_here:,} passages"),
        ("On disk, with all collections", f"{status.bytes_on_disk / 1e6:.1f} MB"),
        ("Generation", inline(status.generation or "none", _LINE_UNITS)),
        ("Model", inline(status.model, _LINE_UNITS)),
    ]
    if not is_shared:
        fields.append(("Shared articles", "used too" if status.uses_shared else "not used"))
    for name, value in fields:
        embed.add_field(name=name, value=value)
    lines = [f"• {inline(failure, _LINE_UNITS)}" for failure in status.failures]
    if lines:
        embed.description = _fitted(["**These could not be read:**", *lines], [], DESCRIPTION // 2)
    return Reply(embeds=(embed,))


def _change(change: Change) -> str:
    name = inline(change.title or change.article, 120)
    return f"• {name}: {inline(change.reason, _LINE_UNITS)}" if change.reason else f"• {name}"


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
        kept.append(f"… and {left:,} more lines, which do not fit here.")
    return "\n".join([*kept, *last])
