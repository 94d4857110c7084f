"""``/setup``: what those who manage a server choose, kept at once and shown as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import discord
import pytest
import simcord

from bot.store import ServerSettings, Store
from bot.views.setup import setup_panel
from bot.views.setup.permissions import missing
from bot.views.setup.situation import Section, Situation
from tests.bot.components import part_of, words_of
from tests.bot.conftest import Scene, Servers, all_text
from tests.bot.layout.sending import assert_discord_takes


def settings_of(scene: Scene) -> ServerSettings:
    store: Store = scene.env.bot.services.store  # type: ignore[attr-defined]
    return store.settings(scene.guild.id)


async def opened(
    scene: Scene, section: Section | None = None, by: simcord.MemberActor | None = None
) -> simcord.InteractionResult:
    shown = await (by or scene.boss).slash(scene.channel, "setup")
    if section is not None:
        await choose(scene, shown, "section", [section], by)
    return shown


async def choose(
    scene: Scene,
    shown: simcord.InteractionResult,
    name: str,
    values: list[Any],
    by: simcord.MemberActor | None = None,
) -> simcord.InteractionResult:
    assert shown.response
    return await (by or scene.boss).select(
        shown.response, values, custom_id=f"footnote:setup:{name}"
    )


def chosen_in(shown: simcord.InteractionResult, name: str) -> list[int]:
    menu = part_of(shown, f"footnote:setup:{name}")
    return [int(value["id"]) for value in menu.get("default_values", [])]


async def test_setup_is_for_those_who_manage_the_server(scene: Scene) -> None:
    assert "setup" not in scene.ada.available_commands(scene.channel)
    assert "setup" in scene.boss.available_commands(scene.channel)
    assert "setup" not in scene.boss.user.available_commands()
    assert (await opened(scene)).ephemeral


async def test_channels_are_kept_and_shown(scene: Scene) -> None:
    shown = await opened(scene)
    await choose(scene, shown, "auto_channels", [scene.channel])
    assert settings_of(scene).auto_channels == {scene.channel.id}
    assert chosen_in(shown, "auto_channels") == [scene.channel.id]
    await choose(scene, shown, "auto_channels", [])
    assert settings_of(scene).auto_channels == frozenset()
    assert chosen_in(shown, "auto_channels") == []


async def test_forums_are_kept_beside_them(scene: Scene) -> None:
    forum = scene.guild.create_forum_channel("questions")
    shown = await opened(scene)
    await choose(scene, shown, "auto_channels", [scene.channel])
    await choose(scene, shown, "auto_forums", [forum])
    assert settings_of(scene).auto_forums == {forum.id}
    assert settings_of(scene).auto_channels == {scene.channel.id}


async def test_it_says_that_every_question_takes_the_message_content_intent(
    servers: Servers,
) -> None:
    assert "MESSAGE_CONTENT_INTENT" in words_of(await opened(servers.scene))
    await servers.restart(reads_messages=True)
    assert "MESSAGE_CONTENT_INTENT" not in words_of(await opened(servers.scene))


async def test_a_channel_that_is_gone_is_no_longer_shown(scene: Scene) -> None:
    store: Store = scene.env.bot.services.store  # type: ignore[attr-defined]
    store.save_settings(scene.guild.id, ServerSettings(auto_channels=frozenset({1, 2})))
    shown = await opened(scene)
    assert chosen_in(shown, "auto_channels") == []


@pytest.mark.parametrize("style", ["reply", "thread", "private"])
async def test_the_style_of_answers_is_kept(scene: Scene, style: str) -> None:
    shown = await opened(scene, "answers")
    await choose(scene, shown, "style", [style])
    assert settings_of(scene).style == style


async def test_the_language_is_one_for_all_or_each_persons_own(scene: Scene) -> None:
    shown = await opened(scene, "answers")
    await choose(scene, shown, "language", ["de"])
    assert settings_of(scene).language == "de"
    assert "Language: Deutsch" in words_of(shown)
    await choose(scene, shown, "language", ["own"])
    assert settings_of(scene).language is None


async def test_answering_again_is_turned_on_and_off(scene: Scene) -> None:
    shown = await opened(scene, "answers")
    assert shown.response
    await scene.boss.click(shown.response, custom_id="footnote:setup:again:on")
    assert settings_of(scene).answers_again
    assert "Answering again: on" in words_of(shown)
    await scene.boss.click(shown.response, custom_id="footnote:setup:again:off")
    assert not settings_of(scene).answers_again


async def test_the_shared_collection_is_turned_off_and_on(servers: Servers) -> None:
    scene = servers.scene
    shown = await opened(scene, "answers")
    assert shown.response
    assert "The shared collection: on" in words_of(shown)
    await scene.boss.click(shown.response, custom_id="footnote:setup:shared:off")
    assert not await servers.library.uses_shared(scene.guild.id)
    assert "The shared collection: off" in words_of(shown)


async def test_roles_manage_the_articles_and_nothing_else(servers: Servers) -> None:
    scene = servers.scene
    librarian = scene.guild.create_role("Librarians")
    member = scene.guild.add_member(scene.env.create_user("lib"), roles=[librarian])
    for command in await servers.client.tree.fetch_commands():
        scene.guild.set_command_permissions(command.id, {scene.guild.default_role: True})
    refused = await member.slash(scene.channel, "corpus list")
    assert refused.response
    assert "may manage this server" in all_text(refused.response)
    shown = await opened(scene, "managers")
    await choose(scene, shown, "manager_roles", [librarian])
    assert settings_of(scene).manager_roles == {librarian.id}
    allowed = await member.slash(scene.channel, "corpus list")
    assert allowed.response
    assert "may manage this server" not in all_text(allowed.response)
    setting_up = await member.slash(scene.channel, "setup")
    assert setting_up.response
    assert "may manage this server" in all_text(setting_up.response)
    shared = await member.slash(scene.channel, "corpus reload", collection="shared")
    assert shared.response
    assert "Only those who run me" in all_text(shared.response)
    assert servers.env.errors


async def test_limits_are_written_in_a_form(scene: Scene) -> None:
    shown = await opened(scene, "limits")
    assert shown.response
    form = await scene.boss.click(shown.response, label="Change")
    assert form.modal
    await scene.boss.submit_modal(
        form, {"per_member": "3", "per_channel": "0", "per_server": "1000"}
    )
    settings = settings_of(scene)
    assert (settings.per_member, settings.per_channel, settings.per_server) == (3, 0, 1000)
    assert "In one channel: any number" in words_of(shown)


@pytest.mark.parametrize("written", ["many", "-1", "1001", "1.5", "²"])
async def test_a_limit_that_is_none_is_refused_and_changes_nothing(
    scene: Scene, written: str
) -> None:
    shown = await opened(scene, "limits")
    assert shown.response
    form = await scene.boss.click(shown.response, label="Change")
    refused = await scene.boss.submit_modal(
        form, {"per_member": written, "per_channel": "1", "per_server": "1"}
    )
    assert refused.response
    assert refused.response.ephemeral
    assert "no number of questions" in all_text(refused.response)
    assert settings_of(scene) == ServerSettings()


async def test_whom_and_where_it_does_not_answer_is_kept(scene: Scene) -> None:
    role = scene.guild.create_role("Noise")
    shown = await opened(scene, "ignored")
    await choose(scene, shown, "ignored_members", [scene.ada])
    await choose(scene, shown, "ignored_roles", [role])
    await choose(scene, shown, "ignored_channels", [scene.channel])
    settings = settings_of(scene)
    assert settings.ignored_members == {scene.ada.id}
    assert settings.ignored_roles == {role.id}
    assert settings.ignored_channels == {scene.channel.id}
    assert chosen_in(shown, "ignored_members") == [scene.ada.id]


async def test_who_lost_the_right_changes_nothing_any_more(servers: Servers) -> None:
    scene = servers.scene
    shown = await opened(scene)
    servers.demote_boss()
    refused = await choose(scene, shown, "auto_channels", [scene.channel])
    assert refused.response
    assert "may manage this server" in all_text(refused.response)
    assert settings_of(scene) == ServerSettings()


async def test_the_panel_works_after_a_restart(servers: Servers) -> None:
    scene = servers.scene
    shown = await opened(scene)
    await servers.restart()
    await choose(scene, shown, "section", ["ignored"])
    await choose(scene, shown, "ignored_members", [scene.ada])
    assert settings_of(scene).ignored_members == {scene.ada.id}


async def test_an_operator_may_set_up_too(servers: Servers) -> None:
    scene = servers.scene
    for command in await servers.client.tree.fetch_commands():
        scene.guild.set_command_permissions(command.id, {scene.guild.default_role: True})
    shown = await opened(scene, "answers", servers.keeper)
    await choose(scene, shown, "language", ["fr"], servers.keeper)
    assert settings_of(scene).language == "fr"


async def test_missing_permissions_are_named_with_their_remedy(scene: Scene) -> None:
    me = scene.guild.me
    assert me is not None
    quiet = scene.guild.create_text_channel(
        "quiet",
        overwrites={
            scene.guild.default_role: discord.PermissionOverwrite(
                attach_files=False, create_public_threads=False
            )
        },
    )
    shown = await opened(scene)
    assert "I lack permissions" not in words_of(shown)
    await choose(scene, shown, "auto_channels", [quiet])
    assert "I lack permissions" in words_of(shown)
    await choose(scene, shown, "section", ["permissions"])
    words = words_of(shown)
    assert f"In <#{quiet.id}> I lack: Create Public Threads, Attach Files" in words
    assert "To mend that" in words


def test_who_administers_lacks_nothing() -> None:
    assert missing(discord.Permissions(administrator=True)) == []
    assert "Attach Files" in missing(discord.Permissions.none())
    assert missing(discord.Permissions.all()) == []


def test_links_need_not_be_embedded_for_an_answer() -> None:
    everything_else = discord.Permissions.all()
    everything_else.update(administrator=False, embed_links=False)
    assert missing(everything_else) == []


class FullGuild:
    """A server in which everything there can be is there."""

    me = None

    def get_channel_or_thread(self, each: int) -> FullChannel:
        return FullChannel(each)

    def get_role(self, each: int) -> discord.Object:
        return discord.Object(each)


class FullChannel(discord.Object):
    def permissions_for(self, _: object) -> discord.Permissions:
        return discord.Permissions.none()


@pytest.mark.parametrize("section", get_args(Section))
async def test_discord_takes_every_section_however_much_is_chosen(section: Section) -> None:
    many = frozenset(range(2**62, 2**62 + 1000))
    lists = ("auto_channels", "auto_forums", "ignored_channels", "ignored_roles")
    more: dict[str, Any] = dict.fromkeys((*lists, "manager_roles", "ignored_members"), many)
    situation = Situation(
        guild=FullGuild(),  # type: ignore[arg-type]
        channel=FullChannel(1),  # type: ignore[arg-type]
        granted=discord.Permissions.none(),
        settings=replace(ServerSettings(), **more),
        uses_shared=True,
        reads_messages=False,
    )
    assert_discord_takes(setup_panel(situation, section))
