"""The loopback Discord, proved with discord.py: what it speaks, enforces and refuses."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio
import yarl
from discord import app_commands, ui

from . import (
    LoopbackDiscord,
    LoopbackError,
    LoopbackTimeoutError,
    Message,
    Trouble,
    Weather,
    limits,
)
from .commands import Choice, component_data
from .errors import ApiError
from .hurry import hurry

# Discord's own document, which is not part of this repository: a second opinion where it is.
OPENAPI = Path(os.environ.get("FOOTNOTE_TEST_DATA", "missing")) / "discord" / "openapi.json"
HAS_OPENAPI = OPENAPI.exists()
TOKEN = "a-token"

Work = Callable[[discord.Interaction], Coroutine[Any, Any, None]]


class Form(ui.Modal, title="A form"):
    answer: ui.TextInput[Form] = ui.TextInput(label="Answer", custom_id="answer")
    file: ui.Label[Form] = ui.Label(
        text="File", component=ui.FileUpload(custom_id="file", required=False)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        uploads = self.file.component.values  # type: ignore[attr-defined]
        contents = [(await upload.read()).decode() for upload in uploads]
        await interaction.response.send_message(f"{self.answer.value} {contents}")


class Press(ui.DynamicItem[ui.Button[Any]], template="press:(?P<number>[0-9]+)"):
    """A button that needs no stored view."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label="Press", custom_id=f"press:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, _interaction: Any, _item: Any, match: Any, /) -> Press:
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(view=panel(f"pressed {self.number}"))


def panel(text: str, number: int = 1) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    row: ui.ActionRow[Any] = ui.ActionRow(Press(number))
    view.add_item(ui.Container(ui.TextDisplay(text), ui.Separator(), row))
    return view


class Bot(discord.Client):
    """A small bot: it echoes mentions, and runs what the test puts into `work` on /run."""

    def __init__(self, intents: discord.Intents, work: Work | None = None) -> None:
        super().__init__(
            intents=intents,
            guild_ready_timeout=0.05,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(self)
        self.work = work
        self.seen: list[str] = []
        self.errors: list[Exception] = []
        self.finished = asyncio.Event()
        self.add_dynamic_items(Press)
        self._add_commands()

    def _add_commands(self) -> None:
        @self.tree.command(description="Runs the test's work")
        async def run(interaction: discord.Interaction) -> None:
            try:
                if self.work:
                    await self.work(interaction)
            except (discord.HTTPException, aiohttp.ClientError) as error:
                self.errors.append(error)
            self.finished.set()

        corpus = app_commands.Group(name="corpus", description="The corpus")
        self.tree.add_command(corpus)

        @corpus.command(description="Shows an article")
        async def show(
            interaction: discord.Interaction, name: str, who: discord.Member | None = None
        ) -> None:
            await interaction.response.send_message(f"{name} for {who}", ephemeral=True)

        @show.autocomplete("name")
        async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=f"{typed}!", value=typed)]

        async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"> {message.content}")

        self.tree.add_command(app_commands.ContextMenu(name="Quote", callback=quote))

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identifies anew at once, where discord.py would wait for five seconds."""

    async def on_message(self, message: discord.Message) -> None:
        self.seen.append(message.content)
        if self.user in message.mentions and not message.author.bot:
            await message.reply(f"echo {message.content}")


@contextmanager
def pointed_at(loopback: LoopbackDiscord) -> Iterator[None]:
    """This process's discord.py takes a server for Discord."""
    gateway = yarl.URL(loopback.gateway_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discord.http.Route, "BASE", loopback.api_url)
        patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        yield


@pytest_asyncio.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    """A server that this process's discord.py takes for Discord."""
    openapi = OPENAPI if HAS_OPENAPI else None
    async with LoopbackDiscord(TOKEN, openapi=openapi, heartbeat_interval=0.1) as loopback:
        with pointed_at(loopback):
            yield loopback


