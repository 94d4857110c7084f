"""Whether the bot may do in a channel what answering takes, and how that is mended."""

from __future__ import annotations

from collections.abc import Iterator

import discord

from bot.languages import t, tn
from bot.rendering.layout.marks import small
from bot.views.setup.situation import Situation
from retrieval.phrases import listed

_MOST_CHANNELS = 15


def missing(granted: discord.Permissions) -> list[str]:
    """What the bot may not do of that which answering takes, as Discord's settings call it."""
    wanted = {
        t("View Channel"): granted.view_channel,
        t("Send Messages"): granted.send_messages,
        t("Send Messages in Threads"): granted.send_messages_in_threads,
        t("Create Public Threads"): granted.create_public_threads,
        t("Attach Files"): granted.attach_files,
        t("Read Message History"): granted.read_message_history,
    }
    # Who administers may do everything, whatever a channel says.
    return [] if granted.administrator else [name for name, has in wanted.items() if not has]


def lacks(situation: Situation) -> dict[int, list[str]]:
    """What the bot may not do, by channel: where the panel is shown, and in the chosen ones."""
    found = {}
    if situation.channel is not None and (here := missing(situation.granted)):
        found[situation.channel.id] = here
    settings = situation.settings
    me = situation.guild.me
    for channel in situation.channels(settings.auto_channels | settings.auto_forums):
        is_here = situation.channel is not None and channel.id == situation.channel.id
        if not is_here and (there := missing(channel.permissions_for(me))):
            found[channel.id] = there
    return found


def permission_lines(situation: Situation) -> Iterator[str]:
    """What is missing where and how to mend it, or that nothing is."""
    found = lacks(situation)
    if not found:
        yield t("I have every permission that I need, here and in the channels chosen.")
        return
    for channel, names in list(found.items())[:_MOST_CHANNELS]:
        yield t("⚠️ In {channel} I lack: {names}", channel=f"<#{channel}>", names=listed(names))
    if (more := len(found) - _MOST_CHANNELS) > 0:
        yield tn("and in {count} more channel", "and in {count} more channels", more)
    yield small(
        t(
            "To mend that: the channel’s settings, Permissions, add me or my role, and allow what "
            "is named; or allow it for my role in Server Settings, Roles. Then choose this "
            "section again."
        )
    )
