"""Sentences for people, which whoever shows them may say in another language.

A phrase is its English text, and remembers the sentence that it was made of and the values that
were filled in. Nothing here knows any other language: ``bot.languages`` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self

Value = str | int | float
"""What may stand in a sentence. A phrase in another phrase is translated too."""

_NAME: Final = re.compile(r"\{(\w+)\}")
_DEPTH: Final = 8
"""Phrases within phrases that are read back; more are not ours."""
_STORED: Final = '{"phrase": '
"""How a stored phrase begins. No sentence does."""


class Phrase(str):
    """A sentence in English, with all that is needed to say it in another language.

    Attributes:
        template: The sentence with ``{names}`` in it; for one of something where there is a count.
        values: By name.
        many: The sentence for any other count; empty where there is no count.
        number: How many there are, if that matters; it is ``{count}`` among the values.
    """

    __slots__ = ("many", "number", "template", "values")

    template: str
    values: Mapping[str, Value]
    many: str
    number: int

    def __new__(
        cls, template: str, values: Mapping[str, Value], many: str = "", number: int = 1
    ) -> Self:
        if many:
            values = {**values, "count": number}
        said = template if number == 1 or not many else many
        self = super().__new__(cls, filled(said, values))
        self.template = template
        self.values = values
        self.many = many
        self.number = number
        return self

    def __str__(self) -> Self:
        # Python would make a plain string of it, which nobody can translate.
        return self


def phrase(template: str, /, **values: object) -> Phrase:
    """A sentence with the values for its ``{names}`` filled in.

    Args:
        template: A literal, by which the translations are found.
        values: What is neither text nor a number is shown as ``str`` makes it.
    """
    return Phrase(template, _plain(values))


def phrases(one: str, many: str, count: int, /, **values: object) -> Phrase:
    """A sentence that depends on a number, which it may show as ``{count}``."""
    return Phrase(one, _plain(values), many, count)


def joined(parts: Iterable[str]) -> str:
    """Sentences one after another as one text; empty ones are left out."""
    return _beside([part for part in parts if part], " ")


def listed(parts: Sequence[str]) -> str:
    """A list of things: ``a, b, c``."""
    # The comma of the language: what stands around it is filled in as nothing.
    return _beside(parts, phrase("{one}, {next}", one="", next=""))


def listed_apart(parts: Sequence[str]) -> str:
    """A list of things in which there may be commas: ``a; b; c``."""
    return _beside(parts, phrase("{one}; {next}", one="", next=""))


def all_of(parts: Sequence[str]) -> str:
    """A list of things that all are meant: ``a, b and c``."""
    if len(parts) < 2:
        return listed(parts)
    return phrase("{others} and {last}", others=listed(parts[:-1]), last=parts[-1])


def any_of(parts: Sequence[str]) -> str:
    """A list of things of which one is meant: ``a, b or c``."""
    if len(parts) < 2:
        return listed(parts)
    return phrase("{others} or {last}", others=listed(parts[:-1]), last=parts[-1])


def filled(template: str, values: Mapping[str, Value]) -> str:
    """A sentence with its names replaced, once: braces in a value are text like any other.

    A name without a value stays as it is, and nothing but names is understood, so that no value
    and no translation can make it fail.
    """

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            return match[0]
        return f"{found:,}" if isinstance(found, int) else str(found)

    return _NAME.sub(value, template)


def to_message(text: str) -> Any:
    """A text, which may be a phrase, as JSON can hold it."""
    if not isinstance(text, Phrase):
        return text
    values = {
        name: to_message(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return {"phrase": text.template, "many": text.many, "count": text.number, "values": values}


def from_message(message: object) -> str:
    """The text that ``to_message`` made the message of.

    Raises:
        ValueError: It is no such message.
    """
    return _from_message(message, _DEPTH)


def to_text(text: str) -> str:
    """A text, which may be a phrase, as a plain string from which ``from_text`` makes it again."""
    return json.dumps(to_message(text)) if isinstance(text, Phrase) else text


def from_text(stored: str) -> str:
    """The text that was stored; anything else than what ``to_text`` writes stays as it is."""
    if not stored.startswith(_STORED):
        return stored
    try:
        return from_message(json.loads(stored))
    except (ValueError, RecursionError):
        return stored


def _plain(values: Mapping[str, object]) -> dict[str, Value]:
    return {
        name: value if isinstance(value, str | int | float) else str(value)
        for name, value in values.items()
    }


def _beside(parts: Sequence[str], between: str) -> str:
    if len(parts) == 1:
        return parts[0]
    names = [f"part{number}" for number in range(len(parts))]
    values: dict[str, Value] = dict(zip(names, parts, strict=True))
    if isinstance(between, Phrase):
        values["between"] = between
        between = "{between}"
    return Phrase(between.join(f"{{{name}}}" for name in names), values)


def _from_message(message: object, depth: int) -> str:
    if isinstance(message, str):
        return message
    if not isinstance(message, dict) or not depth:
        raise ValueError("no phrase")
    template, many, count = message.get("phrase"), message.get("many"), message.get("count")
    values = message.get("values")
    if not (isinstance(template, str) and isinstance(many, str) and type(count) is int):
        raise ValueError("no phrase")
    if not isinstance(values, dict):
        raise ValueError("no values of a phrase")
    return Phrase(
        template,
        {
            str(name): value if type(value) in (int, float) else _from_message(value, depth - 1)
            for name, value in values.items()
        },
        many,
        count,
    )