@asynccontextmanager
async def identified(
    loopback: LoopbackDiscord, shard: object
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A connection to the gateway that has said who it is and heard nothing yet."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(loopback.gateway_url) as socket,
    ):
        assert (await socket.receive_json(timeout=5))["op"] == 10
        identify = {"token": TOKEN, "intents": 0, "properties": {}, "shard": shard}
        await socket.send_json({"op": 2, "d": identify})
        yield socket


@asynccontextmanager
async def running(
    loopback: LoopbackDiscord, work: Work | None = None, **intents: bool
) -> AsyncIterator[Bot]:
    bot = Bot(discord.Intents(guilds=True, messages=True, reactions=True, **intents), work)
    task = asyncio.create_task(bot.start(TOKEN))
    await loopback.wait_until_ready()
    try:
        yield bot
    finally:
        await bot.close()
        await task


async def run(loopback: LoopbackDiscord, bot: Bot) -> None:
    """Lets the bot do its work under /run, in a fresh channel, to the end."""
    guild = loopback.add_guild()
    await loopback.slash(guild.add_member(), guild.add_text_channel(), "run")
    await asyncio.wait_for(bot.finished.wait(), 10)


async def test_a_mention_is_answered_with_a_reply(loopback: LoopbackDiscord) -> None:
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback):
        question = await loopback.post_message(channel, member, f"{loopback.bot.mention} hi")
        reply = await loopback.wait_for_reply(question)
        assert reply.text == f"echo {loopback.bot.mention} hi"
        assert reply.mentions == []
        assert loopback.identifies[0]["intents"] == 1 << 0 | 0b1001 << 9 | 0b1001 << 10
        loopback.assert_clean()
    await loopback.wait_until_gone()
    # discord.py means to say 1000, but its reader, woken first, says 4000.
    assert loopback.connections[0].close_code in (1000, 4000)


async def test_a_wrong_token_is_a_login_failure(loopback: LoopbackDiscord) -> None:
    bot = Bot(discord.Intents.none())
    with pytest.raises(discord.LoginFailure):
        await bot.start("another-token")
    await bot.close()
    assert loopback.connections == []


async def test_the_gateway_closes_a_wrong_token_with_4004(loopback: LoopbackDiscord) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(loopback.gateway_url) as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 0}})
        await socket.receive()
        assert socket.close_code == 4004


async def test_intents_that_the_portal_denies_are_closed_with_4014(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with LoopbackDiscord(TOKEN, privileged_intents=0) as loopback:
        monkeypatch.setattr(discord.http.Route, "BASE", loopback.api_url)
        gateway = yarl.URL(loopback.gateway_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        bot = Bot(discord.Intents(message_content=True))
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(TOKEN)
        await bot.close()


async def test_content_is_blank_without_intent_unless_it_concerns_the_bot(
    loopback: LoopbackDiscord,
) -> None:
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()

    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("an answer")

    async with running(loopback, answer) as bot:
        await loopback.post_message(channel, member, "secret")
        question = await loopback.post_message(channel, member, f"{loopback.bot.mention} 1")
        reply = await loopback.wait_for_reply(question)
        await loopback.post_message(channel, member, "to a reply", reference=reply)
        interaction = await loopback.slash(member, channel, "run")
        slash_answer = await interaction.wait_for_answer()
        await loopback.post_message(channel, member, "to a slash", reference=slash_answer)
        await loopback.post_message(loopback.open_dm(member), member, "direct")
        await loopback.settle()
        assert "to a reply" in bot.seen
        assert "direct" in bot.seen
        assert "secret" not in bot.seen
        assert "to a slash" not in bot.seen
        assert bot.seen.count("") == 2


async def test_content_is_readable_with_the_intent(loopback: LoopbackDiscord) -> None:
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback, message_content=True) as bot:
        await loopback.post_message(channel.add_thread("topic"), member, "open")
        await loopback.settle()
        assert bot.seen == ["open"]


async def test_a_deferred_answer_keeps_its_ephemerality(loopback: LoopbackDiscord) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("first", ephemeral=False)
        await interaction.followup.send("second", file=discord.File(io.BytesIO(b"data"), "a.txt"))
        await interaction.edit_original_response(content="first, edited")

    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback, work) as bot:
        interaction = await loopback.slash(member, channel, "run")
        assert await interaction.acknowledged < 3
        assert (await interaction.wait_for_answer()).ephemeral
        await asyncio.wait_for(bot.finished.wait(), 10)
        assert interaction.original
        assert interaction.original.text == "first, edited"
        assert interaction.original.ephemeral
        assert [message.text for message in interaction.followups] == ["second"]
        assert interaction.followups[0].attachments[0].content == b"data"
        assert list(channel.messages.values()) == interaction.followups
        loopback.assert_clean()


