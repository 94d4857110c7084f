"""The bot as a process, over real sockets: from its login to its end, with trouble between."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
import pytest_asyncio

from bot.rendering.sanitize import shown
from bot.store import ServerSettings, Store
from tests.conftest import SEEDS
from tests.loopback import Channel, LoopbackDiscord, Member, Message
from tests.loopback.model import walk
from tests.retrieval.web.site import Site, page, site
from tests.wire.bot_process import TOKEN, BotProcess, make_loopback, running_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "When was Haftar's offensive called Operation Dignity?"
WORDS = "Operation Dignity"
MANAGE_GUILD = 1 << 5


@dataclass(frozen=True)
class Wire:
    """A running bot in a server, and where its articles are."""

    discord: LoopbackDiscord
    bot: BotProcess
    articles: Path
    channel: Channel
    ada: Member
    boss: Member
    web: Site

    async def ask(self, question: str, channel: Channel | None = None) -> Message:
        """The bot's reply to a mention."""
        asked = await self.discord.post_message(
            channel or self.channel, self.ada, f"{self.discord.bot.mention} {question}"
        )
        return await self.discord.wait_for_reply(asked, timeout=30)


def quotes_in(message: Message) -> list[str]:
    """The quoted words of each part of an answer as Discord shows them."""
    found = []
    for part in walk(message.components):
        lines = [line for line in part.get("content", "").split("\n") if line.startswith("> ")]
        if lines:
            found.append(shown("\n".join(line.removeprefix("> ") for line in lines)))
    return found


def assert_verbatim(message: Message) -> None:
    """Every quote of the seed article is in it, word for word; one holds the words looked for."""
    (seed,) = SEEDS.glob("*.md")
    text = seed.read_text("utf-8")
    assert quotes_in(message)
    for quote in quotes_in(message):
        assert quote in text
    assert any(WORDS in quote for quote in quotes_in(message))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    """One bot for the whole module, since it loads its model for seconds."""
    folder = tmp_path_factory.mktemp("wire")
    articles = folder / "articles"
    shutil.copytree(SEEDS, articles, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    async with make_loopback() as discord:
        guild = discord.add_guild()
        channel = guild.add_text_channel()
        boss = guild.add_member("boss", permissions=MANAGE_GUILD)
        _let_ask_without_end(folder / "data", guild.id)
        with site() as web:
            bot_running = running_bot(
                folder,
                articles,
                api_url=discord.api_url,
                gateway_url=discord.gateway_url,
                OPERATOR_IDS=str(boss.id),
                FOOTNOTE_PRIVATE_HOSTS=web.host,
            )
            async with bot_running as bot:
                await discord.wait_until_ready(60)
                made = Wire(
                    discord=discord,
                    bot=bot,
                    articles=articles,
                    channel=channel,
                    ada=guild.add_member("ada"),
                    boss=boss,
                    web=web,
                )
                await _articles_open(made)
                yield made


def _let_ask_without_end(folder: Path, server: int) -> None:
    """Have a server's settings so that its members may ask as often as these tests do."""
    store = Store(
        folder, keep_text=True, retention=timedelta(days=1), clock=lambda: datetime.now(UTC)
    )
    store.save_settings(server, ServerSettings(per_member=0, per_channel=0, per_server=0))
    store.close()


async def _articles_open(wire: Wire, timeout: float = 60) -> None:
    """Ask until the answer is one: the bot connects sooner than it has loaded its model."""
    async with asyncio.timeout(timeout):
        while True:
            if quotes_in(await wire.ask(QUESTION)):
                return
            await asyncio.sleep(0.2)


async def test_its_commands_are_registered_once(wire: Wire) -> None:
    names = {command["name"] for command in await wire.discord.wait_for_commands()}
    assert names >= {"ask", "summary", "sources", "help", "corpus", "Add to corpus"}
    assert names >= {"Ask about this message", "Find sources for this"}
    assert len(wire.discord.command_syncs) == 1


async def test_a_mention_is_answered_with_a_verbatim_quote(wire: Wire) -> None:
    answer = await wire.ask(QUESTION)
    assert_verbatim(answer)
    assert answer.mentions == []


async def test_a_direct_message_is_answered(wire: Wire) -> None:
    channel = wire.discord.open_dm(wire.ada)
    asked = await wire.discord.post_message(channel, wire.ada, QUESTION)
    assert_verbatim(await wire.discord.wait_for_reply(asked))


async def test_ask_is_answered_with_a_verbatim_quote(wire: Wire) -> None:
    asked = await wire.discord.slash(wire.ada, wire.channel, "ask", {"question": QUESTION})
    answer = await asked.wait_for_answer()
    assert_verbatim(answer)
    assert answer.text.startswith(f"**{QUESTION}**\n")


async def test_the_buttons_of_an_answer_work(wire: Wire) -> None:
    answer = await wire.ask(QUESTION)
    for label, words in (("Context", WORDS), ("More passages", "Page 1 of"), ("👍", "Thank you")):
        custom_id = next(b["custom_id"] for b in answer.buttons if b.get("label") == label)
        pressed = await wire.discord.click(answer, custom_id, wire.boss)
        shown_privately = await pressed.wait_for_answer()
        assert shown_privately.ephemeral
        assert words in shown_privately.text
    delete = next(b["custom_id"] for b in answer.buttons if b.get("label") == "Delete")
    await wire.discord.click(answer, delete, wire.ada)
    await wire.discord.wait_until(lambda: answer.deleted)


async def test_a_private_answer_is_shared(wire: Wire) -> None:
    asked = await wire.discord.slash(
        wire.ada, wire.channel, "ask", {"question": QUESTION, "private": True}
    )
    answer = await asked.wait_for_answer()
    assert answer.ephemeral
    share = next(b["custom_id"] for b in answer.buttons if b.get("label") == "Share")
    await wire.discord.click(answer, share, wire.ada)
    shared = await wire.discord.wait_for_message(
        wire.channel, lambda message: f"Shared by {wire.ada.mention}" in message.text
    )
    assert not shared.ephemeral
    assert_verbatim(shared)


async def test_a_reply_goes_on_from_the_answer(wire: Wire) -> None:
    answer = await wire.ask(QUESTION)
    asked = await wire.discord.post_message(
        wire.channel, wire.ada, "And against whom?", reference=answer
    )
    reply = await wire.discord.wait_for_reply(asked)
    assert "Understood with your earlier question" in reply.text


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("", "Ask me"),
        ("why " * 25_000, "too long: 99,999 characters"),
        ("\x00\x01\x02\ufffd\ufffd", "There is no question in that."),
    ],
    ids=["mention only", "huge", "binary"],
)
async def test_bad_input_gets_a_plain_sentence(wire: Wire, question: str, sentence: str) -> None:
    assert sentence in (await wire.ask(question)).content


