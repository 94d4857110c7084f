"""The panel itself: a menu of sections on top, and the one that was chosen below it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import ui

from bot.languages import LANGUAGES, t
from bot.rendering.layout.marks import small
from bot.views.personal import panel
from bot.views.setup import items
from bot.views.setup.permissions import lacks, permission_lines
from bot.views.setup.situation import Section, Situation

if TYPE_CHECKING:
    from bot.client import FootnoteClient

Items = list[ui.Item[Any]]


async def situation_of(interaction: discord.Interaction[Any], server: int) -> Situation:
    """The server as it is now.

    Raises:
        StorageError: Its settings cannot be read.
        NoPrivateMessage: The bot was removed from it meanwhile.
    """
    client: FootnoteClient = interaction.client
    services = client.services
    guild = client.get_guild(server)
    if guild is None:
        raise discord.app_commands.NoPrivateMessage
    channel = interaction.channel
    return Situation(
        guild=guild,
        channel=channel if isinstance(channel, discord.abc.GuildChannel | discord.Thread) else None,
        granted=interaction.app_permissions,
        settings=await asyncio.to_thread(services.store.settings, server),
        uses_shared=await services.library.uses_shared(server),
        reads_messages=services.reads_messages,
    )


def setup_panel(situation: Situation, section: Section) -> ui.LayoutView:
    """One section of the panel."""
    title = t("How I answer in this server")
    note = ""
    if section != "permissions" and lacks(situation):
        note = "\n" + t("⚠️ I lack permissions: see the section about them.")
    return panel(
        ui.TextDisplay(f"**{title}**{note}"),
        ui.ActionRow(items.SectionMenu(section)),
        ui.Separator(),
        *_SECTIONS[section](situation),
    )


def _channels(situation: Situation) -> Items:
    settings = situation.settings
    text = _explained(
        t("Channels where I answer every question"),
        t("In other channels I answer who mentions me, replies to me, or uses /ask."),
    )
    if not situation.reads_messages:
        text += "\n" + t(
            "⚠️ Discord shows me only messages that mention me. For these channels whoever runs me "
            "has to allow “Message Content Intent” in Discord’s Developer Portal, set "
            "MESSAGE_CONTENT_INTENT to 1, and start me again."
        )
    return [
        ui.TextDisplay(text),
        ui.ActionRow(
            items.ChannelMenu("auto_channels", situation.channels(settings.auto_channels))
        ),
        ui.TextDisplay(
            _explained(
                t("Forums where I answer every new post"),
                t("My answer is a message in the post."),
            )
        ),
        ui.ActionRow(items.ChannelMenu("auto_forums", situation.channels(settings.auto_forums))),
    ]


def _answers(situation: Situation) -> Items:
    settings = situation.settings
    language = LANGUAGES[settings.language] if settings.language else t("each person’s own")
    return [
        ui.TextDisplay(_explained(t("How I answer"), t("To mentions, and to every question."))),
        ui.ActionRow(items.AnswerMenu("style", settings)),
        ui.TextDisplay(
            _explained(
                t("Language: {language}", language=language),
                t("Of my own words; articles are quoted as they are."),
            )
        ),
        ui.ActionRow(items.AnswerMenu("language", settings)),
        _switched(
            "shared",
            situation.uses_shared,
            t("The shared collection"),
            t("Whether I also quote here what all servers share."),
        ),
        _switched(
            "again",
            settings.answers_again,
            t("Answering again"),
            t("Once /insights has a question marked done, I answer it again where it was asked."),
        ),
    ]


def _managers(situation: Situation) -> Items:
    roles = situation.roles(situation.settings.manager_roles)
    return [
        ui.TextDisplay(
            "\n".join(
                (
                    _explained(
                        t("Roles that manage the articles"),
                        t("Their members can use /corpus: add, remove, list and export."),
                    ),
                    small(
                        t(
                            "Discord shows /corpus only to those who manage the server. For other "
                            "roles, allow it too: Server Settings, Integrations, my name, /corpus."
                        )
                    ),
                )
            )
        ),
        ui.ActionRow(items.RoleMenu("manager_roles", roles)),
    ]


def _limits(situation: Situation) -> Items:
    settings = situation.settings
    title = t("Questions a minute")
    lines = (
        f"**{title}**",
        t("By one member: {rate}", rate=_rate(settings.per_member)),
        t("In one channel: {rate}", rate=_rate(settings.per_channel)),
        t("In the whole server: {rate}", rate=_rate(settings.per_server)),
    )
    return [
        ui.TextDisplay("\n".join(lines)),
        ui.ActionRow(items.LimitsButton()),
    ]


def _ignored(situation: Situation) -> Items:
    settings = situation.settings
    return [
        ui.TextDisplay(
            _explained(t("Whom I do not answer"), t("Members, and everybody with these roles."))
        ),
        ui.ActionRow(items.MemberMenu(settings.ignored_members)),
        ui.ActionRow(items.RoleMenu("ignored_roles", situation.roles(settings.ignored_roles))),
        ui.TextDisplay(
            _explained(t("Where I do not answer"), t("Nor in the threads of these channels."))
        ),
        ui.ActionRow(
            items.ChannelMenu("ignored_channels", situation.channels(settings.ignored_channels))
        ),
    ]


def _permissions(situation: Situation) -> Items:
    title = t("My permissions")
    return [ui.TextDisplay("\n".join((f"**{title}**", *permission_lines(situation))))]


_SECTIONS: Final[dict[Section, Callable[[Situation], Items]]] = {
    "channels": _channels,
    "answers": _answers,
    "managers": _managers,
    "limits": _limits,
    "ignored": _ignored,
    "permissions": _permissions,
}


def _explained(title: str, explanation: str) -> str:
    return f"**{title}**\n{small(explanation)}"


def _switched(name: str, is_on: bool, title: str, explanation: str) -> ui.Item[Any]:
    state = t("{what}: on", what=title) if is_on else t("{what}: off", what=title)
    return ui.Section(_explained(state, explanation), accessory=items.Switch(name, not is_on))


def _rate(rate: int) -> str:
    return str(rate) if rate else t("any number")