async def test_an_acknowledgement_after_the_deadline_is_refused(
    loopback: LoopbackDiscord,
) -> None:
    async def work(interaction: discord.Interaction) -> None:
        interactions = loopback.interactions
        interactions[-1].dispatched_at -= 3.1  # 3.1 s pass
        await interaction.response.send_message("late")

    async with running(loopback, work) as bot:
        await run(loopback, bot)
        assert isinstance(bot.errors[0], discord.NotFound)
        assert bot.errors[0].code == 10062
        assert loopback.refusals[0].code == 10062
        assert loopback.interactions[0].acknowledged_after is None


async def test_a_second_acknowledgement_is_refused(loopback: LoopbackDiscord) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("one")
        interaction.response._response_type = None
        await interaction.response.send_message("two")

    async with running(loopback, work) as bot:
        await run(loopback, bot)
        assert isinstance(bot.errors[0], discord.HTTPException)
        assert bot.errors[0].code == 40060


async def test_a_follow_up_before_the_acknowledgement_is_refused(
    loopback: LoopbackDiscord,
) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.followup.send("early")

    async with running(loopback, work) as bot:
        await run(loopback, bot)
        assert isinstance(bot.errors[0], discord.NotFound)
        assert bot.errors[0].code == 10015


async def test_subcommands_autocomplete_and_context_menus(loopback: LoopbackDiscord) -> None:
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member("ada")
    async with running(loopback):
        assert len(loopback.command_syncs) == 1
        typed = await loopback.autocomplete(
            member, channel, "corpus show", {"name": "wh"}, focused="name"
        )
        assert await typed.wait_for_choices() == [{"name": "wh!", "value": "wh"}]
        shown = await loopback.slash(
            member, channel, "corpus show", {"name": "whales", "who": member}
        )
        assert (await shown.wait_for_answer()).text == "whales for ada"
        message = await loopback.post_message(channel, member, "to be quoted")
        quoted = await loopback.context_menu(member, channel, "Quote", message)
        assert (await quoted.wait_for_answer()).text == "> to be quoted"
        loopback.assert_clean()


async def test_what_no_person_could_do_is_an_error_of_the_test(loopback: LoopbackDiscord) -> None:
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback):
        with pytest.raises(LoopbackError, match=r"no command 'ask'.*corpus"):
            await loopback.slash(member, channel, "ask")
        with pytest.raises(LoopbackError, match="needs 'name'"):
            await loopback.slash(member, channel, "corpus show")
        with pytest.raises(LoopbackTimeoutError, match="a message in 'general'"):
            await loopback.wait_for_message(channel, timeout=0.01)


async def test_a_dynamic_button_is_pressed(loopback: LoopbackDiscord) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(view=panel("press me", 7))

    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback, work):
        interaction = await loopback.slash(member, channel, "run")
        message = await interaction.wait_for_answer()
        assert message.is_v2
        assert message.custom_ids == ["press:7"]
        pressed = await loopback.click(message, "press:7", member)
        assert (await pressed.wait_for_answer()).text == "pressed 7"
        assert pressed.original is message
        with pytest.raises(LoopbackError, match="no 'press:7'"):
            await loopback.click(message, "press:7", member)
        loopback.assert_clean()


