"""Discord's REST API: one method a route, named by the path that Discord's documents use."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from . import limits
from .bell import Bell
from .commands import CommandBook
from .errors import ApiError, LoopbackError, unknown
from .interactions import Callback, Interaction, Kind, Response
from .model import EPHEMERAL, LOADING, Channel, Json, Message
from .world import Upload, World


@dataclass(frozen=True)
class Call:
    """One request, parsed."""

    method: str
    path: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    files: list[Upload] = field(default_factory=list)

    def id(self, name: str) -> int:
        try:
            return int(self.args[name])
        except ValueError:
            at = {name: {"_errors": [{"code": "NUMBER_TYPE_COERCE", "message": "Not a snowflake"}]}}
            raise ApiError(400, 50035, "Invalid Form Body", at) from None

    @property
    def form(self) -> Json:
        if not isinstance(self.body, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        return self.body

    @property
    def filenames(self) -> list[str]:
        return [filename for filename, _ in self.files]


Handler = Callable[["Rest", Call], Awaitable[object]]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    handler: Handler
    needs_token: bool

    def match(self, path: str) -> Mapping[str, str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


def route(method: str, template: str, *, needs_token: bool = True) -> Callable[[Handler], Handler]:
    """Marks a method of `Rest` as the answer to a route; several marks are several routes."""

    def mark(handler: Handler) -> Handler:
        routes = handler.__dict__.setdefault("routes", [])
        routes.append(Route(method, template, handler, needs_token))
        return handler

    return mark


async def read_body(request: web.Request) -> tuple[Any, list[Upload]]:
    """The JSON of a request, and its files if it is multipart."""
    if not request.can_read_body:
        return None, []
    if not request.content_type.startswith("multipart/"):
        return _parse(await request.read()), []
    body, files = None, []
    for name, part in (await request.post()).items():
        if name == "payload_json":
            body = _parse(part.encode() if isinstance(part, str) else b"")
        elif isinstance(part, web.FileField):
            files.append((part.filename, part.file.read()))
    return body, files


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


# Seconds for which an enforced nonce makes a message the only one. Discord's documents say "the
# past few minutes".
NONCE_LASTS = 300.0

# GATEWAY_MESSAGE_CONTENT_LIMITED: what an application in few servers has that was granted the
# intent.
CONTENT_GRANTED = 1 << 19

# A handler returns the JSON of a 200, or None for a 204.
Reply = Json | list[Json] | None


class Rest:
    """Answers REST calls out of the world."""

    def __init__(
        self,
        world: World,
        bell: Bell,
        commands: CommandBook,
        *,
        interaction_deadline: float,
        reads_content: bool,
        shards: int,
        max_concurrency: int,
        censor: Callable[[Json], Json],
    ) -> None:
        self.interactions: dict[int, Interaction] = {}
        self.synced: list[tuple[int | None, list[Json]]] = []
        self.gateway_url = ""
        self._world = world
        self._bell = bell
        self._commands = commands
        self._deadline = interaction_deadline
        self._reads_content = reads_content
        self._shards = shards
        self._max_concurrency = max_concurrency
        self._censor = censor
        # The bot is the only author here; Discord compares with the same author's messages.
        self._nonces: dict[str, tuple[float, Message]] = {}
        marked = (getattr(member, "routes", []) for member in vars(type(self)).values())
        self._routes: list[Route] = [found for routes in marked for found in routes]

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        for candidate in self._routes:
            if candidate.method == method and (args := candidate.match(path)) is not None:
                return candidate, args
        return None

    def _seen(self, message: Message) -> Json:
        """A message as GET gives it: without the intent in the portal, content is blank here."""
        payload = message.payload()
        if self._reads_content or message.channel.guild is None:
            return payload
        return self._censor(payload)

    # The bot itself

    @route("GET", "/users/@me")
    async def get_me(self, call: Call) -> Reply:
        return self._world.bot.payload() | {"verified": True, "mfa_enabled": False, "email": None}

    @route("GET", "/applications/@me")
    @route("GET", "/oauth2/applications/@me")
    async def get_application(self, call: Call) -> Reply:
        return {
            "id": str(self._world.bot.id),
            "name": self._world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": self._world.owner.payload(),
            "team": None,
            "flags": CONTENT_GRANTED if self._reads_content else 0,
        }

    @route("GET", "/gateway", needs_token=False)
    @route("GET", "/gateway/bot")
    async def get_gateway(self, call: Call) -> Reply:
        limit = {
            "total": 1000,
            "remaining": 999,
            "reset_after": 0,
            "max_concurrency": self._max_concurrency,
        }
        return {"url": self.gateway_url, "shards": self._shards, "session_start_limit": limit}

    # Commands

    @route("GET", "/applications/{application_id}/commands")
    @route("GET", "/applications/{application_id}/guilds/{guild_id}/commands")
    async def get_commands(self, call: Call) -> Reply:
        return self._commands.registered(self._command_scope(call))

    @route("PUT", "/applications/{application_id}/commands")
    @route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands")
    async def put_commands(self, call: Call) -> Reply:
        limits.check_commands(call.body)
        scope = self._command_scope(call)
        self.synced.append((scope, call.body))
        return self._commands.overwrite(scope, call.body)

    def _command_scope(self, call: Call) -> int | None:
        if call.id("application_id") != self._world.bot.id:
            raise unknown("Application", 10002)
        return self._world.guild(call.id("guild_id")).id if "guild_id" in call.args else None

    # People and servers

    @route("GET", "/users/{user_id}")
    async def get_user(self, call: Call) -> Reply:
        return self._world.user(call.id("user_id")).payload()

    @route("POST", "/users/@me/channels")
    async def open_dm(self, call: Call) -> Reply:
        return self._world.open_dm(self._world.user(int(call.form["recipient_id"]))).payload()

    @route("GET", "/users/@me/guilds")
    async def get_my_guilds(self, call: Call) -> Reply:
        return [guild.payload() for guild in self._world.guilds.values()]

    @route("GET", "/guilds/{guild_id}")
    async def get_guild(self, call: Call) -> Reply:
        return self._world.guild(call.id("guild_id")).payload()

    @route("GET", "/guilds/{guild_id}/channels")
    async def get_channels(self, call: Call) -> Reply:
        channels = self._world.guild(call.id("guild_id")).channels.values()
        return [channel.payload() for channel in channels if channel.parent is None]

    @route("GET", "/guilds/{guild_id}/roles")
    async def get_roles(self, call: Call) -> Reply:
        roles = self._world.guild(call.id("guild_id")).roles.values()
        return [role.payload() for role in roles]

    @route("GET", "/guilds/{guild_id}/members/{user_id}")
    async def get_member(self, call: Call) -> Reply:
        return self._world.member(call.id("guild_id"), call.id("user_id")).payload()

    # Channels and threads

    @route("GET", "/channels/{channel_id}")
    async def get_channel(self, call: Call) -> Reply:
        return self._world.channel(call.id("channel_id")).payload()

    @route("PATCH", "/channels/{channel_id}")
    async def edit_channel(self, call: Call) -> Reply:
        channel = self._world.channel(call.id("channel_id"))
        for key in ("name", "archived", "locked"):
            if key in call.form:
                setattr(channel, key, call.form[key])
        event = "THREAD_UPDATE" if channel.parent else "CHANNEL_UPDATE"
        self._world.announce(event, channel.payload(), channel.guild)
        return channel.payload()

    @route("POST", "/channels/{channel_id}/typing")
    async def type(self, call: Call) -> Reply:
        self._world.channel(call.id("channel_id")).typing_count += 1
        return None

    @route("PUT", "/channels/{channel_id}/thread-members/@me")
    async def join_thread(self, call: Call) -> Reply:
        self._world.channel(call.id("channel_id")).bot_joined = True
        return None

    @route("POST", "/channels/{channel_id}/threads")
    async def create_thread(self, call: Call) -> Reply:
        return self._make_thread(call).payload()

    @route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
    async def create_thread_from_message(self, call: Call) -> Reply:
        message = self._world.message(call.id("channel_id"), call.id("message_id"))
        if message.thread is not None:
            message_text = "A thread has already been created for this message"
            raise ApiError(400, 160004, message_text)
        message.thread = self._make_thread(call, of=message)
        return message.thread.payload()

    def _make_thread(self, call: Call, of: Message | None = None) -> Channel:
        problems = limits.Problems()
        name = problems.text(("name",), call.form.get("name"), 100, low=1, required=True)
        problems.raise_if_any()
        channel = self._world.channel(call.id("channel_id"))
        if channel.guild is None or channel.parent is not None:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        return channel.add_thread(name, owner=self._world.bot, message=of)

    # Messages

    @route("GET", "/channels/{channel_id}/messages")
    async def get_messages(self, call: Call) -> Reply:
        found = sorted(self._world.channel(call.id("channel_id")).messages.items(), reverse=True)
        before, after = call.query.get("before"), call.query.get("after")
        chosen = [
            message
            for key, message in found
            if (not before or key < int(before)) and (not after or key > int(after))
        ]
        count = int(call.query.get("limit", 50))
        return [self._seen(m) for m in (chosen[-count:] if after else chosen[:count])]

    @route("GET", "/channels/{channel_id}/messages/{message_id}")
    async def get_message(self, call: Call) -> Reply:
        return self._seen(self._world.message(call.id("channel_id"), call.id("message_id")))

    @route("POST", "/channels/{channel_id}/messages")
    async def create_message(self, call: Call) -> Reply:
        channel = self._world.channel(call.id("channel_id"))
        limits.check_files(call.files)
        limits.check_message(call.form, filenames=call.filenames)
        now = asyncio.get_running_loop().time()
        nonce, enforced = call.form.get("nonce"), bool(call.form.get("enforce_nonce"))
        if nonce and enforced and nonce in self._nonces:
            at, known = self._nonces[nonce]
            if now - at < NONCE_LASTS:
                return known.payload()
        message = Message(self._world.new_id(), channel, self._world.bot)
        message.nonce = nonce
        if reference := call.form.get("message_reference"):
            message.reference = channel.messages.get(int(reference["message_id"]))
            message.type = 19 if message.reference else 0
            if message.reference is None and reference.get("fail_if_not_exists", True):
                code, text = "REPLIES_UNKNOWN_MESSAGE", "Unknown message"
                errors = {"message_reference": {"_errors": [{"code": code, "message": text}]}}
                raise ApiError(400, 50035, "Invalid Form Body", errors)
        self._world.write(message, call.form, call.files)
        if nonce:
            self._nonces[nonce] = (now, message)
        return self._world.publish(message).payload()

    @route("PATCH", "/channels/{channel_id}/messages/{message_id}")
    async def edit_message(self, call: Call) -> Reply:
        message = self._world.message(call.id("channel_id"), call.id("message_id"))
        if message.author is not self._world.bot:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        self._edit(message, call)
        return message.payload()

    def _edit(self, message: Message, call: Call) -> None:
        limits.check_files(call.files)
        limits.check_message(call.form, filenames=call.filenames, before=message)
        self._world.write(message, call.form, call.files)
        self._world.republish(message)

    @route("DELETE", "/channels/{channel_id}/messages/{message_id}")
    async def delete_message(self, call: Call) -> Reply:
        message = self._world.message(call.id("channel_id"), call.id("message_id"))
        self._world.delete(message)
        return None

    @route("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me")
    async def add_reaction(self, call: Call) -> Reply:
        message = self._world.message(call.id("channel_id"), call.id("message_id"))
        self._world.react(message, call.args["emoji"], self._world.bot, added=True)
        return None

    @route("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me")
    async def remove_reaction(self, call: Call) -> Reply:
        message = self._world.message(call.id("channel_id"), call.id("message_id"))
        self._world.react(message, call.args["emoji"], self._world.bot, added=False)
        return None

    # Interactions

    @route("POST", "/interactions/{interaction_id}/{token}/callback", needs_token=False)
    async def acknowledge(self, call: Call) -> Reply:
        interaction = self.interactions.get(call.id("interaction_id"))
        if interaction is None or interaction.token != call.args["token"]:
            raise unknown("interaction", 10062)
        kind = interaction.check_callback(call.form.get("type"), self._deadline)
        data: Json = call.form.get("data") or {}
        self._check_callback_data(interaction, kind, data, call)
        interaction.acknowledge(Response(kind, data))
        message = self._first_answer(interaction, kind, data, call.files)
        if call.query.get("with_response", "").lower() not in ("1", "true"):
            return None
        about: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
        if message is None:
            return {"interaction": about}
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        resource = {"type": int(kind), "message": message.payload()}
        return {"interaction": about, "resource": resource}

    def _check_callback_data(
        self, interaction: Interaction, kind: Callback, data: Json, call: Call
    ) -> None:
        limits.check_files(call.files)
        if kind is Callback.MESSAGE:
            limits.check_message(data, filenames=call.filenames)
        elif kind is Callback.UPDATE:
            limits.check_message(data, filenames=call.filenames, before=interaction.source)
        elif kind is Callback.CHOICES:
            limits.check_choices(data)
        elif kind is Callback.MODAL:
            limits.check_modal(data)

    def _first_answer(
        self, interaction: Interaction, kind: Callback, data: Json, files: list[Upload]
    ) -> Message | None:
        """Shows the first answer, and returns the message it made or changed."""
        if kind in (Callback.MESSAGE, Callback.DEFERRED_MESSAGE):
            message = self._new_answer(interaction, data)
            interaction.original = message
            if kind is Callback.MESSAGE:
                self._world.write(message, data, files)
                interaction.show(message)
            else:
                message.flags |= LOADING
            return self._world.publish(message)
        if kind in (Callback.UPDATE, Callback.DEFERRED_UPDATE):
            interaction.original = interaction.source
            if interaction.source and kind is Callback.UPDATE:
                self._world.write(interaction.source, data, files)
                self._world.republish(interaction.source)
                interaction.show(interaction.source)
            return interaction.source
        return None

    def _new_answer(self, interaction: Interaction, data: Json) -> Message:
        message = Message(self._world.new_id(), interaction.channel, self._world.bot)
        message.interaction = interaction.metadata()
        message.flags = (data.get("flags") or 0) & EPHEMERAL
        message.type = 20 if interaction.kind is Kind.COMMAND else 0
        return message

    def _answered(self, call: Call) -> Interaction:
        """The interaction of a webhook token: it works once the interaction is acknowledged."""
        for interaction in self.interactions.values():
            if interaction.token == call.args["token"]:
                break
        else:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        response = interaction.response
        if call.id("application_id") != self._world.bot.id or response is None:
            raise unknown("Webhook", 10015)
        if response.type is Callback.CHOICES:
            raise unknown("Webhook", 10015)
        if interaction.expired:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return interaction

    @route("POST", "/webhooks/{application_id}/{token}", needs_token=False)
    async def follow_up(self, call: Call) -> Reply:
        interaction = self._answered(call)
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            # The first follow-up after a deferral takes the place of "thinking…", and with it
            # the ephemerality chosen then, whatever its own flags say.
            self._edit(original, call)
            interaction.show(original)
            return original.payload()
        limits.check_files(call.files)
        limits.check_message(call.form, filenames=call.filenames)
        message = self._new_answer(interaction, call.form)
        self._world.write(message, call.form, call.files)
        interaction.followups.append(message)
        self._world.publish(message)
        interaction.show(message)
        return message.payload()

    def _answer_message(self, call: Call) -> tuple[Interaction, Message]:
        interaction = self._answered(call)
        wanted = call.args["message_id"]
        for message in [interaction.original, *interaction.followups]:
            if message is None or message.deleted:
                continue
            if wanted == str(message.id) or (
                wanted == "@original" and message is interaction.original
            ):
                return interaction, message
        raise unknown("Message", 10008)

    @route("GET", "/webhooks/{application_id}/{token}/messages/{message_id}", needs_token=False)
    async def get_answer(self, call: Call) -> Reply:
        return self._answer_message(call)[1].payload()

    @route("PATCH", "/webhooks/{application_id}/{token}/messages/{message_id}", needs_token=False)
    async def edit_answer(self, call: Call) -> Reply:
        interaction, message = self._answer_message(call)
        self._edit(message, call)
        interaction.show(message)
        return message.payload()

    @route("DELETE", "/webhooks/{application_id}/{token}/messages/{message_id}", needs_token=False)
    async def delete_answer(self, call: Call) -> Reply:
        self._world.delete(self._answer_message(call)[1])
        return None

    def dispatch(self, interaction: Interaction) -> None:
        if interaction.id in self.interactions:
            raise LoopbackError("an interaction is dispatched once")
        self.interactions[interaction.id] = interaction
