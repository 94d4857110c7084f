"""What the bot says, in the language of whoever it says it to.

The English sentence in the code is the key to its translations, which are in gettext's ``.po``
files, one a language; ``python -m bot.languages.extract`` brings them up to date. Which language is
spoken is a matter of the context: ``bot.speaking`` sets it once for each command, button and
message, and everything below says ``t("…")``.

``retrieval`` knows no languages. What it says is a ``Phrase``, which ``said`` translates.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Final

from retrieval.phrases import Phrase, filled

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


@dataclass(frozen=True, slots=True)
class _Speech:
    language: str
    catalog: gettext.NullTranslations


_ENGLISH: Final = _Speech("en", gettext.NullTranslations())
_SPOKEN: Final[ContextVar[_Speech]] = ContextVar("spoken", default=_ENGLISH)


def t(message: str, /, **values: object) -> str:
    """A sentence in the language that is spoken, with the values for its ``{names}`` filled in.

    Numbers are written as the language writes them; ids and codes are given as text. Nothing in a
    value is understood, whatever it looks like.

    Args:
        message: A literal, which is looked up.
    """
    translated = _SPOKEN.get().catalog.gettext(message) if message else ""
    return filled(translated, _shown(values)) if values else translated


def tn(one: str, many: str, count: int, /, **values: object) -> str:
    """A sentence that depends on a number, which it may show as ``{count}``.

    Args:
        one: A literal, for one of something; ``many`` is one for any other number.
    """
    translated = _SPOKEN.get().catalog.ngettext(one, many, count)
    return filled(translated, _shown({**values, "count": count}))


def said(text: str) -> str:
    """A text in the language that is spoken, if it is a ``Phrase``; any other as it is."""
    if not isinstance(text, Phrase):
        return text
    catalog = _SPOKEN.get().catalog
    if text.many:
        translated = catalog.ngettext(text.template, text.many, text.number)
    else:
        translated = catalog.gettext(text.template) if text.template else ""
    return filled(translated, _shown(text.values))


def number(value: float, *, places: int | None = None) -> str:
    """A number as the language that is spoken writes it.

    Args:
        places: How many decimal places to show; as many as it has where not given, at most three.
    """
    language = spoken()
    if language == "en" and isinstance(value, int):
        return f"{value:,}"
    from babel.numbers import format_decimal

    pattern = None if places is None else f"#,##0.{'0' * places}"
    return format_decimal(value, pattern, locale=language)


def spoken() -> str:
    """The language that is spoken, one of ``LANGUAGES``."""
    return _SPOKEN.get().language


def language_for(*locales: str | None) -> str:
    """The first of some locales, such as ``pt-BR``, that the bot speaks; else English."""
    for locale in locales:
        language = (locale or "").partition("-")[0].casefold()
        if language in LANGUAGES:
            return language
    return "en"


class Catalogs:
    """The translations, each read when it is spoken first."""

    def speak(self, language: str) -> None:
        """Have ``t``, ``tn`` and ``said`` speak a language of ``LANGUAGES`` from here on.

        It holds for the task that is running and for those it starts.
        """
        _SPOKEN.set(_speech(language))

    @contextmanager
    def speaking(self, language: str) -> Iterator[None]:
        """The same within the block only."""
        token = _SPOKEN.set(_speech(language))
        try:
            yield
        finally:
            _SPOKEN.reset(token)


@cache
def _speech(language: str) -> _Speech:
    return _Speech(language, read_catalog(language)) if language in LANGUAGES else _ENGLISH


def read_catalog(language: str) -> gettext.NullTranslations:
    """The translations into a language; English has none and needs none."""
    file = resources.files("bot.languages") / f"{language}.po"
    if language not in LANGUAGES or not file.is_file():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _shown(values: Mapping[str, object]) -> dict[str, str]:
    return {name: _in_words(value) for name, value in values.items()}


def _in_words(value: object) -> str:
    if isinstance(value, str):
        return said(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return str(value)
