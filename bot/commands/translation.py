"""Commands as Discord shows them to each person: names and descriptions in their language.

They are translated when the commands are registered, not when one is used. A name is told from a
word in the catalogues by its first character, which is no part of it: ``/list`` is a command, and
``:article`` an option. Whatever is shown to a person, Discord sends and finds a command by its
English name too, which is what all sentences name it by.
"""

from __future__ import annotations

import asyncio
from typing import Final

from discord import Locale
from discord.app_commands import TranslationContextTypes, Translator, locale_str

from bot.languages import LANGUAGES, Catalogs, language_for, t

_MESSAGE: Final = "message"


def command_name(message: str, /) -> locale_str:
    """A command's name, given with a slash before it: ``/ask``."""
    return locale_str(message.removeprefix("/"), **{_MESSAGE: message})


def option_name(message: str, /) -> locale_str:
    """An option's name, given with a colon before it: ``:article``."""
    return locale_str(message.removeprefix(":"), **{_MESSAGE: message})


def menu_name(message: str, /) -> locale_str:
    """The name of an entry in a message's menu, at most 32 characters in every language."""
    return locale_str(message, **{_MESSAGE: message})


def described(message: str, /) -> locale_str:
    """A description, or the name of a choice, at most 100 characters in every language."""
    return locale_str(message, **{_MESSAGE: message})


class CommandTranslator(Translator):
    """Looks names and descriptions up in the catalogues."""

    def __init__(self, catalogs: Catalogs) -> None:
        self._catalogs = catalogs

    async def load(self) -> None:
        """Read all catalogues, beside the event loop; nobody waits for one later."""
        await asyncio.to_thread(self._read)

    async def translate(
        self, string: locale_str, locale: Locale, context: TranslationContextTypes
    ) -> str | None:
        """A name or description in a language of Discord's; ``None`` where English is shown."""
        message = string.extras.get(_MESSAGE)
        language = language_for(locale.value)
        if message is None or language == "en":
            return None
        with self._catalogs.speaking(language):
            translated = t(message)
        mark = message.removesuffix(string.message)
        return translated.removeprefix(mark) if translated != message else None

    def _read(self) -> None:
        for language in LANGUAGES:
            with self._catalogs.speaking(language):
                pass
