"""Interactions: what a person did, and what the bot made of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum

from .bell import Bell
from .errors import ApiError, unknown
from .model import Channel, Json, Member, Message, User

ATTACHMENT_SIZE_LIMIT = 10 * 1024 * 1024


class Kind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class Callback(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


ALLOWED_CALLBACKS = {
    Kind.COMMAND: {Callback.MESSAGE, Callback.DEFERRED_MESSAGE, Callback.MODAL},
    Kind.COMPONENT: set(Callback) - {Callback.CHOICES},
    Kind.AUTOCOMPLETE: {Callback.CHOICES},
    Kind.MODAL_SUBMIT: set(Callback) - {Callback.CHOICES, Callback.MODAL},
}


@dataclass(frozen=True)
class Response:
    """The first answer of the bot, as it sent it."""

    type: Callback
    data: Json


@dataclass(eq=False)
class Interaction:
    """One slash command, click, autocomplete or modal, from dispatch to the last follow-up."""

    id: int
    kind: Kind
    channel: Channel
    user: User
    member: Member | None
    data: Json
    bell: Bell
    # The message whose button was pressed.
    source: Message | None = None
    token: str = field(default_factory=lambda: f"loopback-{secrets.token_urlsafe(24)}")
    # Seconds for which follow-ups are taken.
    lifetime: float = 900.0
    dispatched_at: float = 0.0
    acknowledged_after: float | None = None
    response: Response | None = None
    # What the first answer shows now: a message, "thinking…", or the edited source.
    original: Message | None = None
    # Further messages. The first follow-up after a deferral *becomes* `original`, as on Discord.
    followups: list[Message] = field(default_factory=list)
    # Everything shown, in order: an edit adds its message again.
    shown: list[Message] = field(default_factory=list)

    @property
    def expired(self) -> bool:
        return asyncio.get_running_loop().time() - self.dispatched_at > self.lifetime

    @property
    def modal(self) -> Json | None:
        """The form that the bot opened."""
        opened = self.response is not None and self.response.type is Callback.MODAL
        return self.response.data if self.response and opened else None

    @property
    def choices(self) -> list[Json] | None:
        """The suggestions that the bot made."""
        given = self.response is not None and self.response.type is Callback.CHOICES
        return self.response.data.get("choices") or [] if self.response and given else None

    @property
    def acknowledged(self) -> Awaitable[float]:
        """Awaitable: seconds from dispatch to the first answer (give up after 10 s)."""
        return self.wait_acknowledged()

    async def wait_acknowledged(self, timeout: float = 10.0) -> float:
        def look() -> tuple[float] | None:
            return None if self.acknowledged_after is None else (self.acknowledged_after,)

        found = await self.bell.wait_until(look, timeout, f"an acknowledgement of {self}")
        return found[0]

    async def wait_for_answer(
        self, timeout: float = 10.0, predicate: Callable[[Message], bool] = lambda _: True
    ) -> Message:
        """The latest message shown that satisfies `predicate`; "thinking…" is none."""

        def look() -> Message | None:
            return next((message for message in reversed(self.shown) if predicate(message)), None)

        return await self.bell.wait_until(look, timeout, f"an answer to {self}")

    async def wait_for_modal(self, timeout: float = 10.0) -> Json:
        return await self.bell.wait_until(lambda: self.modal, timeout, f"a modal from {self}")

    async def wait_for_choices(self, timeout: float = 10.0) -> list[Json]:
        def look() -> tuple[list[Json]] | None:
            return None if self.choices is None else (self.choices,)

        found = await self.bell.wait_until(look, timeout, f"suggestions for {self}")
        return found[0]

    def show(self, message: Message) -> None:
        self.shown.append(message)
        self.bell.ring()

    def acknowledge(self, response: Response) -> None:
        self.response = response
        self.acknowledged_after = asyncio.get_running_loop().time() - self.dispatched_at
        self.bell.ring()

    def check_callback(self, kind: object, deadline: float) -> Callback:
        """Whether the bot may answer so, now."""
        if self.response is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        if asyncio.get_running_loop().time() - self.dispatched_at > deadline:
            raise unknown("interaction", 10062)
        if kind not in {int(allowed) for allowed in ALLOWED_CALLBACKS[self.kind]}:
            message = f"Type {kind} does not answer a {self.kind.name.lower()} interaction."
            errors = {"type": {"_errors": [{"code": "BASE_TYPE_CHOICES", "message": message}]}}
            raise ApiError(400, 50035, "Invalid Form Body", errors)
        return Callback(kind)

    def __str__(self) -> str:
        name = self.data.get("name") or self.data.get("custom_id")
        return f"{self.kind.name.lower()} {name!r} by {self.user.name}"

    def payload(self, application_id: int) -> Json:
        guild = self.channel.guild
        payload: Json = {
            "id": str(self.id),
            "application_id": str(application_id),
            "type": int(self.kind),
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(self.channel.id),
            "channel": self.channel.payload() | {"permissions": self._permissions()},
            "app_permissions": self._permissions(of=application_id),
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": ATTACHMENT_SIZE_LIMIT,
            "context": 0 if guild else 1,
            "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
        }
        if guild and self.member:
            payload |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
                "guild_locale": guild.locale,
                "member": self.member.payload() | {"permissions": self._permissions()},
            }
        else:
            payload["user"] = self.user.payload()
        if self.source:
            payload["message"] = self.source.payload()
        return payload

    def _permissions(self, of: int | None = None) -> str:
        guild = self.channel.guild
        member = guild.members.get(of or self.user.id) if guild else None
        return str(member.permissions if member else 0)

    def metadata(self) -> Json:
        """`interaction_metadata` of the messages that answer it."""
        guild = self.channel.guild
        return {
            "id": str(self.id),
            "type": int(self.kind),
            "user": self.user.payload(),
            "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
        }
