"""The Discord client: what it listens to, who does the work, and how it starts and stops."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord
import yarl

from bot import logs
from bot.admission import Admission
from bot.answering import Answering
from bot.asking import Asking
from bot.commands import (
    CorpusCommands,
    add_message_command,
    ask_about_command,
    ask_command,
    find_sources_command,
    help_command,
    sources_command,
    summary_command,
)
from bot.commands.insights import insights_command
from bot.commands.privacy import PrivacyCommands
from bot.commands.setup import setup_command
from bot.commands.translation import CommandTranslator
from bot.commands.tree import FootnoteTree
from bot.connection import ConnectionFailedError, log_in, point_at, stay_connected
from bot.failures import tell_author
from bot.hearing import Hearing
from bot.housekeeping import Housekeeping
from bot.leadership import LEASE_S, Leadership, Lock
from bot.library import Library
from bot.listening import follow
from bot.messages import MessageAnswerer
from bot.observability.gateway import count_event
from bot.observability.monitoring import monitored
from bot.observability.requests import request_id
from bot.observability.rest import trace_requests
from bot.registration import register_commands
from bot.services import Services, make_services
from bot.settings import Secret, Settings
from bot.sharding import Launches, Shards, Turns, agree, keep_session
from bot.speaking import message_language
from bot.upkeep import Upkeep, make_upkeep
from bot.views.answers import ANSWER_BUTTONS
from bot.views.answers.showing import ShowButton
from bot.views.changes import RemovalButton, UndoButton
from bot.views.collection import CollectionPageButton
from bot.views.insights import INSIGHTS_ITEMS
from bot.views.privacy import ForgetButton
from bot.views.setup import SETUP_ITEMS
from bot.views.sources import PageButton
from retrieval.corpus import Corpora
from retrieval.errors import FootnoteError

if TYPE_CHECKING:
    from retrieval.postgres.servers import Servers

log = logging.getLogger(__name__)

GRACE: Final = 10.0
"""Seconds for which answers in progress are waited for when the bot is stopped."""

_SPANS_TAKE: Final = 4.0
"""Seconds that the last spans may take."""
_LAST: Final = 3.0
"""Seconds after which threads are not waited for that wait for the database."""


class FootnoteClient(discord.AutoShardedClient):
    """Answers mentions, replies, direct messages and commands with its services.

    Args:
        shards: Those that this process runs.
        leadership: Commands are registered by the process that has it.
        lock: The lock of a name among all processes; ``None`` where this is the only one.
    """

    def __init__(
        self,
        services: Services,
        shards: Shards | None = None,
        leadership: Leadership | None = None,
        lock: Callable[[str], Lock] | None = None,
    ) -> None:
        self.own_shards = shards or Shards()
        self._lock = lock
        self.leadership = leadership or Leadership()
        super().__init__(
            shard_count=self.own_shards.count,
            intents=_intents(services.reads_messages),
            allowed_mentions=discord.AllowedMentions.none(),
            # Nothing here looks at past messages or at members, so none are kept.
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            http_trace=trace_requests(services.telemetry.metrics),
        )
        self.shard_ids = list(self.own_shards.ids) or None
        self.services = services
        self.library = services.library
        self.access = services.access
        self.in_flight = services.in_flight
        self.housekeeping = Housekeeping(
            services.store,
            services.library,
            services.grace,
            brief=(services.conversations.tidy, services.limiter.tidy),
        )
        self.tree = FootnoteTree(self)
        self._greeted = False
        self._turns = Turns(1, services.clock)
        self._launches = Launches()
        library, in_flight, telemetry = self.library, self.in_flight, services.telemetry
        self.admission = Admission(services.store, services.limiter)
        self.answering = Answering(library, services.conversations, services.store, telemetry)
        self.asking = Asking(library, self.answering, self.admission, in_flight, telemetry)
        hearing = Hearing(self.admission, reads_messages=services.reads_messages)
        self._messages = MessageAnswerer(
            self.answering, self.asking, self.admission, hearing, telemetry
        )
        self.tree.add_command(ask_command(library, self.asking))
        self.tree.add_command(ask_about_command())
        self.tree.add_command(find_sources_command())
        self.tree.add_command(summary_command(library, in_flight))
        self.tree.add_command(sources_command(library))
        self.tree.add_command(help_command())
        managed = (library, in_flight, self.access, services.limits)
        self.tree.add_command(CorpusCommands(*managed))
        self.tree.add_command(add_message_command(*managed))
        self.add_dynamic_items(PageButton, CollectionPageButton, RemovalButton, UndoButton)
        self.add_dynamic_items(*ANSWER_BUTTONS, ShowButton)
        self.tree.add_command(PrivacyCommands(services))
        self.tree.add_command(setup_command(services))
        self.tree.add_command(insights_command(services))
        self.add_dynamic_items(ForgetButton, *INSIGHTS_ITEMS, *SETUP_ITEMS)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Called by discord.py for everything that happens."""
        count_event(self.services.telemetry.metrics, self, event, *args)
        super().dispatch(event, *args, **kwargs)

    async def setup_hook(self) -> None:
        """Runs once after the login, before the gateway is connected."""
        self.own_shards, together = await agree(self, self.own_shards)
        self.shard_count = self.own_shards.count or 1
        lock = self._lock if self.own_shards.is_part else None
        begins = f"bot {self.application_id} begins"
        self._turns = Turns(
            together,
            self.services.clock,
            lock=None if lock is None else lambda group: lock(f"{begins} {group}"),
        )
        await self.tree.set_translator(CommandTranslator(self.services.catalogs))
        if self.leadership.is_held:
            await self.register()

    async def register(self) -> None:
        """Tell Discord of the commands, if it was not told of these before."""
        if await register_commands(self.tree, self.services.registrations):
            log.info("Commands registered")

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Called by discord.py before a shard begins a session."""
        await self._turns.wait(shard_id or 0)

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        """Called by discord.py for each shard, one after another."""
        launch = partial(super().launch_shard, gateway, shard_id, initial=initial)
        await self._launches.until_connected(shard_id, launch)
        keep_session(self, shard_id)

    async def on_ready(self) -> None:
        """Tell whoever started the bot that it is there, once: Discord says so many times."""
        await self.housekeeping.compare(
            (guild.id for guild in self.guilds), told_of=self.own_shards.has
        )
        if self._greeted or self.user is None:
            return
        self._greeted = True
        servers = len(self.guilds)
        where = f"in {servers} server(s)"
        if self.own_shards.is_part:
            where += f" with {len(self.own_shards.ids)} of {self.own_shards.count} shards"
        line = f"Connected to Discord as {self.user}, {where}. Ctrl-C stops."
        if not servers and not self.own_shards.is_part and self.application_id is not None:
            invitation = discord.utils.oauth_url(
                self.application_id,
                permissions=discord.Permissions(
                    view_channel=True,
                    send_messages=True,
                    send_messages_in_threads=True,
                    create_public_threads=True,
                    attach_files=True,
                    read_message_history=True,
                ),
                scopes=("bot", "applications.commands"),
            )
            line += f"\nInvite it to a server: {invitation}"
        logs.announce(line)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self.housekeeping.left(guild.id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self.housekeeping.back(guild.id)

    async def on_message(self, message: discord.Message) -> None:
        if self.user is None or not await self._messages.hears(message, self.user):
            return
        request_id()
        try:
            self.services.catalogs.speak(await message_language(self, message))
            with self.in_flight:
                await self._messages.answer(message, self.user)
        except FootnoteError as error:
            await tell_author(message, error)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Called by discord.py for every error that an event handler did not foresee."""
        error = sys.exc_info()[1]
        if event_method == "on_message" and error is not None:
            await tell_author(args[0], error)
        else:
            log.exception("Unforeseen error in %s", event_method)

    async def finish(self, grace: float = GRACE) -> None:
        """Begin nothing new, let answers in progress be sent, and leave."""
        self.in_flight.close()
        self.library.stop()
        if not await self.in_flight.wait_until_idle(grace):
            log.warning("Stopped with answers in progress after %.0f s", grace)
        await self.close()