async def test_a_modal_is_filled_and_sent(loopback: LoopbackDiscord) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback, work):
        opened = await loopback.slash(member, channel, "run")
        assert (await opened.wait_for_modal())["title"] == "A form"
        upload = loopback.upload("a.txt", b"content")
        sent = await loopback.submit_modal(opened, {"answer": "yes", "file": [upload]})
        assert (await sent.wait_for_answer()).text == "yes ['content']"
        loopback.assert_clean()


@pytest.mark.parametrize("status", [429, 502])
async def test_trouble_is_retried(
    loopback: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    hurry(monkeypatch)
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback):
        fault = loopback.fail_next(
            "POST", r"/channels/\d+/messages$", status=status, retry_after=0.05
        )
        question = await loopback.post_message(channel, member, f"{loopback.bot.mention} hi")
        await loopback.wait_for_reply(question)
        assert fault.hits == 1
        statuses = [r.status for r in loopback.requests if r.path.endswith("/messages")]
        assert statuses == [status, 200]


async def test_even_503_is_retried_for_a_callback(loopback: LoopbackDiscord) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("at last")

    async with running(loopback, work) as bot:
        fault = loopback.fail_next("POST", "/callback$", status=503)
        await run(loopback, bot)
        assert fault.hits == 1
        # The wait before the retry is a third of the time there is.
        assert await loopback.interactions[0].acknowledged > 1


async def test_answers_have_the_headers_that_discord_py_goes_by(
    loopback: LoopbackDiscord,
) -> None:
    loopback.fail_next("GET", "^/users/@me$", status=429, is_global=True)
    async with aiohttp.ClientSession() as session:
        limited = await session.get(f"{loopback.api_url}/users/@me")
        assert limited.headers["Via"]
        assert limited.headers["X-RateLimit-Global"] == "true"
        assert (await limited.json())["retry_after"] == 0.2
        plain = await session.get(f"{loopback.api_url}/users/@me")
        assert plain.status == 401
        assert plain.headers["Content-Type"] == "application/json"


async def test_a_dropped_request_is_not_retried_by_discord_py_on_linux(
    loopback: LoopbackDiscord,
) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("lost")

    async with running(loopback, work) as bot:
        fault = loopback.fail_next("POST", "/callback$", drop=True)
        await run(loopback, bot)
        assert fault.hits == 1
        assert isinstance(bot.errors[0], aiohttp.ClientError)


@pytest.mark.parametrize(
    ("drop", "error"), [(True, aiohttp.ClientPayloadError), (False, None)], ids=["cut", "502"]
)
async def test_a_request_may_be_carried_out_though_the_bot_is_not_told(
    loopback: LoopbackDiscord,
    monkeypatch: pytest.MonkeyPatch,
    *,
    drop: bool,
    error: type[Exception] | None,
) -> None:
    hurry(monkeypatch)
    channel = loopback.add_guild().add_text_channel()
    async with running(loopback) as bot:
        fault = loopback.fail_next("POST", "/messages$", status=502, drop=drop, carried_out=True)
        seen = bot.get_partial_messageable(channel.id)
        with pytest.raises(error) if error else nullcontext():
            await seen.send("said")
        assert fault.hits == 1
    # After the 502 discord.py has sent it again, with the same nonce.
    assert [message.content for message in channel.messages.values()] == ["said"]


async def test_an_enforced_nonce_makes_a_message_the_only_one(loopback: LoopbackDiscord) -> None:
    channel = loopback.add_guild().add_text_channel()
    async with running(loopback) as bot:
        seen = bot.get_partial_messageable(channel.id)
        first = await seen.send("said", nonce=1)
        assert (await seen.send("said otherwise", nonce=1)).id == first.id
        await seen.send("said", nonce=2)
    assert [message.content for message in channel.messages.values()] == ["said", "said"]