async def test_other_commands_answer(wire: Wire) -> None:
    for command in ("summary", "sources", "help"):
        used = await wire.discord.slash(wire.ada, wire.channel, command)
        assert (await used.wait_for_answer()).text


async def test_autocomplete_names_the_article(wire: Wire) -> None:
    typed = await wire.discord.autocomplete(
        wire.ada, wire.channel, "summary", {"article": "bengh"}, focused="article"
    )
    (choice,) = await typed.wait_for_choices()
    assert "Benghazi" in choice["name"]


async def test_a_reload_serves_new_articles_and_heartbeats_go_on(wire: Wire) -> None:
    for number in range(12):
        text = "\n\n".join(
            f"The town of Example {number}-{part} has a market on every day of the week but one."
            for part in range(12)
        )
        (wire.articles / f"town-{number}.txt").write_text(text)
    (wire.articles / "zeppelin.txt").write_text("The zeppelin landed in Oslo on a Tuesday.")
    (wire.articles / "broken.md").write_bytes(b"\xff\xfe\xff")
    beats = len(wire.discord.heartbeat_gaps)
    reload = await wire.discord.slash(
        wire.boss, wire.channel, "corpus reload", {"collection": "shared"}
    )
    # The old corpus answers meanwhile.
    assert_verbatim(await wire.ask(QUESTION))
    report = await reload.wait_for_answer(60, lambda message: "Added: 13" in message.text)
    assert "Failed: 1" in report.text
    assert "broken.md" in report.text
    assert any("Reading the articles" in str(r.body) for r in wire.discord.requests)
    assert "zeppelin landed in Oslo" in "".join(
        quotes_in(await wire.ask("Where did the zeppelin land?"))
    )
    await wire.discord.wait_until(lambda: len(wire.discord.heartbeat_gaps) > beats + 1)
    gaps = wire.discord.heartbeat_gaps[beats:]
    print(f"\nHeartbeats due every 0.5 s; longest gap during the reload {max(gaps):.2f} s")
    assert max(gaps) < 5


