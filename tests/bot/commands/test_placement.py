"""Where commands work: in the bot's servers, and wherever somebody brings it along.

There the bot has no access to anything. It answers by the tokens of interactions alone, from what
all servers share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import pytest
import simcord

from bot.client import FootnoteClient
from bot.conversations import Place
from tests.bot.commands.away import KINDS, beyond_tokens, bring_along
from tests.bot.conftest import MakeCorpora, Scene, Servers, all_text, text_of
from tests.bot.test_answer_buttons import labels, press, said

OWN_TEXT = "The zeppelin Aurora landed in Oslo on a rainy Tuesday."
OWN_QUESTION = "Where did the zeppelin Aurora land?"
OWN_WORDS = "landed in Oslo"
SHARED_QUESTION = "When was the lighthouse of Norwick built?"
SHARED_WORDS = "built in 1851"
UNANSWERED = "Who won the 2014 World Cup?"
SHARED_ARTICLE = "\n\n".join(
    ["The lighthouse of Norwick was built in 1851."]
    + [f"Keeper number {n} of the lighthouse of Norwick painted it." for n in range(8)]
)


@dataclass(frozen=True)
class Away:
    """The first server's channel, as a place that the bot is not in.

    ``ada`` has installed the bot for herself; ``message`` is one of hers.
    """

    servers: Servers
    message: discord.Message
    asked_for: int

    @property
    def ada(self) -> simcord.MemberActor:
        return self.servers.ada

    @property
    def boss(self) -> simcord.MemberActor:
        return self.servers.boss

    async def ask(self, question: str, **options: Any) -> simcord.InteractionResult:
        return await self.ada.slash(self.servers.channel, "ask", question=question, **options)

    def needs_tokens_alone(self) -> bool:
        return beyond_tokens(self.servers.env, self.asked_for) == []


@pytest.fixture(params=KINDS)
async def away(
    request: pytest.FixtureRequest, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Away:
    await servers.library.reload(None)
    await servers.add("aurora.txt", OWN_TEXT)
    message = await servers.ada.send(servers.channel, f"I wonder: {SHARED_QUESTION}")
    bring_along(servers, request.param, servers.ada.id, monkeypatch)
    return Away(servers, message, len(servers.env.http_requests))


@pytest.fixture
def make_corpora(make_corpora: MakeCorpora) -> MakeCorpora:
    """Collections over an article of several passages in place of the one sentence."""

    def make(*sources: Any, **options: Any) -> Any:
        (folder,) = sources
        (folder / "lighthouse.txt").write_text(SHARED_ARTICLE)
        return make_corpora(folder, **options)

    return make


def shown_in(result: simcord.InteractionResult) -> str:
    return said(result).replace("**", "")


# Brought along


async def test_what_is_asked_there_is_answered_from_what_all_servers_share(away: Away) -> None:
    shared = await away.ask(SHARED_QUESTION)
    assert SHARED_WORDS in shown_in(shared)
    assert not shared.ephemeral
    own = await away.ask(OWN_QUESTION)
    assert OWN_WORDS not in shown_in(own)
    for command in ("summary", "sources"):
        result = await away.ada.slash(away.servers.channel, command)
        assert "Norwick" in shown_in(result) or "Lighthouse" in shown_in(result)
        assert "Aurora" not in shown_in(result)
    assert away.needs_tokens_alone()


async def test_nothing_of_a_servers_own_is_suggested_there(away: Away) -> None:
    for command in ("ask", "summary"):
        suggested = await away.ada.autocomplete(away.servers.channel, command, "article", "")
        assert [choice["value"] for choice in suggested] == ["lighthouse"]


async def test_nobody_can_be_told_of_what_is_not_answered_there(away: Away) -> None:
    answer = await away.ask(UNANSWERED)
    assert answer.response
    assert "Tell the admins" not in labels(answer.response)
    assert "list" not in shown_in(answer)
    store = away.servers.client.services.store
    assert store.open_questions(away.servers.scene.guild.id) == []


async def test_the_buttons_of_an_answer_work_there_for_everybody(away: Away) -> None:
    answer = await away.ask(SHARED_QUESTION)
    assert answer.response
    shown = answer.response
    for actor in (away.ada, away.boss):
        assert SHARED_WORDS in shown_in(await press(actor, shown, "Context"))
        assert "Norwick" in shown_in(await press(actor, shown, "More passages"))
        assert "Thank you" in shown_in(await press(actor, shown, "👍"))
        form = await press(actor, shown, "👎")
        thanked = await actor.submit_modal(form, {"text": "It is older."})
        assert "Thank you" in shown_in(thanked)
        assert not any("Tell the admins" in labels(each) for each in thanked.followups)
        form = await press(actor, shown, "Follow up")
        followed = await actor.submit_modal(form, {"text": "And who painted it?"})
        assert "Understood with your earlier question" in shown_in(followed)
    assert away.needs_tokens_alone()


async def test_who_asked_can_delete_an_answer_there(away: Away) -> None:
    answer = await away.ask(SHARED_QUESTION)
    assert answer.response
    shown = answer.response
    refused = await press(away.boss, shown, "Delete")
    assert "Only who asked" in shown_in(refused)
    await press(away.ada, shown, "Delete")
    assert answer.response is None
    assert away.needs_tokens_alone()


async def test_an_answer_that_discord_does_not_let_the_bot_delete_is_told_of(away: Away) -> None:
    answer = await away.ask(SHARED_QUESTION)
    assert answer.response
    away.servers.env.inject_error("DELETE", "/webhooks/*", status=403)
    told = await press(away.ada, answer.response, "Delete")
    assert "Discord does not let me delete this answer." in shown_in(told)


async def test_an_answer_that_is_gone_already_needs_no_words(away: Away) -> None:
    answer = await away.ask(SHARED_QUESTION)
    assert answer.response
    away.servers.env.inject_error("DELETE", "/webhooks/*", status=404)
    told = await press(away.ada, answer.response, "Delete")
    assert told.followups == []


async def test_a_private_answer_is_shared_there_by_its_token(away: Away) -> None:
    answer = await away.ask(SHARED_QUESTION, private=True)
    assert answer.ephemeral
    assert answer.response
    shared = await press(away.ada, answer.response, "Share")
    (posted,) = shared.followups
    assert not posted.ephemeral
    assert SHARED_WORDS in all_text(posted).replace("**", "")
    assert "Delete" in labels(posted)
    assert away.needs_tokens_alone()


async def test_where_discord_shows_what_is_shared_to_nobody_else_that_is_told(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await away.ask(SHARED_QUESTION, private=True)
    assert answer.response
    sent = discord.Webhook.send

    async def only_for_who_asked(webhook: discord.Webhook, *args: Any, **options: Any) -> Any:
        return await sent(webhook, *args, **options | {"ephemeral": True})

    monkeypatch.setattr(discord.Webhook, "send", only_for_who_asked)
    shared = await press(away.ada, answer.response, "Share")
    assert "Only you can see that too" in shown_in(shared)
    assert "Share" in labels(answer.response)


async def test_a_messages_menu_works_there(away: Away) -> None:
    channel, message = away.servers.channel, away.message
    found = await away.ada.context_menu(channel, "Find sources for this", message)
    assert found.ephemeral
    assert SHARED_WORDS in shown_in(found)
    form = await away.ada.context_menu(channel, "Ask about this message", message)
    answered = await away.ada.submit_modal(form, {"text": SHARED_QUESTION})
    assert answered.ephemeral
    assert SHARED_WORDS in shown_in(answered)
    assert away.needs_tokens_alone()


async def test_people_there_go_on_from_their_own_questions_alone(away: Away) -> None:
    await away.ask(SHARED_QUESTION)
    other = await away.boss.slash(away.servers.channel, "ask", question="And who painted it?")
    assert "earlier question" not in shown_in(other)
    again = await away.ask("And who painted it?")
    assert "earlier question" in shown_in(again)
    client = away.servers.client
    place = Place("person", away.servers.channel.id, away.ada.id)
    assert len(await client.services.conversations.turns(None, [place])) == 2


async def test_help_there_names_only_what_works_there(away: Away) -> None:
    text = text_of(await away.ada.slash(away.servers.channel, "help"))
    for works in ("/ask", "/summary", "/sources", "/privacy", "Find sources for this"):
        assert works in text
    for works_not in ("/corpus", "/setup", "/insights", "Add to corpus", "mention", "<@"):
        assert works_not not in text


async def test_what_is_kept_of_somebody_there_can_be_seen_and_deleted_there(away: Away) -> None:
    await away.ask(SHARED_QUESTION)
    kept = await away.ada.slash(away.servers.channel, "privacy show")
    assert "1 question" in shown_in(kept)
    asked = await away.ada.slash(away.servers.channel, "privacy forget-me")
    assert asked.response
    await press(away.ada, asked.response, "Delete")
    assert "Deleted: 1 question" in shown_in(asked)
    assert away.needs_tokens_alone()


async def test_who_brings_the_bot_to_a_server_that_has_it_without_commands_sees_what_is_shared(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await servers.add("aurora.txt", OWN_TEXT)
    guild = servers.client.get_guild(servers.scene.guild.id)
    assert guild is not None
    bring_along(servers, "a server", servers.ada.id, monkeypatch)
    servers.client._connection._add_guild(guild)
    asked = await servers.ada.slash(servers.channel, "ask", question=OWN_QUESTION)
    assert OWN_WORDS not in shown_in(asked)
    # Not by whoever presses a button either, who has not brought it.
    assert asked.response
    more = await press(servers.boss, asked.response, "More passages")
    assert OWN_WORDS not in shown_in(more)


# As it is registered


def registered(scene: Scene) -> dict[str, dict[str, Any]]:
    """The commands as Discord was told of them."""
    put = [
        request.json
        for request in scene.env.http_requests
        if request.method == "PUT" and request.path.endswith("/commands")
    ]
    assert isinstance(put[-1], list)
    return {command["name"]: command for command in put[-1]}


def test_discord_is_told_where_each_command_works(scene: Scene) -> None:
    found = registered(scene)
    everywhere = {
        "ask",
        "summary",
        "sources",
        "help",
        "privacy",
        "Ask about this message",
        "Find sources for this",
    }
    managed = {"corpus", "setup", "insights", "Add to corpus"}
    assert found.keys() == everywhere | managed
    for name in everywhere:
        assert sorted(found[name]["integration_types"]) == [0, 1]
        assert sorted(found[name]["contexts"]) == [0, 1, 2]
        assert found[name]["default_member_permissions"] is None
    for name in managed:
        assert found[name]["integration_types"] == [0]
        assert found[name]["contexts"] == [0]
        wanted = discord.Permissions(manage_guild=True).value
        assert int(found[name]["default_member_permissions"]) == wanted


def test_the_client_registers_every_command_that_it_answers(
    scene: Scene, simcord_bot: FootnoteClient
) -> None:
    assert registered(scene).keys() == {c.name for c in simcord_bot.tree.get_commands()}
