"""Everything that exists on the loopback Discord, and the changes that can be made to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .bell import Bell
from .errors import unknown
from .model import (
    DM_CHANNEL,
    LOADING,
    TEXT_DISPLAY,
    Announce,
    Attachment,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Snowflakes,
    User,
    timestamp,
    walk,
)

USER_MENTION, ROLE_MENTION = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>")
Upload = tuple[str, bytes]


class World:
    """Servers, channels, people and messages. `announce` carries each change to the gateway."""

    def __init__(self, announce: Announce, bell: Bell, bot_name: str) -> None:
        self._snowflakes = Snowflakes()
        self._announce = announce
        self._bell = bell
        self.cdn_url = ""
        # As on Discord today, a bot's user and its application share one id.
        self.bot = User(self.new_id(), bot_name, bot=True)
        self.owner = User(self.new_id(), "owner")
        self.users = {self.bot.id: self.bot, self.owner.id: self.owner}
        self.guilds: dict[int, Guild] = {}
        self.direct_channels: dict[int, Channel] = {}
        self.attachments: dict[int, Attachment] = {}

    def new_id(self) -> int:
        return self._snowflakes.next()

    def announce(self, event: str, data: Json, guild: Guild | None) -> None:
        self._announce(event, data, guild)
        self._bell.ring()

    # Making

    def add_user(self, name: str) -> User:
        user = User(self.new_id(), name)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, locale: str, shard: tuple[int, int]) -> Guild:
        new_id = self._snowflakes.next_of(*shard)
        guild = Guild(new_id, name, self.owner.id, self.new_id, lambda *_: None, locale)
        guild.add_member(self.owner)
        guild.add_member(self.bot)
        guild.announce = self.announce
        self.guilds[guild.id] = guild
        self.announce("GUILD_CREATE", guild.event(self.bot.id), guild)
        return guild

    def open_dm(self, user: User) -> Channel:
        for channel in self.direct_channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(self.new_id(), DM_CHANNEL, "", recipient=user)
        self.direct_channels[channel.id] = channel
        return channel

    def attach(self, filename: str, content: bytes, description: str | None = None) -> Attachment:
        new_id = self.new_id()
        url = f"{self.cdn_url}/attachments/{new_id}/{filename}"
        attachment = Attachment(new_id, filename, content, url, description)
        self.attachments[new_id] = attachment
        return attachment

    # Finding, as REST does: with Discord's 404

    def guild(self, guild_id: int) -> Guild:
        if guild_id not in self.guilds:
            raise unknown("Guild", 10004)
        return self.guilds[guild_id]

    def channel(self, channel_id: int) -> Channel:
        places = [self.direct_channels, *(guild.channels for guild in self.guilds.values())]
        for channels in places:
            if channel_id in channels:
                return channels[channel_id]
        raise unknown("Channel", 10003)

    def message(self, channel_id: int, message_id: int) -> Message:
        messages = self.channel(channel_id).messages
        if message_id not in messages:
            raise unknown("Message", 10008)
        return messages[message_id]

    def member(self, guild_id: int, user_id: int) -> Member:
        members = self.guild(guild_id).members
        if user_id not in members:
            raise unknown("Member", 10007)
        return members[user_id]

    def user(self, user_id: int) -> User:
        for guild in self.guilds.values():
            if user_id in guild.members:
                return guild.members[user_id].user
        if user_id not in self.users:
            raise unknown("User", 10013)
        return self.users[user_id]

    # Messages

    def publish(self, message: Message) -> Message:
        """Shows a message to the channel (an ephemeral one goes to its reader alone)."""
        if not message.ephemeral:
            message.channel.messages[message.id] = message
            self.announce("MESSAGE_CREATE", message.event(), message.channel.guild)
        return message

    def republish(self, message: Message) -> None:
        """Shows an edit."""
        message.edited_at = timestamp()
        if not message.ephemeral:
            self.announce("MESSAGE_UPDATE", message.event(), message.channel.guild)
        self._bell.ring()

    def delete(self, message: Message) -> None:
        message.deleted = True
        if message.channel.messages.pop(message.id, None):
            event = {"id": str(message.id), "channel_id": str(message.channel.id)}
            event |= message.channel.guild_id_payload()
            self.announce("MESSAGE_DELETE", event, message.channel.guild)
        self._bell.ring()

    def write(self, message: Message, body: Json, files: Sequence[Upload] = ()) -> None:
        """Puts what the bot sent into a message, new or old: fields not named stay."""
        if "content" in body:
            message.content = (body["content"] or "").strip()
        if "embeds" in body:
            message.embeds = [{"type": "rich", **embed} for embed in body["embeds"] or []]
        if body.get("flags") is not None:
            # Ephemerality is settled when a message is made; LOADING is Discord's own.
            kept = message.flags & (1 << 6)
            message.flags = body["flags"] & ~((1 << 6) | LOADING) | kept
        message.flags &= ~LOADING
        if files or "attachments" in body:
            self._keep_attachments(message, body.get("attachments"), files)
        if "components" in body:
            message.components = body["components"] or []
            self._complete_components(message)
        self._resolve_mentions(message, body.get("allowed_mentions"))

    def _keep_attachments(
        self, message: Message, listed: list[Json] | None, files: Sequence[Upload]
    ) -> None:
        described = {str(item["id"]): item for item in listed or []}
        kept = message.attachments if listed is None else []
        kept = [*kept, *(a for a in message.attachments if str(a.id) in described)]
        for index, (filename, content) in enumerate(files):
            details = described.get(str(index), {})
            name = details.get("filename") or filename
            kept.append(self.attach(name, content, details.get("description")))
        message.attachments = kept

    def _complete_components(self, message: Message) -> None:
        """Numbers the components and resolves `attachment://`, as Discord does on arrival."""
        urls = {f"attachment://{a.filename}": a.url for a in message.attachments}
        for number, component in enumerate(walk(message.components), start=1):
            component.setdefault("id", number)
            media = [component.get("file"), component.get("media")]
            media += [item.get("media") for item in component.get("items") or []]
            for item in filter(None, media):
                item["url"] = item["proxy_url"] = urls.get(item["url"], item["url"])

    def _resolve_mentions(self, message: Message, allowed: Json | None) -> None:
        """Whom the bot's message pings, its allowed mentions considered."""
        shown = [c["content"] for c in walk(message.components) if c["type"] == TEXT_DISPLAY]
        text = "\n".join([message.content, *shown])
        parse = ["users", "roles", "everyone"] if allowed is None else allowed.get("parse") or []
        listed = {int(i) for k in ("users", "roles") for i in (allowed or {}).get(k) or []}

        def may_ping(found: Iterable[str], kind: str) -> list[int]:
            ids = dict.fromkeys(map(int, found))
            return [i for i in ids if kind in parse or i in listed]

        message.mentions = self.known_users(may_ping(USER_MENTION.findall(text), "users"))
        message.mentioned_roles = may_ping(ROLE_MENTION.findall(text), "roles")
        message.mentions_everyone = "everyone" in parse and bool(
            re.search("@(everyone|here)", text)
        )
        pings_author = allowed is None or allowed.get("replied_user", False)
        reference = message.reference
        if reference and pings_author and reference.author not in message.mentions:
            message.mentions.append(reference.author)

    def known_users(self, ids: Iterable[int]) -> list[User]:
        known = {m.id: m.user for guild in self.guilds.values() for m in guild.members.values()}
        known |= self.users
        return [known[i] for i in ids if i in known]

    def react(self, message: Message, emoji: str, user: User, *, added: bool) -> None:
        users = message.reactions.setdefault(emoji, [])
        if added == (user.id in users):
            return
        if added:
            users.append(user.id)
        else:
            users.remove(user.id)
            if not users:
                del message.reactions[emoji]
        event: dict[str, Any] = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
            **message.channel.guild_id_payload(),
        }
        name = "MESSAGE_REACTION_ADD" if added else "MESSAGE_REACTION_REMOVE"
        self.announce(name, event, message.channel.guild)