async def test_a_page_that_is_added_is_quoted_with_its_link_in_its_server_alone(
    wire: Wire,
) -> None:
    text = "The ferry to Skarholm leaves at seven every morning, except on Sundays in winter. " * 3
    wire.web.answers["/ferry"] = page(
        f"<html><head><title>The ferry</title></head><body><article><h1>The ferry</h1>"
        f"<p>{text}</p></article></body></html>"
    )
    url = wire.web.url("/ferry")
    add = await wire.discord.slash(wire.boss, wire.channel, "corpus add", {"url": url})
    report = await add.wait_for_answer(60, lambda message: "Added: 1" in message.text)
    assert "The ferry" in report.text
    question = "When does the ferry to Skarholm leave?"
    answer = await wire.ask(question)
    assert "leaves at seven every morning" in "".join(quotes_in(answer))
    assert f"[open at these words]({url}#:~:text=" in answer.text
    elsewhere = wire.discord.add_guild("elsewhere")
    there = elsewhere.add_text_channel()
    elsewhere.add_member("stranger")
    assert "seven" not in "".join(quotes_in(await wire.ask(question, there)))


async def test_a_file_is_downloaded_and_quoted(wire: Wire) -> None:
    file = wire.discord.upload("airship.md", b"# Norge\n\nThe airship Norge is moored at Vadso.")
    add = await wire.discord.slash(wire.boss, wire.channel, "corpus add", {"file": file})
    await add.wait_for_answer(60, lambda message: "Added: 1" in message.text)
    answer = await wire.ask("Where is the airship Norge moored?")
    assert "moored at Vadso" in "".join(quotes_in(answer))


async def test_a_message_is_added_and_taken_out_again(wire: Wire) -> None:
    said = await wire.discord.post_message(
        wire.channel, wire.ada, "House rules\nThe owl of the library is called Minerva."
    )
    used = await wire.discord.context_menu(wire.boss, wire.channel, "Add to corpus", said)
    report = await used.wait_for_answer(60, lambda message: "Added: 1" in message.text)
    question = "What is the owl of the library called?"
    assert "called Minerva" in "".join(quotes_in(await wire.ask(question)))
    (undo,) = report.custom_ids
    pressed = await wire.discord.click(report, undo, wire.boss)
    await pressed.wait_for_answer(60, lambda message: "Removed: 1" in message.text)
    assert "Minerva" not in "".join(quotes_in(await wire.ask(question)))


async def test_a_reload_is_refused_to_others(wire: Wire) -> None:
    group = next(c for c in wire.discord.commands() if c["name"] == "corpus")
    assert group["default_member_permissions"] == str(MANAGE_GUILD)
    used = await wire.discord.slash(wire.ada, wire.channel, "corpus reload")
    assert "Only members who may manage this server" in (await used.wait_for_answer()).text


async def test_an_interaction_is_acknowledged_while_ten_others_are_answered(wire: Wire) -> None:
    busy = [
        await wire.discord.slash(wire.ada, wire.channel, "ask", {"question": f"{QUESTION} {n}"})
        for n in range(10)
    ]
    last = await wire.discord.slash(wire.boss, wire.channel, "ask", {"question": QUESTION})
    times = [await asked.wait_acknowledged() for asked in (*busy, last)]
    for asked in (*busy, last):
        assert quotes_in(await asked.wait_for_answer(30))
    print(
        f"\nAcknowledged after {times[-1] * 1000:.0f} ms while ten others are being answered "
        f"(median of all {median(times) * 1000:.0f} ms)"
    )
    assert max(times) < 3


@pytest.mark.parametrize("status", [429, 502])
async def test_an_answer_comes_though_discord_fails_at_first(wire: Wire, status: int) -> None:
    fault = wire.discord.fail_next("POST", r"^/channels/\d+/messages$", status=status)
    assert_verbatim(await wire.ask(QUESTION))
    assert fault.hits == 1


@pytest.mark.parametrize("status", [429, 502])
async def test_a_command_is_answered_though_discord_fails_at_first(wire: Wire, status: int) -> None:
    fault = wire.discord.fail_next("*", r"^/webhooks/", status=status)
    asked = await wire.discord.slash(wire.ada, wire.channel, "ask", {"question": QUESTION})
    assert_verbatim(await asked.wait_for_answer(20))
    assert fault.hits == 1


async def test_an_acknowledgement_is_tried_again(wire: Wire) -> None:
    fault = wire.discord.fail_next("POST", r"/callback$", status=502)
    asked = await wire.discord.slash(wire.ada, wire.channel, "ask", {"question": QUESTION})
    assert_verbatim(await asked.wait_for_answer(20))
    assert fault.hits == 1


