"""The gateway (v10, JSON): sessions, heartbeats, events, resuming."""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from aiohttp import WSMsgType, web

from .bell import Bell
from .model import Guild, Json
from .world import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11

GUILDS, GUILD_MEMBERS, GUILD_PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15
GUILD_REACTIONS, DIRECT_REACTIONS = 1 << 10, 1 << 13
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT


@dataclass(eq=False)
class Session:
    """What survives a lost connection: the events, numbered, so that a RESUME can replay them."""

    id: str
    intents: int
    shard: tuple[int, int]
    identify: Json
    sequence: int = 0
    history: list[Json] = field(default_factory=list)
    connection: Connection | None = None
    resumes: int = 0
    is_ready: bool = False

    def record(self, event: str, data: Json) -> None:
        self.sequence += 1
        packet = {"op": DISPATCH, "t": event, "s": self.sequence, "d": data}
        self.history.append(packet)
        if self.connection:
            self.connection.send(packet)

    def concerns(self, guild: Guild | None) -> bool:
        """Whether this shard serves the server; DMs go to shard 0."""
        number, count = self.shard
        return number == ((guild.id >> 22) % count if guild else 0)


class Connection:
    """One websocket. What is sent goes through a queue, so that order is the order of events."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.session: Session | None = None
        # Clock of the event loop, one per heartbeat received.
        self.heartbeats: list[float] = []
        self.acknowledged_sequence = 0
        # The code of whoever closed, None as long as nobody did (and after an abrupt end).
        self.close_code: int | None = None
        self.closed_by_server = False
        self.closed = asyncio.Event()
        self._transport = request.transport
        self._queue: asyncio.Queue[Json | int] = asyncio.Queue()
        # A client that asks for zstd-stream gets plain text, which discord.py takes as well.
        zipped = request.query.get("compress") == "zlib-stream"
        self._deflate = zlib.compressobj() if zipped else None

    @property
    def heartbeat_gaps(self) -> list[float]:
        return [later - earlier for earlier, later in pairwise(self.heartbeats)]

    def send(self, packet: Json) -> None:
        self._queue.put_nowait(packet)

    def close(self, code: int) -> None:
        """Closes after what is queued has been sent."""
        self._queue.put_nowait(code)

    def abort(self) -> None:
        """Tears the socket down without a closing handshake."""
        if self._transport:
            self._transport.abort()

    async def write(self) -> None:
        try:
            while True:
                packet = await self._queue.get()
                if isinstance(packet, int):
                    self.close_code, self.closed_by_server = packet, True
                    await self.socket.close(code=packet)
                    return
                text = json.dumps(packet)
                if self._deflate:
                    data = self._deflate.compress(text.encode())
                    await self.socket.send_bytes(data + self._deflate.flush(zlib.Z_SYNC_FLUSH))
                else:
                    await self.socket.send_str(text)
        except ConnectionError:
            return  # The reader sees it too, and cleans up.


class Gateway:
    """Accepts connections and carries the world's events to every session that may see them."""

    def __init__(
        self,
        token: str,
        bell: Bell,
        *,
        heartbeat_interval: float,
        privileged_intents: int,
        max_concurrency: int,
        identify_pause: float,
    ) -> None:
        self.url = ""
        self.sessions: dict[str, Session] = {}
        # Every connection there was, the dead included.
        self.connections: list[Connection] = []
        # Every IDENTIFY there was, with its intents.
        self.identifies: list[Json] = []
        self.presences: list[Json] = []
        # How many of the next attempts to connect are refused.
        self.refusals_left = 0
        self._world: World | None = None
        self._token = token
        self._bell = bell
        self._heartbeat_interval = heartbeat_interval
        self._granted = ~PRIVILEGED | privileged_intents
        self._max_concurrency = max_concurrency
        self._identify_pause = identify_pause
        # When a shard of each group has identified last.
        self._identified: dict[int, float] = {}
        self._answers: dict[int, Callable[[Connection, Any], None]] = {
            HEARTBEAT: self._on_heartbeat,
            IDENTIFY: self._on_identify,
            RESUME: self._on_resume,
            REQUEST_MEMBERS: self._on_request_members,
            PRESENCE: lambda _, data: self.presences.append(data),
            VOICE: lambda *_: None,
        }

    def serve(self, world: World) -> None:
        self._world = world

    @property
    def live(self) -> list[Connection]:
        return [connection for connection in self.connections if not connection.closed.is_set()]

    @property
    def ready(self) -> list[Connection]:
        """Connections that have had READY (or RESUMED) and everything after it."""
        return [c for c in self.live if c.session and c.session.is_ready]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.refusals_left:
            self.refusals_left -= 1
            self._bell.ring()
            return web.Response(status=503)
        socket = web.WebSocketResponse(compress=False, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(request, socket)
        self.connections.append(connection)
        connection.send(
            {"op": HELLO, "d": {"heartbeat_interval": int(self._heartbeat_interval * 1000)}}
        )
        writer = asyncio.create_task(connection.write())
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(connection, frame.data)
        finally:
            if connection.closed_by_server:
                await writer  # It is in the middle of the closing handshake.
            writer.cancel()
            self._lose(connection)
        return socket

    def _lose(self, connection: Connection) -> None:
        if not connection.closed_by_server and connection.socket.close_code != 1006:
            connection.close_code = connection.socket.close_code
        session = connection.session
        if session and session.connection is connection:
            session.connection = None
            # A client that says goodbye with 1000 or 1001 gives its session up.
            if connection.close_code in (1000, 1001) and not connection.closed_by_server:
                self.sessions.pop(session.id, None)
        connection.closed.set()
        self._bell.ring()

    def _receive(self, connection: Connection, frame: str) -> None:
        try:
            packet = json.loads(frame)
            answer = self._answers.get(packet["op"])
        except (ValueError, KeyError, TypeError):
            connection.close(4002)
            return
        if answer is None:
            connection.close(4001)
        elif connection.session is None and packet["op"] not in (HEARTBEAT, IDENTIFY, RESUME):
            connection.close(4003)
        else:
            answer(connection, packet.get("d"))
        self._bell.ring()

    def _on_heartbeat(self, connection: Connection, sequence: int | None) -> None:
        connection.heartbeats.append(asyncio.get_running_loop().time())
        connection.acknowledged_sequence = sequence or 0
        connection.send({"op": HEARTBEAT_ACK})

    def _on_identify(self, connection: Connection, data: Json) -> None:
        self.identifies.append(data)
        if connection.session is not None:
            connection.close(4005)
        elif data.get("token") != self._token:
            connection.close(4004)
        elif not isinstance(data.get("intents"), int):
            connection.close(4013)
        elif data["intents"] & ~self._granted:
            connection.close(4014)
        elif (shard := _shard(data.get("shard", [0, 1]))) is None:
            connection.close(4010)
        elif not self._is_turn_of(shard[0]):
            connection.send({"op": INVALID_SESSION, "d": False})
        else:
            name = secrets.token_hex(16)
            session = Session(name, data["intents"], shard, data)
            self.sessions[session.id] = session
            self._attach(connection, session)
            self._welcome(session)

    def _is_turn_of(self, shard: int) -> bool:
        """Whether no other shard of the group has identified within the pause."""
        group, now = shard % self._max_concurrency, asyncio.get_running_loop().time()
        if now - self._identified.get(group, -self._identify_pause) < self._identify_pause:
            return False
        self._identified[group] = now
        return True

    def _attach(self, connection: Connection, session: Session) -> None:
        connection.session, session.connection = session, connection

    def _welcome(self, session: Session) -> None:
        assert self._world is not None
        guilds = [guild for guild in self._world.guilds.values() if session.concerns(guild)]
        ready = {
            "v": 10,
            "user": self._world.bot.payload() | {"verified": True, "email": None, "flags": 0},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": session.shard,
            "application": {"id": str(self._world.bot.id), "flags": 0},
        }
        session.record("READY", ready)
        if session.intents & GUILDS:
            for guild in guilds:
                session.record("GUILD_CREATE", guild.event(self._world.bot.id))
        session.is_ready = True

    def _on_resume(self, connection: Connection, data: Json) -> None:
        if data.get("token") != self._token:
            connection.close(4004)
            return
        session = self.sessions.get(data.get("session_id", ""))
        if session is None:
            connection.send({"op": INVALID_SESSION, "d": False})
            return
        session.resumes += 1
        for packet in session.history:
            if packet["s"] > (data.get("seq") or 0):
                connection.send(packet)
        self._attach(connection, session)
        session.record("RESUMED", {})

    def _on_request_members(self, connection: Connection, data: Json) -> None:
        assert self._world is not None
        assert connection.session is not None
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        members = list(guild.members.values())
        if "user_ids" in data:
            wanted = data["user_ids"] if isinstance(data["user_ids"], list) else [data["user_ids"]]
            members = [m for m in members if m.id in set(map(int, wanted))]
        else:
            query = data.get("query", "").lower()
            members = [m for m in members if m.user.name.lower().startswith(query)]
            members = members[: data.get("limit") or None]
        chunk = {
            "guild_id": str(guild.id),
            "members": [member.payload() for member in members],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [],
            "nonce": data.get("nonce"),
        }
        connection.session.record("GUILD_MEMBERS_CHUNK", chunk)

    def announce(self, event: str, data: Json, guild: Guild | None) -> None:
        """Records an event in every session whose shard and intents are concerned."""
        needed = _intent(event, in_guild=guild is not None)
        for session in self.sessions.values():
            if session.concerns(guild) and (needed == 0 or session.intents & needed):
                session.record(event, self._as_seen(event, data, session.intents))

    def _as_seen(self, event: str, data: Json, intents: int) -> Json:
        if event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or intents & MESSAGE_CONTENT:
            return data
        return data if "guild_id" not in data else self.blanked(data)

    def blanked(self, message: Json) -> Json:
        """A server message for a bot without the message content intent.

        It reads its own messages and those that mention it; of others it gets the shell.
        A message that is replied to is judged by itself.
        """
        assert self._world is not None
        bot_id = str(self._world.bot.id)
        mine = message["author"]["id"] == bot_id
        if not mine and all(user["id"] != bot_id for user in message["mentions"]):
            blank: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
            message = message | blank
        if message.get("referenced_message"):
            referenced = self.blanked(message["referenced_message"])
            return message | {"referenced_message": referenced}
        return message


def _shard(value: object) -> tuple[int, int] | None:
    """The number of a shard, and of how many; `None` where there is no such shard."""
    if not isinstance(value, list) or [type(part) for part in value] != [int, int]:
        return None
    number, count = value
    return (number, count) if 0 <= number < count else None


def _intent(event: str, *, in_guild: bool) -> int:
    """The intent that an event needs, 0 for none."""
    if event.startswith("MESSAGE_REACTION"):
        return GUILD_REACTIONS if in_guild else DIRECT_REACTIONS
    if event.startswith("MESSAGE"):
        return GUILD_MESSAGES if in_guild else DIRECT_MESSAGES
    if event.startswith("GUILD_MEMBER"):
        return GUILD_MEMBERS
    return GUILDS if event.startswith(("GUILD", "CHANNEL", "THREAD")) else 0
