"""The menus and buttons of the setup panel, each for one setting."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from discord import ui

from bot.languages import LANGUAGES, t
from bot.store import ServerSettings
from bot.views.lasting import LastingButton, LastingItem, chosen
from bot.views.setup.limits import Edit, LimitsModal
from bot.views.setup.situation import ChannelList, RoleList, Section

if TYPE_CHECKING:
    from bot.client import FootnoteClient

MOST: Final = 25
"""What a menu holds."""
_OWN: Final = "own"
_TEXT: Final = [discord.ChannelType.text, discord.ChannelType.news]
_FORUMS: Final = [discord.ChannelType.forum]
_ANY: Final = [
    *_TEXT,
    *_FORUMS,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.public_thread,
]


async def redraw(interaction: discord.Interaction[Any], server: int, section: Section) -> None:
    """Show a section as it is now in the place of the message, which is deferred."""
    # The panel is made of what stands in this module.
    from bot.views.setup.panel import setup_panel, situation_of

    situation = await situation_of(interaction, server)
    await interaction.edit_original_response(view=setup_panel(situation, section))


async def change(interaction: discord.Interaction[Any], section: Section, edit: Edit) -> None:
    """Keep a changed setting and show it."""
    client: FootnoteClient = interaction.client
    server = client.access.check_manager(interaction)
    await interaction.response.defer()
    await asyncio.to_thread(client.services.store.change_settings, server, edit)
    await redraw(interaction, server, section)


class SectionMenu(LastingItem[ui.Select[Any]], template="footnote:setup:section"):
    """Which section is shown."""

    def __init__(self, section: Section = "channels") -> None:
        names: dict[Section, str] = {
            "channels": t("Where I answer every question"),
            "answers": t("How I answer, language, articles"),
            "managers": t("Who manages the articles"),
            "limits": t("How often may be asked"),
            "ignored": t("Whom and where I do not answer"),
            "permissions": t("My permissions"),
        }
        super().__init__(
            ui.Select(custom_id="footnote:setup:section", options=_options(names, section))
        )

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        server = client.access.check_manager(interaction)
        await interaction.response.defer()
        await redraw(interaction, server, cast(Section, chosen(interaction)[0]))


class ChannelMenu(
    LastingItem[ui.ChannelSelect[Any]],
    template=r"footnote:setup:(?P<list>auto_channels|auto_forums|ignored_channels)",
):
    """A list of channels."""

    def __init__(self, name: ChannelList, channels: Iterable[discord.abc.Snowflake] = ()) -> None:
        kinds = {"auto_channels": _TEXT, "auto_forums": _FORUMS, "ignored_channels": _ANY}
        super().__init__(
            ui.ChannelSelect(
                custom_id=f"footnote:setup:{name}",
                channel_types=kinds[name],
                placeholder=t("None chosen"),
                min_values=0,
                max_values=MOST,
                default_values=_defaults(
                    (each.id for each in channels), discord.SelectDefaultValueType.channel
                ),
            )
        )
        self._name: ChannelList = name

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(cast(ChannelList, match["list"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        section: Section = "ignored" if self._name == "ignored_channels" else "channels"
        await change(interaction, section, _with(self._name, _chosen_ids(interaction)))


class RoleMenu(
    LastingItem[ui.RoleSelect[Any]],
    template=r"footnote:setup:(?P<list>manager_roles|ignored_roles)",
):
    """A list of roles."""

    def __init__(self, name: RoleList, roles: Iterable[discord.abc.Snowflake] = ()) -> None:
        super().__init__(
            ui.RoleSelect(
                custom_id=f"footnote:setup:{name}",
                placeholder=t("No roles"),
                min_values=0,
                max_values=MOST,
                default_values=_defaults(
                    (each.id for each in roles), discord.SelectDefaultValueType.role
                ),
            )
        )
        self._name: RoleList = name

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(cast(RoleList, match["list"]))

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        section: Section = "ignored" if self._name == "ignored_roles" else "managers"
        await change(interaction, section, _with(self._name, _chosen_ids(interaction)))


class MemberMenu(LastingItem[ui.UserSelect[Any]], template="footnote:setup:ignored_members"):
    """The members who are not answered."""

    def __init__(self, members: Iterable[int] = ()) -> None:
        super().__init__(
            ui.UserSelect(
                custom_id="footnote:setup:ignored_members",
                placeholder=t("No members"),
                min_values=0,
                max_values=MOST,
                default_values=_defaults(members, discord.SelectDefaultValueType.user),
            )
        )

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        await change(interaction, "ignored", _with("ignored_members", _chosen_ids(interaction)))


class AnswerMenu(
    LastingItem[ui.Select[Any]], template=r"footnote:setup:(?P<setting>style|language)"
):
    """One of a few ways to answer."""

    def __init__(self, setting: str, settings: ServerSettings | None = None) -> None:
        settings = settings or ServerSettings()
        names, now = (
            (_styles(), settings.style)
            if setting == "style"
            else ({_OWN: t("Each person’s own"), **LANGUAGES}, settings.language or _OWN)
        )
        super().__init__(
            ui.Select(custom_id=f"footnote:setup:{setting}", options=_options(names, now))
        )
        self._setting = setting

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["setting"])

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        value = chosen(interaction)[0]
        await change(interaction, "answers", _with(self._setting, None if value == _OWN else value))


class Switch(LastingButton, template=r"footnote:setup:(?P<name>shared|again):(?P<to>on|off)"):
    """Turns something on or off, as it says: pressed twice, it is the same as once."""

    def __init__(self, name: str, to: bool) -> None:
        super().__init__(
            t("Turn on") if to else t("Turn off"),
            f"footnote:setup:{name}:{'on' if to else 'off'}",
        )
        self._name = name
        self._to = to

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        return cls(match["name"], match["to"] == "on")

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        if self._name == "again":
            await change(interaction, "answers", _with("answers_again", self._to))
            return
        server = client.access.check_manager(interaction)
        await interaction.response.defer()
        await client.library.set_uses_shared(server, self._to)
        await redraw(interaction, server, "answers")


class LimitsButton(LastingButton, template="footnote:setup:limits"):
    """Opens the form in which the limits are written."""

    def __init__(self) -> None:
        super().__init__(t("Change"), "footnote:setup:limits", discord.ButtonStyle.primary)

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        server = client.access.check_manager(interaction)
        settings = await asyncio.to_thread(client.services.store.settings, server)
        form = LimitsModal(settings, lambda sent, edit: change(sent, "limits", edit))
        await interaction.response.send_modal(form)


def _styles() -> dict[str, str]:
    return {
        "reply": t("In the channel, as a reply"),
        "thread": t("In a thread of its own"),
        "private": t("For the asker alone, where Discord lets me"),
    }


def _options(names: Mapping[Any, str], now: str) -> list[discord.SelectOption]:
    """The choices of a menu: their names by value, and which one it is now."""
    return [
        discord.SelectOption(label=name, value=value, default=value == now)
        for value, name in names.items()
    ]


def _with(name: str, value: object) -> Edit:
    change: dict[str, Any] = {name: value}
    return lambda settings: replace(settings, **change)


def _chosen_ids(interaction: discord.Interaction[Any]) -> frozenset[int]:
    return frozenset(map(int, chosen(interaction)))


def _defaults(
    ids: Iterable[int], kind: discord.SelectDefaultValueType
) -> list[discord.SelectDefaultValue]:
    return [discord.SelectDefaultValue(id=each, type=kind) for each in sorted(ids)[:MOST]]
