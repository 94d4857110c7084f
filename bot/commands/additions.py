"""What somebody adds in Discord: an attachment, or a message with all that is attached to it."""

from __future__ import annotations

import re
from typing import Any, Final

import discord
import yaml

from bot.failures import UNDELIVERABLE
from bot.languages import t
from bot.rendering.sanitize import one_line
from retrieval import readers
from retrieval.corpus import Upload
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers.fields import shortened

_TITLE_CHARACTERS: Final = 100
_MARKS: Final = re.compile(r"^(?:\s|[#>*_~`|-])+|[\s*_~`|]+$")


async def upload_of(attachment: discord.Attachment, limits: Limits) -> Upload:
    """An attachment with its content, downloaded only where it can be an article.

    Raises:
        ArticleError: It is too large, of no known format, or cannot be downloaded.
    """
    name = attachment.filename
    if readers.format_of_name(name) is None:
        raise ArticleError(
            name,
            t("{name} is not in a format that can be read.", name=name),
            remedy=t("Convert it to one of these: {formats}.", formats=readers.known_formats()),
        )
    if attachment.size > limits.file_bytes:
        raise ArticleError(
            name,
            t("{name} is too large.", name=name),
            why=t(
                "It has {size} MB, and at most {most} MB are read.",
                size=round(attachment.size / 1e6, 1),
                most=round(limits.file_bytes / 1e6, 1),
            ),
            remedy=t("Divide it, or ask whoever runs me to raise FOOTNOTE_MAX_FILE_MB."),
        )
    try:
        return Upload(name, await attachment.read())
    except UNDELIVERABLE as error:
        raise ArticleError(
            name,
            t("{name} could not be downloaded from Discord.", name=name),
            remedy=t("Try again in a moment."),
        ) from error


def readable_attachments(message: discord.Message) -> list[discord.Attachment]:
    """The attachments of a message that can be articles, as far as their names tell."""
    return [
        attachment
        for attachment in message.attachments
        if readers.format_of_name(attachment.filename) is not None
    ]


def article_of(message: discord.Message, channel: str | None) -> Upload | None:
    """A message's words as an article; ``None`` where it has none.

    The text is the message's content as it is. The name tells it from every other message, so that
    adding it again replaces it.

    Args:
        channel: The name of the channel that it stands in.
    """
    if not message.content.strip():
        return None
    author = message.author.display_name
    fields = {
        "title": title_of(message.content) or t("Message by {author}", author=author),
        "source": f"#{channel}" if channel else None,
        "author": author,
        "published": message.created_at.date().isoformat(),
        "url": message.jump_url,
    }
    return Upload(f"message-{message.id}.md", markdown(fields, message.content))


def title_of(content: str) -> str:
    """The first line that says something, without Discord's marks; empty where none does."""
    for line in content.splitlines():
        title = _MARKS.sub("", one_line(line))
        if any(character.isalnum() for character in title):
            return shortened(title, _TITLE_CHARACTERS)
    return ""


def markdown(fields: dict[str, str | None], text: str) -> bytes:
    """A Markdown file with front matter. Whatever the fields hold, they end where they should."""
    known: dict[str, Any] = {name: one_line(value) for name, value in fields.items() if value}
    # Of one line each, as a line that was folded could look like the end.
    matter = yaml.safe_dump(known, allow_unicode=True, sort_keys=False, width=float("inf"))
    # No text file holds zero bytes, so a reader would take it for another.
    text = text.replace("\x00", "")
    return f"---\n{matter}---\n\n{text}\n".encode("utf-8", "replace")
