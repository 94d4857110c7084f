"""People in servers with a bot, and what they do: the words in which tests are written."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.rendering.sanitize import shown
from bot.store import ServerSettings, Store
from tests.conftest import SEEDS
from tests.loopback import Channel, Guild, Interaction, LoopbackDiscord, Member, Message
from tests.loopback.commands import Choice, FormValue, OptionValue
from tests.loopback.model import walk
from tests.wire.bot_process import BotProcess, make_loopback, running_bot

QUESTION: Final = "When was Haftar's offensive called Operation Dignity?"
WORDS: Final = "Operation Dignity"
UNKNOWN: Final = "Where did the zeppelin Aurora land?"
"""What no article answers."""

MANAGE_GUILD: Final = 1 << 5
MANAGE_MESSAGES: Final = 1 << 13
AS_OFTEN_AS_YOU_LIKE: Final = ServerSettings(per_member=0, per_channel=0, per_server=0)


@dataclass
class Scene:
    """A loopback Discord with a server, and a folder for articles and for what the bot keeps.

    Ada and Ben are members, the boss manages the server and operates the bot, and the moderator
    may delete messages.
    """

    discord: LoopbackDiscord
    folder: Path
    guild: Guild
    channel: Channel
    ada: Member
    ben: Member
    boss: Member
    moderator: Member
    anteroom: Guild

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def articles(self) -> Path:
        return self.folder / "articles"

    # The bot

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[BotProcess]:
        """A process, from when it answers until it has gone."""
        before = len(self.discord.identifies)
        running = running_bot(
            self.folder,
            self.articles,
            api_url=self.discord.api_url,
            gateway_url=self.discord.gateway_url,
            warm=True,
            OPERATOR_IDS=str(self.boss.id),
            MESSAGE_CONTENT_INTENT="1",
        )
        async with running as bot:
            await self._connected(bot, before)
            await self._articles_open()
            yield bot
            if bot.process.returncode is None:
                await bot.stop()
            await self.discord.wait_until_gone()
            assert "Traceback" not in bot.log, bot.log

    async def _connected(self, bot: BotProcess, before: int) -> None:
        """Wait until one more has logged in than before, or say what the bot says instead."""
        ready = asyncio.create_task(
            self.discord.wait_until(
                lambda: len(self.discord.identifies) > before and self.discord.is_ready,
                60,
                "a login",
            )
        )
        ended = asyncio.create_task(bot.process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        assert bot.process.returncode is None, bot.log
        await ready

    async def _articles_open(self) -> None:
        """Ask until there is an answer, in a server whose list and figures nobody looks at."""
        channel = next(iter(self.anteroom.channels.values()))
        async with asyncio.timeout(60):
            while True:
                answer = await self.mention(self.anteroom.owner, QUESTION, channel)
                if quotes_in(answer):
                    return
                await asyncio.sleep(0.1)

    def choose(self, guild: Guild, settings: ServerSettings) -> None:
        """Have a server's settings, before the bot is there."""
        store = Store(
            self.data, keep_text=True, retention=timedelta(days=1), clock=lambda: datetime.now(UTC)
        )
        store.save_settings(guild.id, settings)
        store.close()

    def kept(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database of what people did."""
        address = f"{(self.data / 'people.db').as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as database:
            return database.execute(query, values).fetchall()

    # Asking

    async def write(self, person: Member, text: str, channel: Channel | None = None) -> Message:
        """What a person writes, to nobody in particular."""
        return await self.discord.post_message(channel or self.channel, person, text)

    async def reply_to(self, message: Message) -> Message:
        """The bot's answer to what was written."""
        return await self.discord.wait_for_reply(message, timeout=30)

    async def mention(
        self, person: Member, question: str, channel: Channel | None = None
    ) -> Message:
        """The bot's answer to a message that mentions it."""
        text = f"{self.discord.bot.mention} {question}"
        return await self.reply_to(await self.write(person, text, channel))

    async def command(
        self,
        person: Member,
        path: str,
        channel: Channel | None = None,
        **options: OptionValue,
    ) -> Message:
        """What a command shows in the end."""
        used = await self.discord.slash(person, channel or self.channel, path, options)
        return await used.wait_for_answer(30)

    async def change(self, person: Member, path: str, done: str, **options: OptionValue) -> Message:
        """The report of a command that changes articles: the one that says what is done."""
        used = await self.discord.slash(person, self.channel, path, options)
        return await used.wait_for_answer(30, lambda message: done in message.text)

    async def suggestions(
        self, person: Member, path: str, option: str, typed: str
    ) -> Mapping[str, str]:
        """What is suggested for an option while a person types: the values by name."""
        used = await self.discord.autocomplete(
            person, self.channel, path, {option: typed}, focused=option
        )
        choices = await used.wait_for_choices()
        return {choice["name"]: choice["value"] for choice in choices}

    # Pressing

    async def press(self, message: Message, label: str, person: Member) -> Interaction:
        """A press on the first button of that label."""
        return await self.discord.click(message, button(message, label)["custom_id"], person)

    async def pressed(self, message: Message, label: str, person: Member) -> Message:
        """What a press shows: another message, or this one as it is now."""
        return await (await self.press(message, label, person)).wait_for_answer()

    async def chosen(self, message: Message, menu: str, person: Member, *values: Choice) -> Message:
        """What a choice in a menu shows."""
        used = await self.discord.click(message, menu_of(message, menu), person, values=values)
        return await used.wait_for_answer()

    async def filled(
        self,
        message: Message,
        label: str,
        person: Member,
        text: str = "",
        **fields: FormValue,
    ) -> Message:
        """What is shown to whoever presses a button and fills the form that it opens."""
        return await self.submitted(await self.press(message, label, person), text, **fields)

    async def submitted(
        self, opened_by: Interaction, text: str | None = None, **fields: FormValue
    ) -> Message:
        """What a form shows that is sent; without a text, as it stands."""
        await opened_by.wait_for_modal()
        values: Mapping[str, FormValue] = fields or {"text": text}
        sent = await self.discord.submit_modal(opened_by, values)
        return await sent.wait_for_answer(30)


@asynccontextmanager
async def scene_in(folder: Path) -> AsyncIterator[Scene]:
    """A scene with its articles and no bot yet; nothing may be sent that Discord refuses."""
    async with make_loopback() as discord:
        guild, anteroom = discord.add_guild(), discord.add_guild("anteroom")
        anteroom.add_text_channel()
        made = Scene(
            discord=discord,
            folder=folder,
            guild=guild,
            channel=guild.add_text_channel(),
            ada=guild.add_member("ada"),
            ben=guild.add_member("ben"),
            boss=guild.add_member("boss", permissions=MANAGE_GUILD),
            moderator=guild.add_member("moderator", permissions=MANAGE_MESSAGES),
            anteroom=anteroom,
        )
        for each in (guild, anteroom):
            made.choose(each, AS_OFTEN_AS_YOU_LIKE)
        write_articles(made.articles)
        yield made
        discord.assert_clean()


def write_articles(folder: Path) -> None:
    """The seed article, two newspapers that differ, and towns enough for a second page."""
    shutil.copytree(SEEDS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for source, published, hour in (
        ("Skarholm Gazette", "2014-05-31", "seven"),
        ("Lindvik Times", "2019-03-02", "nine"),
    ):
        text = f"The ferry to Skarholm leaves at {hour} every morning, except on Sundays in winter."
        matter = f"title: Ferries of {published[:4]}\nsource: {source}\npublished: {published}"
        file = folder / f"ferries-{published[:4]}.md"
        file.write_text(f"---\n{matter}\n---\n\n{text}\n", "utf-8")
    towns = (
        {
            "title": f"Example {number}",
            "text": f"The town of Example {number} has a market on the first Friday of each month.",
        }
        for number in range(10)
    )
    (folder / "towns.jsonl").write_text("\n".join(map(json.dumps, towns)), "utf-8")


# What a message shows


def quotes_in(message: Message) -> list[str]:
    """The quoted words of each part of an answer as Discord shows them."""
    found = []
    for part in walk(message.components):
        lines = [line for line in part.get("content", "").split("\n") if line.startswith("> ")]
        if lines:
            found.append(shown("\n".join(line.removeprefix("> ") for line in lines)))
    return found


def quotes(message: Message, words: str) -> bool:
    """Whether a message quotes words."""
    return any(words in quote for quote in quotes_in(message))


def labels(message: Message) -> Sequence[str]:
    """Of its buttons, in the order in which they are seen."""
    return [button.get("label", "") for button in message.buttons]


def button(message: Message, label: str) -> dict[str, Any]:
    """The first button of that label."""
    found = next((each for each in message.buttons if each.get("label") == label), None)
    assert found is not None, f"There is no {label!r}, but {labels(message)}: {message.text}"
    return found


def menu_of(message: Message, name: str) -> str:
    """The custom id of the menu whose id ends so."""
    found = [each for each in message.custom_ids if each.endswith(f":{name}")]
    assert found, f"There is no menu {name!r}, but {message.custom_ids}"
    return found[0]


def chosen_in(message: Message, name: str) -> set[int | str]:
    """What a menu shows as chosen: values, or the ids of channels, roles and members."""
    custom_id = menu_of(message, name)
    menu = next(part for part in walk(message.components) if part.get("custom_id") == custom_id)
    options = [each["value"] for each in menu.get("options") or [] if each.get("default")]
    return {*options, *(int(each["id"]) for each in menu.get("default_values") or [])}


def pings_nobody(message: Message) -> bool:
    return not (message.mentions or message.mentioned_roles or message.mentions_everyone)
