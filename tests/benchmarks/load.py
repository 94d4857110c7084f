"""Many people asking at once while Discord has its troubles: is each answered once, and in time?

    python -m tests.benchmarks.load [--people 50] [--channels 20] [--rounds 4] [--faults 0.01]
                                    [--seed N]

Runs the bot as a process against the loopback Discord. In each round every person asks one
question at the same time, every other one with a mention, the rest with /ask. A share of the
bot's requests to show that it types, to send messages, to acknowledge interactions and to edit
their answers meets a fault: a 429, a 502 before or after the request was carried out, a connection
that is cut before the request was read or in the midst of the response.

A question is answered by one message that quotes what was asked for; lost where no such message
came, doubled where there is any other message for it beside that one. It is acknowledged by the
callback of an interaction, or by the bot typing in the channel, or by the answer. Exit status 1
where a question was lost, doubled, or acknowledged after more than the 3 s that Discord allows.
The bot is stopped before anything is counted, so that what comes late is counted too.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from rich.console import Console
from rich.table import Table

from bot.store import ServerSettings, Store
from tests.loopback import (
    Channel,
    Guild,
    Interaction,
    LoopbackDiscord,
    LoopbackTimeoutError,
    Member,
    Message,
    Trouble,
    Weather,
)
from tests.wire.bot_process import make_loopback, running_bot

ALLOWED: Final = 3.0
"""Seconds until a question must be acknowledged."""
SEED: Final = 20261122
_CHANNELS_A_SERVER: Final = 5
_SYLLABLES: Final = ("ka", "ro", "mi", "ven", "tas", "lo", "dri", "shu", "bel", "gor")
_PATIENCE: Final = 60.0
"""Seconds without any answer after which the rest is given up as lost."""


@dataclass(eq=False)
class Question:
    """A question, and all that came of it. Times are the event loop's."""

    channel: Channel
    fact: str
    asked_at: float
    asked_by: Message | Interaction
    answered_at: float | None = None

    @property
    def messages(self) -> list[Message]:
        """Every message of the bot's for this question that a person sees at the end."""
        if isinstance(self.asked_by, Message):
            asked = self.asked_by
            return [m for m in self.channel.messages.values() if m.reference is asked]
        shown = [self.asked_by.original, *self.asked_by.followups]
        return [m for m in shown if m is not None and not m.loading and not m.deleted]

    @property
    def answered(self) -> bool:
        return any(self.fact in message.text for message in self.messages)

    def note_answer(self, now: float) -> bool:
        """Whether it is answered; notes the time when it first is."""
        if self.answered_at is None and self.answered:
            self.answered_at = now
        return self.answered_at is not None

    def acknowledged_after(self, discord: LoopbackDiscord) -> float | None:
        """Seconds until the person saw that the bot is at it."""
        if isinstance(self.asked_by, Interaction):
            return self.asked_by.acknowledged_after
        typing = f"/channels/{self.channel.id}/typing"
        signs = (
            request.at
            for request in discord.requests
            if request.path == typing and request.status == 204 and request.at >= self.asked_at
        )
        seen = [at for at in (next(signs, None), self.answered_at) if at is not None]
        return min(seen) - self.asked_at if seen else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the questions; times in seconds.

    Attributes:
        late: Acknowledged after more than the time allowed, or never.
        to_acknowledge: Of those that were.
        to_answer: Of those that were answered.
        faults: By sort of request and trouble.
        log: What the bot wrote.
    """

    asked: int
    answered: int
    doubled: int
    lost: int
    late: int
    to_acknowledge: Sequence[float]
    to_answer: Sequence[float]
    faults: Counter[tuple[str, Trouble]] = field(default_factory=Counter)
    log: str = ""

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.doubled or self.late)


async def measure(
    folder: Path,
    *,
    people: int = 50,
    channels: int = 20,
    rounds: int = 4,
    faults: float = 0.01,
    seed: int = SEED,
) -> Outcome:
    """Let them ask.

    Args:
        folder: An empty one, for the articles and for what the bot keeps.
        faults: The share of requests that meet a fault.
        seed: Of which ones do, and of which faults.
    """
    articles = folder / "articles"
    articles.mkdir()
    (articles / "ferries.txt").write_text("\n\n".join(map(_text, range(people))), "utf-8")
    async with make_loopback(heartbeat_interval=41.25) as discord:
        crowd = _crowd(discord, people, channels)
        _lift_limits(folder / "data", list(discord.guilds))
        running = running_bot(
            folder, articles, api_url=discord.api_url, gateway_url=discord.gateway_url
        )
        async with running as bot:
            await discord.wait_until_ready(60)
            await _articles_open(discord, *crowd[0][0])
            discord.weather = weather = Weather(faults, seed)
            questions: list[Question] = []
            for number in range(rounds):
                asked = [
                    await _ask(
                        discord,
                        *places[number % len(places)],
                        about=(person + number) % people,
                        by_mention=(person + person // channels + number) % 2 == 0,
                    )
                    for person, places in enumerate(crowd)
                ]
                await _wait_for(discord, asked)
                questions += asked
            # What is under way, repetitions too, is finished before it goes.
            await bot.stop()
            return _outcome(discord, questions, weather, bot.log)


def _name(number: int) -> str:
    """A place that no other number has."""
    base = len(_SYLLABLES)
    digits = (number // base // base % base, number // base % base, number % base)
    return "".join(_SYLLABLES[digit] for digit in digits).capitalize()


def _fact(number: int) -> str:
    return str(40_007 + 31 * number)


def _text(number: int) -> str:
    return (
        f"The ferry to {_name(number)} leaves from pier {_fact(number)} every morning. In winter "
        f"it waits for the train, and whoever comes later must stay the night."
    )


def _question(number: int) -> str:
    return f"From which pier does the ferry to {_name(number)} leave?"


def _crowd(
    discord: LoopbackDiscord, people: int, channels: int
) -> list[list[tuple[Member, Channel]]]:
    """Where each person asks, round after round: spread over channels of several servers."""
    places: list[tuple[Guild, Channel]] = []
    for number in range(channels):
        if number % _CHANNELS_A_SERVER == 0:
            guild = discord.add_guild(f"server {number // _CHANNELS_A_SERVER}")
        places.append((guild, guild.add_text_channel(f"channel-{number}")))
    crowd = []
    for person in range(people):
        # Each person in one server, and there in one channel after the other.
        first = person % channels
        home = places[first][0]
        member = home.add_member(f"person-{person}")
        own = [channel for guild, channel in places if guild is home]
        start = own.index(places[first][1])
        crowd.append([(member, channel) for channel in own[start:] + own[:start]])
    return crowd


def _lift_limits(data: Path, servers: Sequence[int]) -> None:
    store = Store(
        data, keep_text=True, retention=timedelta(days=90), clock=lambda: datetime.now(UTC)
    )
    for server in servers:
        store.save_settings(server, ServerSettings(per_member=0, per_channel=0, per_server=0))
    store.close()


async def _articles_open(discord: LoopbackDiscord, member: Member, channel: Channel) -> None:
    """Ask until the answer is one: the bot connects sooner than it has loaded its model."""
    async with asyncio.timeout(120):
        while True:
            asked = await _ask(discord, member, channel, about=0, by_mention=False)
            assert isinstance(asked.asked_by, Interaction)
            await asked.asked_by.wait_for_answer(60)
            if asked.answered:
                return
            await asyncio.sleep(0.2)


async def _ask(
    discord: LoopbackDiscord, member: Member, channel: Channel, *, about: int, by_mention: bool
) -> Question:
    now = asyncio.get_running_loop().time()
    asked_by: Message | Interaction
    if by_mention:
        text = f"{discord.bot.mention} {_question(about)}"
        asked_by = await discord.post_message(channel, member, text)
    else:
        asked_by = await discord.slash(member, channel, "ask", {"question": _question(about)})
    return Question(channel, _fact(about), now, asked_by)


async def _wait_for(discord: LoopbackDiscord, asked: Sequence[Question]) -> None:
    """Until all are answered, or nobody was for long."""
    clock = asyncio.get_running_loop().time
    waiting = list(asked)

    def somebody_is_answered() -> bool:
        answered = [question for question in waiting if question.note_answer(clock())]
        waiting[:] = [question for question in waiting if question.answered_at is None]
        return bool(answered)

    while waiting:
        try:
            await discord.wait_until(somebody_is_answered, _PATIENCE, "an answer")
        except LoopbackTimeoutError:
            return


def _outcome(
    discord: LoopbackDiscord, questions: Sequence[Question], weather: Weather, log: str
) -> Outcome:
    acknowledged = [question.acknowledged_after(discord) for question in questions]
    return Outcome(
        asked=len(questions),
        answered=sum(question.answered for question in questions),
        doubled=sum(len(question.messages) > 1 for question in questions),
        lost=sum(not question.answered for question in questions),
        late=sum(after is None or after > ALLOWED for after in acknowledged),
        to_acknowledge=[after for after in acknowledged if after is not None],
        to_answer=[q.answered_at - q.asked_at for q in questions if q.answered_at is not None],
        faults=weather.struck,
        log=log,
    )


def _show(outcome: Outcome) -> None:
    console = Console()
    counts = Table("", "questions", title="What became of them")
    for name in ("asked", "answered", "doubled", "lost"):
        counts.add_row(name, str(getattr(outcome, name)))
    counts.add_row("acknowledged late", str(outcome.late))
    times = Table("", "median", "p95", "max", title="Seconds from the question")
    for name, seconds in (
        ("to the acknowledgement", outcome.to_acknowledge),
        ("to the answer", outcome.to_answer),
    ):
        if len(seconds) > 1:
            figures = (median(seconds), quantiles(seconds, n=20)[-1], max(seconds))
            times.add_row(name, *(f"{figure:.2f}" for figure in figures))
    faults = Table("request", *Trouble, title=f"Faults: {outcome.faults.total()}")
    for sort in sorted({sort for sort, _ in outcome.faults}):
        faults.add_row(sort, *(str(outcome.faults[sort, trouble]) for trouble in Trouble))
    for table in (counts, times, faults):
        console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.load")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--channels", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--faults", type=float, default=0.01, help="a share of the requests")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    # This process plays Discord: a collection here, of a tenth of a second, would count as the
    # bot's delay.
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        outcome = asyncio.run(measure(Path(folder), **vars(arguments)))
    _show(outcome)
    if not outcome.is_sound:
        print(outcome.log, file=sys.stderr)
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