def run_discord(settings: Settings, corpora: Corpora, servers: Servers | None = None) -> int:
    """Run the bot until SIGTERM or SIGINT ends it.

    Args:
        settings: Must hold a token.
        corpora: Not yet opened; that happens while the bot connects. Closed at the end.
        servers: Those of the database that processes share, where there is one.

    Returns:
        The exit status: 0 when it was asked to stop, 1 when it could not start or go on; the
        reason is then on standard error, in one line.
    """
    logs.configure(settings.log_level, settings.log_format)
    # discord.py would warn at each start that voice, which nothing here uses, is not supported.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    point_at(settings)
    library = Library(corpora)
    status = asyncio.run(_run(settings, library, corpora, servers))
    if not library.close():
        # A thread that reads articles or loads a model cannot be ended, and Python would wait for
        # it. What it writes takes effect by one transaction at the end, so nothing is left half
        # done.
        logs.leave(status)
    corpora.close()
    return status


async def _run(
    settings: Settings, library: Library, corpora: Corpora, servers: Servers | None
) -> int:
    """Serve, and say why it ended where nobody asked for it; the exit status."""
    try:
        await _serve(settings, library, corpora, servers)
    except FootnoteError as error:
        logs.announce(f"footnote: {error}", logging.ERROR)
        status = 1
    except Exception:
        # Python would write its traceback past the log, and the threads would not be dismissed.
        log.critical("Unforeseen error, which ends the bot", exc_info=True)
        status = 1
    else:
        status = 0
    if servers is not None:
        # Threads wait for a database that says nothing, and Python, also at its very end, for them.
        # What was not kept until now is not kept at all.
        last = threading.Timer(_LAST, logs.leave, (status,))
        last.daemon = True
        last.start()
    return status