def test_weather_strikes_its_share_with_every_trouble_and_nothing_thrice() -> None:
    weather = Weather(0.5, seed=7)
    faults = [weather.fault("POST", "/channels/1/messages", number) for number in range(10)]
    assert sum(fault is not None for fault in faults) == len(Trouble)
    assert set(weather.struck) == {("message", trouble) for trouble in Trouble}
    assert weather.fault("GET", "/users/@me", None) is None
    again = Weather(1, seed=7)
    edits = [again.fault("PATCH", "/webhooks/1/token/messages/@original", {}) for _ in range(5)]
    assert [fault is not None for fault in edits] == [True, True, False, False, False]


@pytest.mark.parametrize("code", [None, 4000])
async def test_a_cut_gateway_is_resumed_and_replayed(
    loopback: LoopbackDiscord, code: int | None
) -> None:
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback):
        await loopback.settle()
        await loopback.cut_gateway(code)
        missed = await loopback.post_message(channel, member, f"{loopback.bot.mention} missed")
        await loopback.wait_for_reply(missed)
        assert loopback.resumes == 1
        assert len(loopback.identifies) == 1


async def test_opcode_7_resumes_and_opcode_9_identifies_anew(loopback: LoopbackDiscord) -> None:
    async with running(loopback):
        await loopback.request_reconnect()
        await loopback.wait_until(lambda: loopback.resumes == 1)
        await loopback.settle()
        await loopback.invalidate_session()
        await loopback.wait_until_ready()
        assert len(loopback.identifies) == 2


async def test_a_blocked_event_loop_shows_in_the_heartbeats(loopback: LoopbackDiscord) -> None:
    async with running(loopback):
        [connection] = loopback.connections
        await loopback.wait_until(lambda: len(connection.heartbeats) >= 3)
        count = len(connection.heartbeats)
        time.sleep(0.6)  # noqa: ASYNC251 - blocks the bot, which runs in this loop, on purpose.
        await loopback.wait_until(lambda: len(connection.heartbeats) > count)
        assert connection.heartbeat_gaps[count - 1] > 0.5


async def test_an_unknown_route_is_recorded(loopback: LoopbackDiscord) -> None:
    async with running(loopback) as bot:
        with pytest.raises(discord.NotFound):
            await bot.http.request(discord.http.Route("GET", "/nowhere"))
        assert [request.path for request in loopback.unknown_requests] == ["/nowhere"]
        with pytest.raises(AssertionError):
            loopback.assert_clean()


def too_much_text() -> ui.LayoutView:
    view = ui.LayoutView()
    for _ in range(2):
        view.add_item(ui.TextDisplay("x" * 2001))
    return view


def two_equal_buttons() -> ui.View:
    view = ui.View()
    for _ in range(2):
        view.add_item(ui.Button(label="b", custom_id="same"))
    return view


def link(url: str) -> ui.View:
    return ui.View().add_item(ui.Button(label="link", url=url))


@pytest.mark.parametrize(
    ("message", "field", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"embed": discord.Embed(title="x" * 257)}, "embeds", "BASE_TYPE_MAX_LENGTH"),
        (
            {"embeds": [discord.Embed(description="x" * 3001)] * 2},
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            {"view": too_much_text},
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
        ),
        (
            {"view": lambda: panel("x"), "content": "x"},
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        ({"view": two_equal_buttons}, "components", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ({"view": lambda: link("ftp://x.org")}, "components", "URL_TYPE_INVALID_SCHEME"),
        (
            {"view": lambda: link("https://x.org/" + "x" * 500)},
            "components",
            "BASE_TYPE_BAD_LENGTH",
        ),
    ],
)
async def test_messages_over_the_limits_are_refused(
    loopback: LoopbackDiscord, message: dict[str, Any], field: str, code: str
) -> None:
    channel = loopback.add_guild().add_text_channel()
    async with running(loopback) as bot:
        target = bot.get_partial_messageable(channel.id)
        built = {k: v() if callable(v) and k == "view" else v for k, v in message.items()}
        with pytest.raises(discord.HTTPException) as refused:
            await target.send(**built)
        assert refused.value.status == 400
        assert refused.value.code == 50035
        assert field in loopback.refusals[0].errors
        assert code in str(loopback.refusals[0].errors)
        assert channel.messages == {}


