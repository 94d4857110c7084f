"""What Discord is made of: users, servers, channels, messages, and how each looks as JSON."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
Announce = Callable[[str, Json, "Guild | None"], None]

DISCORD_EPOCH_MS = 1_420_070_400_000

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15

ADMINISTRATOR = 1 << 3
ALL_PERMISSIONS = (1 << 50) - 1
# React, view, send, embed, attach, history, commands, make threads, send in threads.
EVERYONE_PERMISSIONS = sum(1 << bit for bit in (6, 10, 11, 14, 15, 16, 31, 35, 38))

TEXT_CHANNEL, DM_CHANNEL, PUBLIC_THREAD, FORUM_CHANNEL = 0, 1, 11, 15
ACTION_ROW, BUTTON, SECTION, TEXT_DISPLAY, LABEL = 1, 2, 9, 10, 18


class Snowflakes:
    """Unique ids that grow with time and carry it in their upper bits, as Discord's do."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        now = int(time.time() * 1000) - DISCORD_EPOCH_MS
        self._last = max(self._last + 1, now << 22)
        return self._last

    def next_of(self, shard: int, count: int) -> int:
        """The next id of a server that a shard serves."""
        moment = (self.next() >> 22) + 1
        self._last = (moment + (shard - moment) % count) << 22
        return self._last


def timestamp() -> str:
    return datetime.now(UTC).isoformat()


@dataclass(eq=False)
class User:
    id: int
    name: str
    bot: bool = False

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None if self.bot else self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: int = 0

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions),
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0 if self.name == "@everyone" else 1,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }


@dataclass(eq=False)
class Member:
    """A user in one server."""

    user: User
    guild: Guild
    roles: list[Role] = field(default_factory=list)
    joined_at: str = field(default_factory=timestamp)

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def mention(self) -> str:
        return self.user.mention

    @property
    def permissions(self) -> int:
        """What the member may do in the server, its roles taken together."""
        granted = self.guild.everyone.permissions
        for role in self.roles:
            granted |= role.permissions
        powerful = granted & ADMINISTRATOR or self.id == self.guild.owner_id
        return ALL_PERMISSIONS if powerful else granted

    def payload(self, *, with_user: bool = True) -> Json:
        payload: Json = {
            "nick": None,
            "avatar": None,
            "roles": [str(role.id) for role in self.roles],
            "joined_at": self.joined_at,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }
        return payload | {"user": self.user.payload()} if with_user else payload


@dataclass(eq=False)
class Attachment:
    id: int
    filename: str
    content: bytes
    url: str
    description: str | None = None

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "filename": self.filename,
            "description": self.description,
            "size": len(self.content),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": mimetypes.guess_type(self.filename)[0] or "text/plain; charset=utf-8",
        }


def walk(components: Iterable[Json]) -> Iterator[Json]:
    """Every component, nested ones included, in the order in which a person sees them."""
    for component in components:
        yield component
        children = [c for c in component.get("components") or [] if isinstance(c, dict)]
        single = (component.get(key) for key in ("accessory", "component"))
        yield from walk(children + [c for c in single if isinstance(c, dict)])


