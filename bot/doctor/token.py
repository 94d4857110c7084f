"""The bot's token, as far as it can be judged without Discord. It is shown to nobody."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation

_SHAPE: Final = re.compile(r"([\w-]{10,})\.[\w-]{4,}\.[\w-]{20,}", re.ASCII)
"""The id of the bot, a time and a signature, each in base 64."""
_COPY: Final = (
    "Copy the token from https://discord.com/developers/applications > your application > Bot > "
    "Reset Token into DISCORD_TOKEN."
)
_MISTAKEN: Final = (
    (re.compile(r"\d+"), "It looks like the application's id."),
    (re.compile(r"[0-9a-f]{64}"), "It looks like the application's public key."),
    (re.compile(r"[\w-]{32}", re.ASCII), "It looks like the application's client secret."),
    (re.compile(r"(?i:bot) .*"), "It must stand there without the word Bot."),
    (re.compile(r"[\"'].*|.*[\"']"), "It must stand there without quotation marks."),
)


def check_token(installation: Installation) -> Iterator[Finding]:
    """Whether there is a token, and whether it looks like one."""
    token = installation.settings.discord_token
    if token is None:
        yield Finding(
            "token",
            "note",
            "There is no DISCORD_TOKEN, so footnote run opens the terminal chat.",
            f"To connect to Discord: {_COPY}",
        )
    elif has_shape(token.reveal()):
        yield Finding("token", "ok", "DISCORD_TOKEN looks like a token.")
    else:
        hints = [hint for form, hint in _MISTAKEN if form.fullmatch(token.reveal())]
        yield Finding(
            "token",
            "error",
            " ".join(["DISCORD_TOKEN is no bot's token.", *hints[:1]]),
            _COPY,
        )


def has_shape(token: str) -> bool:
    """Whether a text has the form of a bot's token."""
    match = _SHAPE.fullmatch(token)
    if match is None:
        return False
    try:
        first = base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4))
    except (binascii.Error, ValueError):
        return False
    return first.isdigit()