async def test_empty_messages_and_big_files_are_refused(loopback: LoopbackDiscord) -> None:
    channel = loopback.add_guild().add_text_channel()
    async with running(loopback) as bot:
        target = bot.get_partial_messageable(channel.id)
        with pytest.raises(discord.HTTPException) as empty:
            await target.send("  ")
        assert empty.value.code == 50006
        with pytest.raises(discord.HTTPException) as big:
            await target.send(file=discord.File(io.BytesIO(b"x" * (10 * 2**20 + 1)), "a"))
        assert big.value.status == 413


async def test_the_v2_flag_cannot_be_taken_back(loopback: LoopbackDiscord) -> None:
    channel = loopback.add_guild().add_text_channel()
    async with running(loopback) as bot:
        sent = await bot.get_partial_messageable(channel.id).send(view=panel("text"))
        await sent.edit(view=panel("other text"))
        assert channel.messages[sent.id].text == "other text"
        with pytest.raises(discord.HTTPException):
            await sent.edit(content="plain", view=None)


async def test_bad_commands_are_refused(loopback: LoopbackDiscord) -> None:
    async with running(loopback) as bot:
        registered = loopback.commands()
        for command, code in [
            ({"name": "Upper", "description": "d"}, "APPLICATION_COMMAND_INVALID_NAME"),
            ({"name": "x", "description": "d" * 101}, "BASE_TYPE_BAD_LENGTH"),
            (
                {
                    "name": "x",
                    "description": "d",
                    "options": [
                        {"type": 3, "name": "a", "description": "d"},
                        {"type": 3, "name": "b", "description": "d", "required": True},
                    ],
                },
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            ),
        ]:
            with pytest.raises(discord.HTTPException):
                await bot.http.bulk_upsert_global_commands(loopback.bot.id, [command])  # type: ignore[list-item]
            assert code in str(loopback.refusals[-1].errors)
        assert loopback.commands() == registered


def section(texts: int) -> dict[str, Any]:
    button = {"type": 2, "style": 1, "label": "b", "custom_id": "b"}
    text = {"type": 10, "content": "text"}
    return {"type": 9, "components": [text] * texts, "accessory": button}


def v2(*components: dict[str, Any]) -> dict[str, Any]:
    return {"flags": 1 << 15, "components": list(components)}


def form(items: int, title: str = "t") -> dict[str, Any]:
    def label(number: int) -> dict[str, Any]:
        text_input = {"type": 4, "custom_id": str(number), "style": 1}
        return {"type": 18, "label": "l", "component": text_input}

    return {"custom_id": "f", "title": title, "components": [label(i) for i in range(items)]}