async def _serve(
    settings: Settings, library: Library, corpora: Corpora, servers: Servers | None
) -> None:
    """Log in, then connect and open the corpus side by side, until a signal or failure ends it.

    Raises:
        FootnoteError: The articles cannot be opened, Discord cannot be reached or refuses, or
            metrics cannot be served where the settings say.
    """
    if settings.discord_token is None:
        raise ConnectionFailedError(
            "There is no token for Discord.", remedy="Set DISCORD_TOKEN and start again."
        )
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    shards = Shards(settings.shard_count, settings.shard_ids)
    lock = partial(servers.advisory, lease_s=LEASE_S) if servers else None
    leadership = Leadership(lock)
    services = make_services(settings, library, postgres=servers)
    client = FootnoteClient(services, shards, leadership, lock)
    try:
        async with monitored(client, settings.metrics_address):
            upkeep = make_upkeep(
                settings, library, corpora, housekeeping=client.housekeeping, leadership=leadership
            )
            living = asyncio.create_task(_live(client, upkeep, settings.discord_token, servers))
            stopping = asyncio.create_task(asked_to_stop.wait())
            try:
                await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if living.done():
                    living.result()
            finally:
                await client.finish()
                living.cancel()
                stopping.cancel()
                await asyncio.gather(living, stopping, return_exceptions=True)
    finally:
        # The last spans may take some seconds. In a thread of their own: the loop's may all be
        # waiting for a database that is away.
        with suppress(TimeoutError):
            sending = ThreadPoolExecutor(1, "spans").submit(client.services.telemetry.close)
            await asyncio.wait_for(asyncio.wrap_future(sending), _SPANS_TAKE)


async def _live(
    client: FootnoteClient, upkeep: Upkeep, token: Secret, servers: Servers | None
) -> None:
    # Only then are the articles opened: loading the model would hold up a wrong token's message.
    await log_in(client, token)

    async def lead() -> None:
        upkeep.poll_now()
        await client.register()

    parts = [_keep_up(client.library, upkeep), stay_connected(client)]
    if servers is not None:
        parts.append(client.leadership.keep(f"bot {client.application_id}", lead))
        parts.append(follow(servers.listen, client.services, upkeep.refresh))
    await asyncio.gather(*parts)


async def _keep_up(library: Library, upkeep: Upkeep) -> None:
    await library.open()
    await upkeep.run()


def _intents(reads_messages: bool) -> discord.Intents:
    """What is written to the bot, and all other messages too where its operator wants that."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = True
    intents.dm_messages = True
    intents.message_content = reads_messages
    return intents