@dataclass(eq=False)
class Message:
    """A message as it stands now, after its edits."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    mentions: list[User] = field(default_factory=list)
    mentioned_roles: list[int] = field(default_factory=list)
    mentions_everyone: bool = False
    flags: int = 0
    type: int = 0
    reference: Message | None = None
    # `interaction_metadata`, for what a bot says in answer to an interaction.
    interaction: Json | None = None
    nonce: str | None = None
    sent_at: str = field(default_factory=timestamp)
    edited_at: str | None = None
    thread: Channel | None = None
    deleted: bool = False
    # emoji -> ids of the users
    reactions: dict[str, list[int]] = field(default_factory=dict)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether people see "… is thinking"."""
        return bool(self.flags & LOADING)

    @property
    def is_v2(self) -> bool:
        return bool(self.flags & COMPONENTS_V2)

    @property
    def text(self) -> str:
        """All that a person reads: content, embeds and text displays, a line each."""
        parts: list[str | None] = [self.content]
        for embed in self.embeds:
            parts += [(embed.get("author") or {}).get("name"), embed.get("title")]
            parts.append(embed.get("description"))
            for item in embed.get("fields") or []:
                parts += [item["name"], item["value"]]
            parts.append((embed.get("footer") or {}).get("text"))
        parts += [c["content"] for c in walk(self.components) if c["type"] == TEXT_DISPLAY]
        return "\n".join(part for part in parts if part)

    @property
    def buttons(self) -> list[Json]:
        return [c for c in walk(self.components) if c["type"] == BUTTON]

    @property
    def custom_ids(self) -> list[str]:
        return [c["custom_id"] for c in walk(self.components) if c.get("custom_id")]

    def payload(self) -> Json:
        """The message as REST gives it."""
        payload: Json = {
            "id": str(self.id),
            "type": self.type,
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "content": self.content,
            "timestamp": self.sent_at,
            "edited_timestamp": self.edited_at,
            "tts": False,
            "mention_everyone": self.mentions_everyone,
            "mentions": [user.payload() for user in self.mentions],
            "mention_roles": [str(role) for role in self.mentioned_roles],
            "attachments": [attachment.payload() for attachment in self.attachments],
            "embeds": self.embeds,
            "components": self.components,
            "pinned": False,
            "flags": self.flags,
            "reactions": [
                {
                    "emoji": {"id": None, "name": emoji},
                    "count": len(users),
                    "count_details": {"burst": 0, "normal": len(users)},
                    "me": False,
                    "me_burst": False,
                    "burst_colors": [],
                }
                for emoji, users in self.reactions.items()
            ],
        }
        if self.nonce is not None:
            payload["nonce"] = self.nonce
        if self.interaction is not None:
            payload["interaction_metadata"] = self.interaction
            payload["webhook_id"] = payload["application_id"] = str(self.author.id)
        if self.thread is not None:
            payload["thread"] = self.thread.payload()
        if self.reference is not None:
            target = self.reference
            payload["message_reference"] = {
                "type": 0,
                "message_id": str(target.id),
                "channel_id": str(target.channel.id),
                **target.channel.guild_id_payload(),
            }
            # One level deep, as Discord does.
            nested = target.payload()
            nested.pop("referenced_message", None)
            payload["referenced_message"] = None if target.deleted else nested
        return payload

    def event(self) -> Json:
        """The message as the gateway gives it: with its server and author's membership."""
        payload = self.payload() | self.channel.guild_id_payload()
        guild = self.channel.guild
        if guild and self.interaction is None and self.author.id in guild.members:
            payload["member"] = guild.members[self.author.id].payload(with_user=False)
        return payload


@dataclass(eq=False)
class Channel:
    """A text channel, a forum, a thread (it has a `parent`) or a DM (it has a `recipient`)."""

    id: int
    type: int
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    owner_id: int = 0
    archived: bool = False
    locked: bool = False
    bot_joined: bool = False
    created_at: str = field(default_factory=timestamp)
    # What everybody in the channel can read: ephemeral answers are not here.
    messages: dict[int, Message] = field(default_factory=dict)
    typing_count: int = 0

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    def guild_id_payload(self) -> Json:
        return {"guild_id": str(self.guild.id)} if self.guild else {}

    def add_thread(
        self,
        name: str = "thread",
        *,
        owner: User | Member | None = None,
        message: Message | None = None,
        bot_joined: bool = True,
    ) -> Channel:
        """A public thread, made by `owner` (default: the server's owner), maybe on a message."""
        if self.guild is None:
            raise ValueError("a DM has no threads")
        owner_id = owner.id if owner else self.guild.owner_id
        # A thread that starts at a message has the message's id.
        thread = Channel(
            message.id if message else self.guild.new_id(),
            PUBLIC_THREAD,
            name,
            self.guild,
            parent=self,
            owner_id=owner_id,
            bot_joined=bot_joined,
        )
        self.guild.channels[thread.id] = thread
        event = thread.payload() | {"newly_created": True}
        self.guild.announce("THREAD_CREATE", event, self.guild)
        return thread

    def payload(self) -> Json:
        last = max(self.messages, default=None)
        payload: Json = {
            "id": str(self.id),
            "type": self.type,
            "flags": 0,
            "last_message_id": str(last) if last else None,
        }
        if self.recipient is not None:
            return payload | {"recipients": [self.recipient.payload()]}
        payload |= self.guild_id_payload() | {"name": self.name, "rate_limit_per_user": 0}
        if self.parent is None:
            return payload | {
                "position": 0,
                "topic": None,
                "nsfw": False,
                "parent_id": None,
                "permission_overwrites": [],
            }
        if self.bot_joined:
            payload["member"] = {"join_timestamp": self.created_at, "flags": 0}
        return payload | {
            "parent_id": str(self.parent.id),
            "owner_id": str(self.owner_id),
            "message_count": len(self.messages),
            "member_count": 1,
            "thread_metadata": {
                "archived": self.archived,
                "locked": self.locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": self.created_at,
                "create_timestamp": self.created_at,
            },
        }


