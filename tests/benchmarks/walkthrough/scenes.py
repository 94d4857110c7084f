"""What people do in front of the camera, and what the bot sends them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

from tests.benchmarks.walkthrough.components import Json
from tests.benchmarks.walkthrough.markdown import Reader
from tests.benchmarks.walkthrough.messages import message
from tests.benchmarks.walkthrough.page import page
from tests.conftest import SEEDS
from tests.loopback import Channel, Interaction, LoopbackDiscord, LoopbackError, Member, Message
from tests.loopback.commands import OptionValue
from tests.retrieval.web.site import Site, site
from tests.retrieval.web.site import page as web_page
from tests.wire.bot_process import TOKEN, BotProcess, running_bot

MANAGE_GUILD: Final = 1 << 5
QUESTION: Final = "What is the name of Haftar's offensive?"
GUIDE: Final = (
    "House guide of the reading room",
    (
        "The reading room is open from nine in the morning until eight in the evening, on "
        "Saturdays until two. It is closed on Sundays and on public holidays.",
        "Members may borrow up to six books for four weeks. A loan is renewed twice at the desk, "
        "unless somebody else has asked for the book meanwhile.",
        "Newspapers and maps are read in the room only. The desk keeps the last three months; "
        "older issues come from the basement within a day.",
        "Groups of up to ten people can reserve the small room behind the stairs, for three hours "
        "at most and no more than two weeks ahead.",
    ),
)
_SECONDS: Final = 60.0
_TRIES: Final = 30


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it was received, and the command that it answers."""

    payload: Json
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What one picture shows. ``name`` becomes its file's."""

    name: str
    caption: str
    messages: tuple[Shown, ...]
    reader: Reader

    def html(self) -> str:
        return page(
            message(shown.payload, self.reader, command=shown.command) for shown in self.messages
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A running bot in a server, two members (each may ask but so often), one who manages it, and a
    page on the web.
    """

    discord: LoopbackDiscord
    channel: Channel
    ada: Member
    bob: Member
    boss: Member
    web: Site

    async def play(self) -> AsyncIterator[Scene]:
        """All scenes, in the order in which somebody would come to them."""
        for scene in (self._mention, self._follow_up, self._ask, self._unanswered):
            yield await scene()
        if around := await self._around():
            yield around
        for scene in (self._add, self._added, self._status):
            yield await scene()

    async def _mention(self) -> Scene:
        return await self._asked(
            "mention",
            "Mention the bot: it answers with the words of the article.",
            "How many people were killed in the battles on Monday?",
        )

    async def _follow_up(self) -> Scene:
        answer = await self._mentioned("When was Haftar's offensive called Operation Dignity?")
        asked = await self.discord.post_message(
            self.channel, self.ada, "And against whom?", reference=answer
        )
        reply = await self.discord.wait_for_reply(asked, _SECONDS)
        caption = "Reply to an answer: the bot says with which question it understood yours."
        return self._scene("follow-up", caption, Shown(asked.payload()), Shown(reply.payload()))

    async def _ask(self) -> Scene:
        question = "Which TV channel showed black smoke rising?"
        answer = await self._used(self.ada, "ask", {"question": question})
        caption = "/ask: each quote with its source, the words that answer in bold."
        return self._scene("ask", caption, Shown(answer.payload(), "/ask"))

    async def _unanswered(self) -> Scene:
        return await self._asked(
            "unanswered",
            "A question that no article answers: it says so, and shows what is nearest.",
            "What does a ticket to the national museum cost?",
        )

    async def _around(self) -> Scene | None:
        """The quote among its neighbours; nothing where answers have no button for that."""
        answer = await self._used(self.ada, "ask", {"question": QUESTION})
        button = next((b for b in answer.custom_ids if b.startswith("footnote:context")), None)
        if button is None:
            return None
        pressed = await self.discord.click(answer, button, self.ada)
        shown = await pressed.wait_for_answer(_SECONDS)
        caption = (
            "The button beside a quote: the quoted paragraph among its neighbours, for you alone."
        )
        return self._scene("context", caption, Shown(shown.payload()))

    async def _add(self) -> Scene:
        title, paragraphs = GUIDE
        body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
        self.web.answers["/guide"] = web_page(
            f"<html><head><title>{title}</title></head>"
            f"<body><article><h1>{title}</h1>{body}</article></body></html>"
        )
        report = await self._used(
            self.boss, "corpus add", {"url": self._guide}, lambda m: "Added" in m.text
        )
        caption = "/corpus add: a page becomes one of this server’s articles, and can be undone."
        return self._scene("corpus-add", caption, Shown(report.payload(), "/corpus add"))

    async def _added(self) -> Scene:
        return await self._asked(
            "web-page",
            "What was added is quoted at once, with a link that opens the page at these words.",
            "How many books may members borrow?",
            self.bob,
        )

    async def _status(self) -> Scene:
        status = await self._used(self.boss, "corpus status", {})
        caption = "/corpus status: what the bot quotes from here, and whether anything failed."
        return self._scene("corpus-status", caption, Shown(status.payload(), "/corpus status"))

    @property
    def _guide(self) -> str:
        return self.web.url("/guide")

    async def _asked(
        self, name: str, caption: str, question: str, person: Member | None = None
    ) -> Scene:
        """A question by a mention, and the reply to it."""
        reply = await self._mentioned(question, person)
        assert reply.reference is not None
        messages = (Shown(reply.reference.payload()), Shown(reply.payload()))
        return self._scene(name, caption, *messages)

    async def _mentioned(self, question: str, person: Member | None = None) -> Message:
        """The reply to a mention."""
        mention = self.discord.bot.mention
        asked = await self.discord.post_message(
            self.channel, person or self.ada, f"{mention} {question}"
        )
        return await self.discord.wait_for_reply(asked, _SECONDS)

    async def _used(
        self,
        person: Member,
        command: str,
        values: dict[str, OptionValue],
        is_final: Callable[[Message], bool] = lambda _: True,
    ) -> Message:
        used: Interaction = await self.discord.slash(person, self.channel, command, values)
        return await used.wait_for_answer(_SECONDS, is_final)

    def _scene(self, name: str, caption: str, *messages: Shown) -> Scene:
        people = [self.discord.bot, self.ada.user, self.bob.user, self.boss.user]
        names = {str(user.id): user.name if user.bot else user.name.title() for user in people}
        names[str(self.channel.id)] = self.channel.name
        return Scene(name, caption, messages, Reader(datetime.now(UTC), names))

    async def open(self) -> None:
        """Ask until the answer is one: the bot connects sooner than it has loaded its model.

        Raises:
            RuntimeError: There is none; the text is what the bot said last.
        """
        # In a server of its own, since in each only so many questions are answered a minute.
        lobby = self.discord.add_guild("Lobby")
        channel, person = lobby.add_text_channel(), lobby.add_member("early")
        said = ""
        for _ in range(_TRIES):
            asked = await self.discord.slash(person, channel, "ask", {"question": QUESTION})
            said = (await asked.wait_for_answer(_SECONDS)).text
            if "\n> " in f"\n{said}":
                return
            await asyncio.sleep(2)
        raise RuntimeError(f"The bot quotes nothing, it says: {said}")


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """The bot as a process over the seed article, until the end of the block."""
    with tempfile.TemporaryDirectory() as folder, site() as web:
        async with LoopbackDiscord(TOKEN, bot_name="Footnote") as discord:
            guild = discord.add_guild("Reading room")
            channel = guild.add_text_channel()
            bot = running_bot(
                Path(folder),
                SEEDS,
                api_url=discord.api_url,
                gateway_url=discord.gateway_url,
                FOOTNOTE_PRIVATE_HOSTS=web.host,
            )
            async with bot as process:
                await _connected(discord, process)
                boss = guild.add_member("grace", permissions=MANAGE_GUILD)
                ada, bob = guild.add_member("ada"), guild.add_member("bob")
                made = Stage(discord, channel, ada, bob, boss, web)
                try:
                    await made.open()
                    yield made
                except LoopbackError as error:
                    raise RuntimeError(f"{error}\nThe bot says:\n{process.log}") from error
                await process.stop()


async def _connected(discord: LoopbackDiscord, bot: BotProcess) -> None:
    """Until the bot is there with its commands.

    Raises:
        RuntimeError: It ended instead; the text is what it said.
    """
    ready = asyncio.create_task(discord.wait_until_ready(_SECONDS))
    ended = asyncio.create_task(bot.process.wait())
    await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        ready.cancel()
        raise RuntimeError(f"The bot does not run:\n{bot.log}")
    ended.cancel()
    await ready
    await discord.wait_for_commands()
