"""Brings the catalogues up to date with what the code says: ``python -m bot.languages.extract``.

What is new is added without a translation, what is no longer said is dropped, and nothing is
guessed. A catalogue names the file of each message but no line, so that it changes only where
something that is said does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from bot.languages import LANGUAGES
from retrieval.durable import write_durably

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("bot", "retrieval")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is extracted alike.

    Attributes:
        calls: The functions whose literal arguments are translated, and which arguments those are.
        characters: How long a translation may be; ``None`` for any length.
        note: What translators should know.
    """

    calls: Mapping[str, tuple[int, ...]]
    characters: int | None = None
    note: str = ""


_NAME_NOTE: Final = "A name in Discord: lower case, no spaces, at most 32 characters"
KINDS: Final = (
    Kind({"t": (1,), "tn": (1, 2), "phrase": (1,), "phrases": (1, 2)}),
    Kind({"command_name": (1,)}, 33, f"{_NAME_NOTE} after the slash, which stays."),
    Kind({"option_name": (1,)}, 33, f"{_NAME_NOTE} after the colon, which stays."),
    Kind({"menu_name": (1,)}, 32, "In a menu of Discord: at most 32 characters."),
    Kind({"described": (1,)}, 100, "Shown by Discord: at most 100 characters."),
)


def template() -> Catalog:
    """Every message of the code, by file and in the order of each."""
    made = Catalog(project="Footnote", charset="utf-8", fuzzy=False)
    for file, message, note in _messages():
        made.add(message, locations=[(file, 0)], auto_comments=[note] if note else [])
    return made


def kept(language: str) -> Catalog:
    """A language's catalogue as it is; an empty one where there is none yet."""
    file = catalog_file(language)
    if file.is_file():
        return read_po(BytesIO(file.read_bytes()), locale=language)
    return Catalog(locale=language, project="Footnote", charset="utf-8", fuzzy=False)


def update(catalog: Catalog, messages: Catalog) -> None:
    """Have a catalogue hold exactly these messages, with the translations that it has of them."""
    catalog.update(messages, no_fuzzy_matching=True)
    catalog.obsolete.clear()


def catalog_file(language: str) -> Path:
    """Where a language's catalogue is kept."""
    return ROOT / "bot" / "languages" / f"{language}.po"


def written(catalog: Catalog) -> bytes:
    """A catalogue in the form in which it is kept."""
    name = LANGUAGES[str(catalog.locale)] if catalog.locale else "any language"
    catalog.header_comment = f"# What Footnote says, in {name}."
    catalog.version = ""
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
    # The dates say nothing that the history of the file does not, and would change it each time.
    catalog.creation_date = catalog.revision_date = _NEVER
    file = BytesIO()
    write_po(file, catalog, width=100, include_lineno=False)
    return file.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Update all catalogues."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", type=Path, help="also write all messages there, as a .pot")
    options = parser.parse_args(arguments)
    messages = template()
    if options.template is not None:
        options.template.write_bytes(written(messages))
    for language in LANGUAGES:
        if language == "en":
            continue
        catalog = kept(language)
        update(catalog, messages)
        write_durably(catalog_file(language), written(catalog))
        missing = sum(not _is_translated(message) for message in catalog if message.id)
        print(f"{language}: {len(catalog)} messages, {missing} without a translation")


def _is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms)


_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _messages() -> Iterator[tuple[str, str | tuple[str, ...], str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found = [
                (line, message, kind.note)
                for kind in KINDS
                for line, message, _, _ in extract_from_file("python", path, kind.calls)
            ]
            for _, message, note in sorted(found, key=lambda found: found[0]):
                if message:
                    yield path.relative_to(ROOT).as_posix(), message, note


if __name__ == "__main__":
    main()
