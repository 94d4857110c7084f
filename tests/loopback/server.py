"""`LoopbackDiscord`: the server, and the hands with which a test plays the people on it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .bell import Bell
from .commands import Choice, CommandBook, FormValue, OptionValue, component_data, modal_data
from .errors import ApiError, LoopbackError, Refusal, Violation
from .faults import Fault, Weather, cut, half_of, json_response
from .gateway import (
    HEARTBEAT,
    INVALID_SESSION,
    MESSAGE_CONTENT,
    PRIVILEGED,
    RECONNECT,
    Connection,
    Gateway,
)
from .interactions import Interaction, Kind
from .model import Attachment, Channel, Guild, Json, Member, Message, User
from .openapi import OpenApi
from .rest import Call, Rest, Route, read_body
from .world import USER_MENTION, World

API = "/api/v10"


@dataclass(frozen=True)
class Exchange:
    """One REST request and what became of it; `at` is the event loop's clock."""

    method: str
    path: str
    body: Any
    status: int
    at: float


class LoopbackDiscord:
    """Discord on 127.0.0.1: `async with LoopbackDiscord(token="t") as loopback: ...`.

    `heartbeat_interval`, `interaction_deadline` and `interaction_lifetime` are in seconds.
    `privileged_intents` are those switched on in the developer portal; a bot that identifies
    with others is closed with 4014. `openapi` is the path of Discord's OpenAPI document, against
    which request bodies are then checked too.

    `shards` and `max_concurrency` are what Discord recommends and allows: of the shards whose
    numbers leave the same remainder when divided by `max_concurrency`, one may identify every
    `identify_pause` seconds (Discord: 5), and the session of another is invalid.
    """

    def __init__(
        self,
        token: str,
        *,
        heartbeat_interval: float = 41.25,
        interaction_deadline: float = 3.0,
        interaction_lifetime: float = 900.0,
        privileged_intents: int = PRIVILEGED,
        shards: int = 1,
        max_concurrency: int = 1,
        identify_pause: float = 0.0,
        openapi: Path | None = None,
        bot_name: str = "footnote",
    ) -> None:
        self.token = token
        # What the bot did wrong. Tests assert that these stay empty.
        self.refusals: list[Refusal] = []
        self.violations: list[Violation] = []
        self.unknown_requests: list[Exchange] = []
        self.requests: list[Exchange] = []
        self.faults: list[Fault] = []
        # Faults that befall a share of all requests, after those on order.
        self.weather: Weather | None = None
        self._bell = Bell(self._situation)
        self._gateway = Gateway(
            token,
            self._bell,
            heartbeat_interval=heartbeat_interval,
            privileged_intents=privileged_intents,
            max_concurrency=max_concurrency,
            identify_pause=identify_pause,
        )
        self._world = World(self._gateway.announce, self._bell, bot_name)
        self._gateway.serve(self._world)
        self._commands = CommandBook(self._world.bot.id, self._world.new_id)
        self._rest = Rest(
            self._world,
            self._bell,
            self._commands,
            interaction_deadline=interaction_deadline,
            reads_content=bool(privileged_intents & MESSAGE_CONTENT),
            shards=shards,
            max_concurrency=max_concurrency,
            censor=self._gateway.blanked,
        )
        self._lifetime = interaction_lifetime
        self._openapi = OpenApi(openapi) if openapi else None
        self._runner: web.AppRunner | None = None
        self.api_url = ""
        self.gateway_url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=256 * 1024 * 1024)
        app.router.add_route("*", API + "/{path:.*}", self._serve_rest)
        app.router.add_get("/gateway", self._gateway.handle)
        app.router.add_get("/cdn/attachments/{id}/{filename}", self._serve_attachment)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}{API}"
        self.gateway_url = f"ws://{host}:{port}/gateway"
        self._gateway.url = self._rest.gateway_url = self.gateway_url
        self._world.cdn_url = f"http://{host}:{port}/cdn"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for connection in self._gateway.live:
            connection.abort()
        if self._runner:
            await self._runner.cleanup()

    # Serving

    async def _serve_rest(self, request: web.Request) -> web.StreamResponse:
        method, path = request.method, request.path.removeprefix(API)
        body: Any = None
        try:
            body, files = await read_body(request)
            fault = self._fault(method, path, body)
            if fault and not fault.carried_out:
                return self._strike(fault, request, body)
            found = self._rest.find(method, path)
            if found is None:
                self._record(method, path, body, 404)
                self.unknown_requests.append(self.requests[-1])
                raise ApiError(404, 0, "404: Not Found")
            route, args = found
            self._authorize(route, request)
            self._compare_with_openapi(route, path, body)
            call = Call(method, path, args, request.query, body, files)
            reply = await route.handler(self._rest, call)
        except ApiError as error:
            self._record(method, path, body, error.status)
            if error.status != 401 and error.code:
                self.refusals.append(
                    Refusal(method, path, error.status, error.code, error.message, error.errors)
                )
            return json_response(error.status, error.body())
        self._record(method, path, body, 200 if reply is not None else 204)
        headers = {
            "X-RateLimit-Limit": "50",
            "X-RateLimit-Remaining": "49",
            "X-RateLimit-Reset-After": "1.0",
            "X-RateLimit-Bucket": f"{method} {route.template}",
        }
        if reply is None:
            response = web.Response(status=204, headers=headers)
        else:
            response = json_response(200, reply, headers)
        if fault is None:
            return response
        return await half_of(response, request) if fault.drop else fault.response()

    def _fault(self, method: str, path: str, body: object) -> Fault | None:
        """What befalls this request, if anything does."""
        ordered = next((f for f in self.faults if f.strikes(method, path)), None)
        if ordered is not None or self.weather is None:
            return ordered
        return self.weather.fault(method, path, body)

    def _strike(self, fault: Fault, request: web.Request, body: Any) -> web.Response:
        path = request.path.removeprefix(API)
        self._record(request.method, path, body, 0 if fault.drop else fault.status)
        if fault.drop:
            cut(request)
        return fault.response()

    def _authorize(self, route: Route, request: web.Request) -> None:
        if route.needs_token and request.headers.get("Authorization") != f"Bot {self.token}":
            raise ApiError(401, 0, "401: Unauthorized")

    def _compare_with_openapi(self, route: Route, path: str, body: Any) -> None:
        if self._openapi is None or body is None:
            return
        if problem := self._openapi.problem(route.method, route.template, body):
            self.violations.append(Violation(route.method, path, *problem))

    def _record(self, method: str, path: str, body: Any, status: int) -> None:
        at = asyncio.get_running_loop().time()
        self.requests.append(Exchange(method, path, body, status, at))
        self._bell.ring()

    async def _serve_attachment(self, request: web.Request) -> web.Response:
        attachment = self._world.attachments.get(int(request.match_info["id"]))
        if attachment is None:
            raise web.HTTPNotFound
        return web.Response(body=attachment.content)

    def _situation(self) -> str:
        """What to look at when something waited for did not happen."""
        last = [f"{r.method} {r.path} -> {r.status}" for r in self.requests[-5:]]
        return (
            f"Connected: {len(self._gateway.ready)}; last requests: {last}; "
            f"refusals: {self.refusals}; unknown: {[r.path for r in self.unknown_requests]}"
        )

    # The scene

    @property
    def bot(self) -> User:
        return self._world.bot

    def add_guild(
        self, name: str = "guild", *, locale: str = "en-US", shard: tuple[int, int] = (0, 1)
    ) -> Guild:
        """A server with the bot and an owner in it.

        `shard` is the number of the shard that serves it, and of how many.
        """
        return self._world.add_guild(name, locale, shard)

    def remove_guild(self, guild: Guild) -> None:
        """Throws the bot out of a server."""
        self._world.guilds.pop(guild.id)
        self._world.announce("GUILD_DELETE", {"id": str(guild.id)}, guild)

    def add_user(self, name: str = "bob") -> User:
        """A person who may share no server with the bot."""
        return self._world.add_user(name)

    def open_dm(self, person: User | Member) -> Channel:
        """The direct channel between a person and the bot."""
        return self._world.open_dm(_user(person))

    def upload(self, filename: str, content: bytes) -> Attachment:
        """A file of a person, for a message, an option or a modal."""
        return self._world.attach(filename, content)

    # What people do

    async def post_message(
        self,
        channel: Channel,
        author: User | Member,
        content: str = "",
        *,
        mentions: Iterable[User | Member] = (),
        reference: Message | None = None,
        ping: bool = True,
        attachments: Iterable[Attachment] = (),
        message_type: int | None = None,
    ) -> Message:
        """A person writes. `<@id>` in the content mentions, as do `mentions`.

        A reply (`reference`) mentions the author it answers unless `ping` is off, but not when
        that is an answer to an interaction: Discord does not make those readable to the bot.
        """
        message = Message(self._world.new_id(), channel, _user(author), content)
        message.attachments = list(attachments)
        message.reference = reference
        mentioned = self._world.known_users(map(int, USER_MENTION.findall(content)))
        mentioned += map(_user, mentions)
        if reference and ping and reference.interaction is None:
            mentioned.append(reference.author)
        message.mentions = list(dict.fromkeys(mentioned))
        message.mentions_everyone = "@everyone" in content or "@here" in content
        message.type = message_type if message_type is not None else 19 if reference else 0
        return self._world.publish(message)

    async def open_post(
        self, forum: Channel, author: Member, title: str, content: str = ""
    ) -> Message:
        """A person opens a post in a forum: a thread, whose first message has the thread's id."""
        thread = forum.add_thread(title, owner=author, bot_joined=False)
        message = Message(thread.id, thread, author.user, content)
        message.mentions = self._world.known_users(map(int, USER_MENTION.findall(content)))
        return self._world.publish(message)

    async def edit_message(self, message: Message, content: str) -> None:
        """A person edits their message."""
        message.content = content
        self._world.republish(message)

    async def delete_message(self, message: Message) -> None:
        self._world.delete(message)

    async def react(self, message: Message, person: User | Member, emoji: str = "👍") -> None:
        self._world.react(message, emoji, _user(person), added=True)

    async def slash(
        self,
        person: User | Member,
        channel: Channel,
        path: str,
        values: Mapping[str, OptionValue] | None = None,
    ) -> Interaction:
        """`/path` with options by name; a path with spaces names a subcommand.

        Raises `LoopbackError` for a command that is not registered and for options that
        Discord's own client would not let a person send.
        """
        data = self._commands.invocation(path, values or {}, channel.guild)
        return self._dispatch(Kind.COMMAND, person, channel, data)

    async def autocomplete(
        self,
        person: User | Member,
        channel: Channel,
        path: str,
        values: Mapping[str, OptionValue],
        *,
        focused: str,
    ) -> Interaction:
        """A person types in the option `focused`; see `Interaction.wait_for_choices`."""
        data = self._commands.invocation(path, values, channel.guild, focused=focused)
        return self._dispatch(Kind.AUTOCOMPLETE, person, channel, data)

    async def context_menu(
        self, person: User | Member, channel: Channel, name: str, target: Member | User | Message
    ) -> Interaction:
        """An app command from the menu of a message or a person."""
        data = self._commands.context_menu(name, target, channel.guild)
        return self._dispatch(Kind.COMMAND, person, channel, data)

    async def click(
        self,
        message: Message,
        custom_id: str,
        person: User | Member,
        *,
        values: Iterable[Choice] = (),
    ) -> Interaction:
        """A press on a button, or (with `values`) a choice in a select menu, of a message."""
        data = component_data(message, custom_id, list(values))
        return self._dispatch(Kind.COMPONENT, person, message.channel, data, source=message)

    async def submit_modal(
        self, opened_by: Interaction, values: Mapping[str, FormValue]
    ) -> Interaction:
        """Fills the modal that answered `opened_by`, by custom id, and sends it."""
        if opened_by.modal is None:
            raise LoopbackError(f"{opened_by} opened no modal")
        person = opened_by.member or opened_by.user
        data = modal_data(opened_by.modal, values)
        return self._dispatch(
            Kind.MODAL_SUBMIT, person, opened_by.channel, data, source=opened_by.source
        )

    def _dispatch(
        self,
        kind: Kind,
        person: User | Member,
        channel: Channel,
        data: Json,
        *,
        source: Message | None = None,
    ) -> Interaction:
        if not self._gateway.sessions:
            raise LoopbackError("no bot has connected; `await loopback.wait_until_ready()` first")
        user, member = _user(person), None
        if channel.guild is not None:
            member = channel.guild.members.get(user.id)
            if member is None:
                raise LoopbackError(f"{user.name} is not a member of {channel.guild.name!r}")
        interaction = Interaction(
            self._world.new_id(), kind, channel, user, member, data, self._bell, source
        )
        interaction.lifetime = self._lifetime
        interaction.dispatched_at = asyncio.get_running_loop().time()
        self._rest.dispatch(interaction)
        payload = interaction.payload(self._world.bot.id)
        self._world.announce("INTERACTION_CREATE", payload, channel.guild)
        return interaction

    # What the bot does

    async def wait_until(
        self, check: Callable[[], object], timeout: float = 10.0, what: str = "a condition"
    ) -> None:
        """Looks at `check` after every request, event and connection until it is true."""
        await self._bell.wait_until(lambda: bool(check()), timeout, what)

    async def wait_until_ready(self, timeout: float = 30.0) -> None:
        """Until a bot is connected and has been sent READY (or RESUMED) and its servers."""
        await self.wait_until(lambda: self.is_ready, timeout, "a bot to connect")

    @property
    def is_ready(self) -> bool:
        """Whether a bot is connected and has been sent READY (or RESUMED) and its servers."""
        return bool(self._gateway.ready)

    @property
    def ready_shards(self) -> set[int]:
        """The shards that have been sent READY (or RESUMED) and their servers."""
        return {c.session.shard[0] for c in self._gateway.ready if c.session}

    async def wait_until_gone(self, timeout: float = 30.0) -> None:
        """Until no connection to the gateway is left."""
        await self.wait_until(lambda: not self._gateway.live, timeout, "the bot to go")

    async def wait_for_message(
        self,
        channel: Channel,
        predicate: Callable[[Message], bool] = lambda _: True,
        *,
        after: Message | None = None,
        timeout: float = 10.0,
    ) -> Message:
        """The bot's first message in a channel that satisfies `predicate`, sent or to come.

        With `after`, only messages younger than that one. Ephemeral ones are never here.
        """

        def look() -> Message | None:
            return next(
                (
                    message
                    for key, message in sorted(channel.messages.items())
                    if message.author is self.bot
                    and (after is None or key > after.id)
                    and not message.loading
                    and predicate(message)
                ),
                None,
            )

        return await self._bell.wait_until(look, timeout, f"a message in {channel.name!r}")

    async def wait_for_reply(self, question: Message, timeout: float = 10.0) -> Message:
        """The bot's reply to a message."""
        return await self.wait_for_message(
            question.channel, lambda m: m.reference is question, timeout=timeout
        )

    async def wait_for_commands(self, timeout: float = 30.0) -> list[Json]:
        """The global commands, once registered."""
        await self.wait_until(lambda: self.command_syncs, timeout, "commands to be registered")
        return self._commands.registered(None)

    async def settle(self, timeout: float = 10.0) -> None:
        """Until every connected bot has received all events so far.

        Proves that an event was *seen*, which comes before "and it was not answered". Discord
        may ask for a heartbeat at any time; the beat names the last event received.
        """
        beaten = {c: len(c.heartbeats) for c in self._gateway.ready}
        target = {c: c.session.sequence for c in beaten if c.session}
        for connection in beaten:
            connection.send({"op": HEARTBEAT, "d": None})

        def is_settled() -> bool:
            return all(
                c.closed.is_set()
                or (len(c.heartbeats) > count and c.acknowledged_sequence >= target[c])
                for c, count in beaten.items()
            )

        await self.wait_until(is_settled, timeout, "the bot to receive what was sent")

    @property
    def command_syncs(self) -> list[tuple[int | None, list[Json]]]:
        """Every bulk registration of commands: the server (None: global) and what was sent."""
        return self._rest.synced

    def commands(self, guild: Guild | None = None) -> list[Json]:
        """The commands registered now."""
        return self._commands.registered(guild.id if guild else None)

    @property
    def guilds(self) -> dict[int, Guild]:
        """The servers that the bot is in, by id."""
        return self._world.guilds

    @property
    def interactions(self) -> list[Interaction]:
        return list(self._rest.interactions.values())

    @property
    def connections(self) -> list[Connection]:
        """Every connection to the gateway there was, with heartbeats and close code."""
        return self._gateway.connections

    @property
    def identifies(self) -> list[Json]:
        """Every IDENTIFY received."""
        return self._gateway.identifies

    @property
    def presences(self) -> list[Json]:
        """Every presence update received."""
        return self._gateway.presences

    @property
    def resumes(self) -> int:
        """How often a lost session was resumed, of the sessions that are still valid."""
        return sum(session.resumes for session in self._gateway.sessions.values())

    @property
    def heartbeat_gaps(self) -> list[float]:
        """Seconds between heartbeats of the same connection: a blocked event loop widens them."""
        return [gap for connection in self.connections for gap in connection.heartbeat_gaps]

    def assert_clean(self) -> None:
        """Fails if the bot sent anything that Discord would refuse or does not know."""
        assert not self.refusals, self.refusals
        assert not self.violations, self.violations
        assert not self.unknown_requests, self.unknown_requests

    # Trouble

    def fail_next(
        self,
        method: str,
        path_regex: str,
        *,
        status: int = 429,
        retry_after: float = 0.2,
        times: int = 1,
        is_global: bool = False,
        drop: bool = False,
        code: int = 0,
        carried_out: bool = False,
    ) -> Fault:
        """Fails the next requests of a method ("*": any) whose path, after `/api/v10`, matches.

        `drop` tears the connection down instead of answering. `carried_out` does what was asked,
        and fails, or with `drop` hangs up, in the midst of saying so. `hits` of the fault counts.
        """
        fault = Fault(
            method,
            re.compile(path_regex),
            status,
            times,
            retry_after,
            is_global,
            drop,
            code,
            carried_out=carried_out,
        )
        self.faults.append(fault)
        return fault

    async def cut_gateway(self, code: int | None = None) -> None:
        """Ends every gateway connection: abruptly, or closed with a code. Returns when gone."""
        connections = self._gateway.live
        for connection in connections:
            if code is None:
                connection.abort()
            else:
                connection.close(code)
        await asyncio.gather(*(connection.closed.wait() for connection in connections))

    def refuse_connections(self, times: int = 1) -> None:
        """Refuses the next attempts to connect to the gateway, as in an outage."""
        self._gateway.refusals_left = times

    async def invalidate_session(self, *, resumable: bool = False) -> None:
        """Opcode 9: the bot must identify anew, or (resumable) resume. Returns when it left."""
        if not resumable:
            self._gateway.sessions.clear()
        await self._tell_to_leave({"op": INVALID_SESSION, "d": resumable})

    async def request_reconnect(self) -> None:
        """Opcode 7: the bot must come back and resume. Returns when it left."""
        await self._tell_to_leave({"op": RECONNECT, "d": None})

    async def _tell_to_leave(self, packet: Json) -> None:
        connections = self._gateway.live
        for connection in connections:
            connection.send(packet)
        await asyncio.gather(*(connection.closed.wait() for connection in connections))


def _user(person: User | Member) -> User:
    return person.user if isinstance(person, Member) else person
