"""What reaches Discord, and how often, when connections break: over real sockets."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

import discord
import pytest
import pytest_asyncio
import yarl
from discord import app_commands

from bot.delivery import LOST, deliver_surely
from tests.loopback import Interaction, LoopbackDiscord
from tests.loopback.hurry import hurry

TOKEN = "a-token"
MESSAGES, CALLBACK, WEBHOOK = r"^/channels/\d+/messages$", r"/callback$", r"^/webhooks/"
Work = Callable[[discord.Interaction], Awaitable[object]]


class Trouble(NamedTuple):
    status: int = 502
    drop: bool = False
    carried_out: bool = False
    times: int = 1


CUT_IN_REQUEST = Trouble(drop=True)
CUT_IN_RESPONSE = Trouble(drop=True, carried_out=True)
FAILED_AND_DONE = Trouble(carried_out=True)
ALL = {
    "cut in the request": CUT_IN_REQUEST,
    "cut in the request, twice": CUT_IN_REQUEST._replace(times=2),
    "cut in the response": CUT_IN_RESPONSE,
    "cut in the response, twice": CUT_IN_RESPONSE._replace(times=2),
    "502, though carried out": FAILED_AND_DONE,
    "503, though carried out": Trouble(503, carried_out=True),
    "429": Trouble(429),
}
each_trouble = pytest.mark.parametrize("trouble", list(ALL.values()), ids=list(ALL))


class Bot(discord.Client):
    """Does what the test puts into `work` on /run."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.work: Work | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        @self.tree.command(description="Runs the test's work")
        async def run(interaction: discord.Interaction) -> None:
            assert self.work
            try:
                await self.work(interaction)
            except Exception as error:
                self.done.set_exception(error)
            else:
                self.done.set_result(None)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def live(self) -> None:
        deliver_surely(self)
        await self.start(TOKEN)


class Scene(NamedTuple):
    loopback: LoopbackDiscord
    bot: Bot

    async def run(self, work: Work, path: str, trouble: Trouble) -> Interaction:
        """Use /run, in trouble; raises what the work does."""
        self.bot.work = work
        fault = self.loopback.fail_next("*", path, **trouble._asdict())
        guild = self.loopback.add_guild()
        used = await self.loopback.slash(guild.add_member(), guild.add_text_channel(), "run")
        await asyncio.wait_for(self.bot.done, 20)
        assert fault.hits == trouble.times
        return used


@pytest_asyncio.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with LoopbackDiscord(TOKEN) as loopback:
        monkeypatch.setattr(discord.http.Route, "BASE", loopback.api_url)
        gateway = yarl.URL(loopback.gateway_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        bot = Bot()
        living = asyncio.create_task(bot.live())
        await loopback.wait_until_ready()
        yield Scene(loopback, bot)
        await bot.close()
        await living


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short: an acknowledgement alone is due at a time."""
    hurry(monkeypatch)
    monkeypatch.setattr("bot.delivery._PAUSES", (0.01, 0.05, 0.1, 0.2))


def said(used: Interaction) -> list[str]:
    """Every message that the channel holds."""
    return [message.text for message in used.channel.messages.values() if not message.loading]


async def defer_and_edit(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True)
    assert interaction.response.is_done()
    await interaction.edit_original_response(content="once")


@each_trouble
@pytest.mark.usefixtures("hurried")
async def test_a_message_is_sent_once(scene: Scene, trouble: Trouble) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        assert isinstance(interaction.channel, discord.TextChannel)
        sent = await interaction.channel.send("once")
        await sent.edit(content="and edited")

    used = await scene.run(work, MESSAGES, trouble)
    assert said(used) == ["and edited"]


@each_trouble
async def test_an_interaction_is_acknowledged_in_time(scene: Scene, trouble: Trouble) -> None:
    used = await scene.run(defer_and_edit, CALLBACK, trouble)
    assert said(used) == ["once"]
    assert await used.acknowledged < 3


async def test_two_5xx_in_a_row_leave_time_for_the_acknowledgement(scene: Scene) -> None:
    used = await scene.run(defer_and_edit, CALLBACK, Trouble(times=2))
    assert said(used) == ["once"]


@each_trouble
@pytest.mark.usefixtures("hurried")
async def test_an_answer_that_is_an_edit_comes_once(scene: Scene, trouble: Trouble) -> None:
    used = await scene.run(defer_and_edit, WEBHOOK, trouble)
    assert said(used) == ["once"]


@pytest.mark.parametrize("trouble", [CUT_IN_REQUEST, CUT_IN_RESPONSE])
async def test_a_follow_up_is_never_repeated(scene: Scene, trouble: Trouble) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("first")
        await interaction.followup.send("second")

    with pytest.raises(LOST):
        await scene.run(work, WEBHOOK, trouble)
    (used,) = scene.loopback.interactions
    assert said(used).count("second") == trouble.carried_out


@each_trouble
@pytest.mark.usefixtures("hurried")
async def test_an_edit_with_a_file_sends_the_whole_file(scene: Scene, trouble: Trouble) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        file = discord.File(io.BytesIO(b"a table"), "table.csv")
        await interaction.edit_original_response(content="once", attachments=[file])

    used = await scene.run(work, WEBHOOK, trouble)
    assert said(used) == ["once"]
    edits = [each for each in scene.loopback.requests if each.method == "PATCH"]
    assert len(edits) == 1 + trouble.times
    (message,) = used.channel.messages.values()
    assert [(each.filename, each.content) for each in message.attachments] == [
        ("table.csv", b"a table")
    ]


@pytest.mark.parametrize("trouble", [CUT_IN_REQUEST, CUT_IN_RESPONSE])
async def test_files_of_new_messages_are_sent_once_or_not_at_all(
    scene: Scene, trouble: Trouble
) -> None:
    async def work(interaction: discord.Interaction) -> None:
        assert isinstance(interaction.channel, discord.TextChannel)
        await interaction.channel.send(file=discord.File(__file__))

    with pytest.raises(LOST):
        await scene.run(work, MESSAGES, trouble)
    (used,) = scene.loopback.interactions
    assert len(used.channel.messages) == trouble.carried_out


@pytest.mark.parametrize("trouble", [CUT_IN_REQUEST, CUT_IN_RESPONSE])
async def test_typing_is_shown_again(scene: Scene, trouble: Trouble) -> None:
    async def work(interaction: discord.Interaction) -> None:
        await interaction.channel.typing()  # type: ignore[union-attr]

    used = await scene.run(work, "/typing$", trouble)
    assert used.channel.typing_count == 1 + trouble.carried_out


async def test_what_discord_refuses_is_not_repeated(scene: Scene) -> None:
    async def work(interaction: discord.Interaction) -> None:
        with pytest.raises(discord.NotFound):
            await interaction.response.defer()
        with pytest.raises(discord.HTTPException):
            await interaction.edit_original_response(content="x" * 2001)

    await scene.run(work, CALLBACK, Trouble(404))
    posts = [request for request in scene.loopback.requests if request.method != "GET"]
    assert sum(request.path.endswith("/callback") for request in posts) == 1
    assert sum(request.path.startswith("/webhooks/") for request in posts) == 1


async def test_a_loss_that_goes_on_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery._PAUSES", (0.0, 0.0))

    async def work(interaction: discord.Interaction) -> Any:
        await interaction.response.defer(thinking=True)
        await interaction.edit_original_response(content="never")

    with pytest.raises(LOST):
        await scene.run(work, WEBHOOK, CUT_IN_REQUEST._replace(times=3))