@dataclass(eq=False)
class Guild:
    """A server. What is added while the bot is connected is announced to it."""

    id: int
    name: str
    owner_id: int
    new_id: Callable[[], int]
    announce: Announce
    locale: str = "en-US"
    everyone: Role = field(init=False)
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    # Threads are among the channels.
    channels: dict[int, Channel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.everyone = Role(self.id, "@everyone", EVERYONE_PERMISSIONS)
        self.roles[self.id] = self.everyone

    @property
    def owner(self) -> Member:
        return self.members[self.owner_id]

    def add_text_channel(self, name: str = "general") -> Channel:
        return self._add_channel(TEXT_CHANNEL, name)

    def add_forum(self, name: str = "questions") -> Channel:
        """A channel whose posts are threads; see `LoopbackDiscord.open_post`."""
        return self._add_channel(FORUM_CHANNEL, name)

    def _add_channel(self, kind: int, name: str) -> Channel:
        channel = Channel(self.new_id(), kind, name, self)
        self.channels[channel.id] = channel
        self.announce("CHANNEL_CREATE", channel.payload(), self)
        return channel

    def add_role(self, name: str, permissions: int = 0) -> Role:
        role = Role(self.new_id(), name, permissions)
        self.roles[role.id] = role
        event = {"guild_id": str(self.id), "role": role.payload()}
        self.announce("GUILD_ROLE_CREATE", event, self)
        return role

    def add_member(
        self,
        name: str | User = "ada",
        *,
        permissions: int = 0,
        roles: Iterable[Role] = (),
    ) -> Member:
        """A new person, or a known `User`, with the `permissions` given by a role of their own."""
        user = name if isinstance(name, User) else User(self.new_id(), name)
        held = list(roles)
        if permissions:
            held.append(self.add_role(f"{user.name}'s role", permissions))
        member = Member(user, self, held)
        self.members[user.id] = member
        event = member.payload() | {"guild_id": str(self.id)}
        self.announce("GUILD_MEMBER_ADD", event, self)
        return member

    def payload(self) -> Json:
        """The server as REST gives it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "preferred_locale": self.locale,
            "roles": [role.payload() for role in self.roles.values()],
            "emojis": [],
            "stickers": [],
            "features": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "afk_timeout": 300,
            "system_channel_flags": 0,
            "premium_tier": 0,
        }

    def event(self, bot_id: int) -> Json:
        """GUILD_CREATE: of the members, Discord sends the bot alone; others must be asked for."""
        channels = self.channels.values()
        return self.payload() | {
            "unavailable": False,
            "large": False,
            "joined_at": timestamp(),
            "member_count": len(self.members),
            "members": [self.members[bot_id].payload()],
            "channels": [c.payload() for c in channels if c.parent is None],
            "threads": [c.payload() for c in channels if c.parent is not None],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