def command(size: int) -> list[dict[str, Any]]:
    choice = {"name": "n" * 50, "value": "v" * 50}
    option = {"type": 3, "name": "o", "description": "d", "choices": [choice] * 25}
    options = [option | {"name": f"o{number}"} for number in range(size // 2500)]
    return [{"name": "c", "description": "d", "options": options}]


@pytest.mark.parametrize(
    ("check", "fits", "exceeds"),
    [
        (limits.check_message, v2(section(3)), v2(section(4))),
        (limits.check_message, v2(section(1)), v2(section(1) | {"accessory": None})),
        (
            limits.check_message,
            v2(*[{"type": 14}] * 40),
            v2({"type": 17, "components": [{"type": 14}] * 40}),
        ),
        (
            limits.check_message,
            {"content": "x", "allowed_mentions": {"parse": [], "users": ["1"]}},
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        ),
        (limits.check_message, {"content": "x" * 2000}, {"content": "x", "components": [{}] * 6}),
        (limits.check_modal, form(5), form(6)),
        (limits.check_modal, form(1, "t" * 45), form(1, "t" * 46)),
        (
            limits.check_choices,
            {"choices": [{"name": "n" * 100, "value": "v"}] * 25},
            {"choices": [{"name": "n" * 101, "value": "v"}]},
        ),
        (limits.check_commands, command(7500), command(10000)),
    ],
)
def test_the_limits_lie_where_discord_puts_them(
    check: Callable[[Any], None], fits: Any, exceeds: Any
) -> None:
    check(fits)
    with pytest.raises(ApiError) as refused:
        check(exceeds)
    assert refused.value.code == 50035
    assert refused.value.errors


async def test_shards_and_member_lists(loopback: LoopbackDiscord) -> None:
    guild = loopback.add_guild()
    member = guild.add_member("ada")
    client = discord.AutoShardedClient(
        intents=discord.Intents(guilds=True, members=True), guild_ready_timeout=0.05
    )
    ready = asyncio.Event()

    @client.event
    async def on_ready() -> None:
        ready.set()

    task = asyncio.create_task(client.start(TOKEN))
    await asyncio.wait_for(ready.wait(), 10)
    known = client.get_guild(guild.id)
    assert known
    assert known.get_member(member.id)
    assert loopback.identifies[0]["shard"] == [0, 1]
    await client.close()
    await task
    loopback.assert_clean()


class Part(discord.AutoShardedClient):
    """A process's share of a bot's two shards."""

    def __init__(self, shard: int) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True),
            shard_count=2,
            shard_ids=[shard],
            guild_ready_timeout=0.05,
        )
        self.heard: list[int] = []
        self._news = asyncio.Condition()

    async def on_message(self, message: discord.Message) -> None:
        async with self._news:
            self.heard.append(message.id)
            self._news.notify_all()

    async def heard_enough(self, count: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: len(self.heard) >= count)


@asynccontextmanager
async def both_parts(loopback: LoopbackDiscord) -> AsyncIterator[list[Part]]:
    parts = [Part(0), Part(1)]
    with pointed_at(loopback):
        tasks = [asyncio.create_task(part.start(TOKEN)) for part in parts]
        await loopback.wait_until(lambda: loopback.ready_shards == {0, 1})
        try:
            yield parts
        finally:
            for part in parts:
                await part.close()
            await asyncio.gather(*tasks)


async def test_what_happens_is_told_to_the_shard_of_its_server() -> None:
    async with (
        LoopbackDiscord(TOKEN, max_concurrency=2, shards=2) as loopback,
        both_parts(loopback) as parts,
    ):
        guilds = [loopback.add_guild(f"guild {n}", shard=(n, 2)) for n in (0, 1)]
        assert [(guild.id >> 22) % 2 for guild in guilds] == [0, 1]
        said = []
        for guild in guilds:
            ada, channel = guild.add_member("ada"), guild.add_text_channel()
            said.append(await loopback.post_message(channel, ada, "in a server"))
        said.append(await loopback.post_message(loopback.open_dm(ada), ada, "directly"))
        async with asyncio.timeout(10):
            for part, count in zip(parts, (2, 1), strict=True):
                await part.heard_enough(count)
        await loopback.settle()
        in_0, in_1, directly = (message.id for message in said)
        assert [part.heard for part in parts] == [[in_0, directly], [in_1]]
        names = [[guild.name for guild in part.guilds] for part in parts]
        assert names == [["guild 0"], ["guild 1"]]


async def test_discord_recommends_shards_and_says_how_many_may_begin_together() -> None:
    async with LoopbackDiscord(TOKEN, max_concurrency=4, shards=3) as loopback:
        headers = {"Authorization": f"Bot {TOKEN}"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{loopback.api_url}/gateway/bot", headers=headers) as response,
        ):
            said = await response.json()
        assert said["shards"] == 3
        assert said["session_start_limit"]["max_concurrency"] == 4