async def test_it_comes_back_when_discord_asks_it_to(wire: Wire) -> None:
    resumes = wire.discord.resumes
    await wire.discord.request_reconnect()
    await wire.discord.wait_until(lambda: wire.discord.resumes > resumes, 30, "a resume")
    assert_verbatim(await wire.ask(QUESTION))


async def test_a_cut_connection_is_resumed(wire: Wire) -> None:
    resumes = wire.discord.resumes
    await wire.discord.cut_gateway()
    await wire.discord.wait_until(lambda: wire.discord.resumes > resumes, 30, "a resume")
    assert len(wire.discord.identifies) == 1
    assert_verbatim(await wire.ask(QUESTION))


async def test_sigterm_lets_an_answer_be_finished_and_exits_0(wire: Wire) -> None:
    asked = await wire.discord.slash(wire.ada, wire.channel, "ask", {"question": QUESTION})
    await asked.wait_acknowledged()
    assert await wire.bot.stop() == 0
    assert quotes_in(await asked.wait_for_answer())
    await wire.discord.wait_until_gone()


async def test_a_second_start_does_not_register_again_and_ends_on_sigint(wire: Wire) -> None:
    connections = len(wire.discord.connections)
    async with running_bot(
        wire.articles.parent,
        wire.articles,
        api_url=wire.discord.api_url,
        gateway_url=wire.discord.gateway_url,
    ) as again:
        await wire.discord.wait_until(lambda: len(wire.discord.identifies) == 2, 60, "a login")
        await wire.discord.wait_until_ready()
        assert len(wire.discord.connections) > connections
        assert len(wire.discord.command_syncs) == 1
        # While the model is being loaded, which nothing can interrupt.
        assert await again.stop(signal.SIGINT) == 0


async def test_nothing_was_sent_that_discord_refuses(wire: Wire) -> None:
    wire.discord.assert_clean()


async def test_the_log_tells_neither_questions_nor_the_token(wire: Wire) -> None:
    # It is told when Discord has named all servers, or none for two seconds.
    await wire.discord.wait_until(
        lambda: "Connected to Discord as footnote" in wire.bot.log, 30, "the bot to say so"
    )
    assert QUESTION not in wire.bot.log
    assert TOKEN not in wire.bot.log
    assert "Traceback" not in wire.bot.log


async def test_a_wrong_token_ends_with_one_line_and_status_1(tmp_path: Path) -> None:
    async with make_loopback("the-right-token") as discord:
        bot = running_bot(tmp_path, SEEDS, api_url=discord.api_url, gateway_url=discord.gateway_url)
        async with bot as refused:
            assert await refused.exit_status() == 1
            (line,) = refused.log.strip().splitlines()
    assert line.startswith("footnote: Discord refused the token.")
    assert TOKEN not in line


async def test_an_intent_that_is_not_switched_on_ends_with_what_to_do(tmp_path: Path) -> None:
    async with LoopbackDiscord(TOKEN, privileged_intents=0) as discord:
        bot = running_bot(
            tmp_path,
            SEEDS,
            api_url=discord.api_url,
            gateway_url=discord.gateway_url,
            warm=True,
            MESSAGE_CONTENT_INTENT="1",
        )
        async with bot as refused:
            assert await refused.exit_status() == 1
            *_, line = refused.log.strip().splitlines()
    assert line.startswith("footnote: Discord does not let the bot read messages.")
    assert "MESSAGE_CONTENT_INTENT=0" in line
    assert "Traceback" not in refused.log


async def test_an_unreachable_discord_ends_with_one_line_and_status_1(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        # Nobody listens, and nobody else can.
        deaf.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        bot = running_bot(
            tmp_path, SEEDS, api_url=f"http://{address}", gateway_url=f"ws://{address}"
        )
        async with bot as alone:
            assert await alone.exit_status() == 1
            (line,) = alone.log.strip().splitlines()
    assert re.match(rf"footnote: Discord cannot be reached at {address}\.", line)


async def test_missing_articles_end_with_one_line_and_status_1(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    async with make_loopback() as discord:
        bot = running_bot(
            tmp_path, missing, api_url=discord.api_url, gateway_url=discord.gateway_url
        )
        async with bot as hungry:
            assert await hungry.exit_status() == 1
            lines = [line for line in hungry.log.splitlines() if line.startswith("footnote:")]
    assert len(lines) == 1
    assert str(missing) in lines[0]
