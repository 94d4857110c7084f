"""What the bot says, in the language of whoever it says it to.

The English sentence in the code is the key to its translations, which are in gettext's ``.po``
files, one a language. Which language is spoken is a matter of the context: whoever answers a
command or a message sets it once (``Catalogs.speaking``), and everything below says ``t("…")``.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import Final

LANGUAGES: Final[Mapping[str, str]] = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "pt": "Português",
    "ar": "العربية",
    "ja": "日本語",
}
"""Those the bot speaks, each by its own name. English is the one in the code."""

_ENGLISH: Final = gettext.NullTranslations()
_SPOKEN: Final[ContextVar[gettext.NullTranslations]] = ContextVar("spoken", default=_ENGLISH)


def t(message: str, /, **values: object) -> str:
    """A sentence in the language that is spoken, with the values for its ``{names}`` filled in."""
    translated = _SPOKEN.get().gettext(message)
    return translated.format(**values) if values else translated


def tn(one: str, many: str, count: int, /, **values: object) -> str:
    """A sentence that depends on a number, which it may show as ``{count}``."""
    return _SPOKEN.get().ngettext(one, many, count).format(count=count, **values)


def language_for(locale: str | None) -> str:
    """The language to speak with somebody whose Discord is in ``locale``, such as ``pt-BR``."""
    language = (locale or "").partition("-")[0].casefold()
    return language if language in LANGUAGES else "en"


class Catalogs:
    """The translations, each read when it is spoken first."""

    def __init__(self) -> None:
        self._read = lru_cache(maxsize=None)(read_catalog)

    @contextmanager
    def speaking(self, language: str) -> Iterator[None]:
        """Have ``t`` and ``tn`` speak a language of ``LANGUAGES`` within the block."""
        token = _SPOKEN.set(self._read(language))
        try:
            yield
        finally:
            _SPOKEN.reset(token)


def read_catalog(language: str) -> gettext.NullTranslations:
    """The translations into a language; English has none and needs none."""
    file = resources.files("bot.languages") / f"{language}.po"
    if language not in LANGUAGES or not file.is_file():
        return _ENGLISH
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