@pytest.mark.parametrize("shard", [[2, 2], [-1, 1], [0], "0", [0, "1"]])
async def test_a_shard_that_there_is_not_is_closed_with_4010(
    loopback: LoopbackDiscord, shard: object
) -> None:
    async with identified(loopback, shard) as socket:
        message = await socket.receive(timeout=5)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4010)


async def test_shards_that_begin_too_fast_have_no_session() -> None:
    async with (
        LoopbackDiscord(TOKEN, max_concurrency=2, identify_pause=60) as loopback,
        identified(loopback, [0, 3]) as first,
        identified(loopback, [1, 3]) as other,
        identified(loopback, [2, 3]) as second,
    ):
        said = [(await each.receive_json(timeout=5))["op"] for each in (first, other, second)]
    assert said == [0, 0, 9]


async def test_connections_are_refused_as_in_an_outage(loopback: LoopbackDiscord) -> None:
    loopback.refuse_connections(1)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(loopback.gateway_url)
        async with session.ws_connect(loopback.gateway_url) as socket:
            assert (await socket.receive_json(timeout=5))["op"] == 10


@pytest.mark.skipif(not HAS_OPENAPI, reason="Discord's OpenAPI document is not here")
async def test_the_openapi_document_is_a_second_opinion(loopback: LoopbackDiscord) -> None:
    channel = loopback.add_guild().add_text_channel()
    async with running(loopback) as bot:
        await bot.http.request(
            discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id),
            json={"content": "x", "tts": "yes"},
        )
        [violation] = loopback.violations
        assert violation.field == "$.tts"


async def test_threads_typing_reactions_and_history(loopback: LoopbackDiscord) -> None:
    guild = loopback.add_guild()
    channel, member = guild.add_text_channel(), guild.add_member()
    async with running(loopback) as bot:
        question = await loopback.post_message(channel, member, f"{loopback.bot.mention} hi")
        await loopback.wait_for_reply(question)
        seen = bot.get_channel(channel.id)
        assert isinstance(seen, discord.TextChannel)
        async with seen.typing():
            message = await seen.fetch_message(question.id)
            await message.add_reaction("✅")
            thread = await message.create_thread(name="topic")
        await thread.send("in the thread")
        assert [m.content async for m in seen.history(limit=1)] == [f"echo {message.content}"]
        assert question.reactions == {"✅": [loopback.bot.id]}
        assert guild.channels[thread.id].parent is channel
        assert channel.typing_count == 1
        await loopback.wait_for_message(guild.channels[thread.id])
        assert (await thread.guild.fetch_member(member.id)).name == "ada"
        loopback.assert_clean()


async def test_a_post_is_a_thread_of_its_forum_with_its_first_message(
    loopback: LoopbackDiscord,
) -> None:
    guild = loopback.add_guild()
    forum, member = guild.add_forum(), guild.add_member()
    async with running(loopback) as bot:
        post = await loopback.open_post(forum, member, "A title", f"{loopback.bot.mention} body")
        await loopback.wait_for_reply(post)
        thread = bot.get_channel(post.channel.id)
        assert isinstance(thread, discord.Thread)
        assert isinstance(thread.parent, discord.ForumChannel)
        assert (thread.id, thread.name, thread.owner_id) == (post.id, "A title", member.id)


def test_a_menu_takes_what_it_offers_and_nothing_else(loopback: LoopbackDiscord) -> None:
    guild = loopback.add_guild()
    text, forum = guild.add_text_channel(), guild.add_forum()
    menu = {"type": 8, "id": 1, "custom_id": "m", "channel_types": [0], "max_values": 1}
    message = Message(1, text, loopback.bot, components=[menu])
    assert component_data(message, "m", [text])["values"] == [str(text.id)]
    others: list[list[Choice]] = [[forum], [text, text], [], ["text"]]
    for refused in others:
        with pytest.raises(LoopbackError):
            component_data(message, "m", refused)
