"""The catalogues say all that the code says, in the same shape, and nothing else."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.languages import LANGUAGES
from bot.languages.extract import FOLDERS, KINDS, ROOT, kept, template, update, written

TRANSLATED = [language for language in LANGUAGES if language != "en"]
PLURAL_FORMS = {"es": 2, "fr": 2, "de": 2, "pt": 2, "ar": 6, "ja": 1}
CALLS = {call: places for kind in KINDS for call, places in kind.calls.items()}
LABELS = {"label": 80, "placeholder": 100}
"""Characters that Discord takes in what is handed over under these names."""
LOOKS_UP = ROOT / "bot" / "commands" / "translation.py"
"""Translates what others have said before as literals."""
MARKS = re.compile(r"`|\*\*|__|~~|\|\||^-# |^> |^#+ |\]\(|\n", re.MULTILINE)
PLACEHOLDER = re.compile(r"\{\w+\}")
DIRECTION_THAT_REACHES_FURTHER = re.compile("[\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def messages() -> Catalog:
    return template()


@pytest.fixture(scope="module", params=TRANSLATED)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return kept(str(request.param))


def entries(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def originals(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    if isinstance(message.string, str):
        return (message.string,)
    return tuple(message.string or ())


def translated(catalog: Catalog) -> Iterator[tuple[Message, str]]:
    for message in entries(catalog):
        for form in forms(message):
            if form:
                yield message, form


def counted(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(pattern.findall(text))


def test_every_language_but_english_has_a_catalogue() -> None:
    found = {path.stem for path in (ROOT / "bot" / "languages").glob("*.po")}
    assert found == set(TRANSLATED)


def test_a_catalogue_has_what_the_code_says_and_nothing_else(
    catalog: Catalog, messages: Catalog
) -> None:
    known = {message.id: message.locations for message in entries(catalog)}
    wanted = {message.id: message.locations for message in entries(messages)}
    unsaid = [f"{id_} (in {wanted[id_]})" for id_ in wanted.keys() - known.keys()]
    assert not unsaid, "run python -m bot.languages.extract"
    assert not known.keys() - wanted.keys(), "run python -m bot.languages.extract"


def test_every_message_is_translated(catalog: Catalog) -> None:
    missing = [message.id for message in entries(catalog) if not all(forms(message) or ("",))]
    assert not missing


def test_no_translation_is_a_guess_or_left_over(catalog: Catalog) -> None:
    assert not [message.id for message in entries(catalog) if message.fuzzy]
    assert not catalog.obsolete


def test_plural_forms_are_those_of_the_language(catalog: Catalog) -> None:
    expected = PLURAL_FORMS[str(catalog.locale)]
    assert catalog.num_plurals == expected
    assert not [
        message.id
        for message in entries(catalog)
        if message.pluralizable and len(forms(message)) != expected
    ]


def test_a_translation_has_the_placeholders_of_the_sentence(catalog: Catalog) -> None:
    for message, form in translated(catalog):
        wanted, found = counted(PLACEHOLDER, originals(message)[-1]), counted(PLACEHOLDER, form)
        if message.pluralizable:
            # A form for exactly one or two of something may do without the number.
            wanted.pop("{count}", None)
            assert found.pop("{count}", 0) <= 1, form
        assert found == wanted, form
        assert not re.search(r"[{}]", PLACEHOLDER.sub("", form)), form


def test_a_translation_has_the_marks_of_the_sentence_and_mentions_nobody(
    catalog: Catalog,
) -> None:
    for message, form in translated(catalog):
        assert counted(MARKS, form) == counted(MARKS, originals(message)[-1]), form
        assert form.count("@") == originals(message)[-1].count("@"), form
        assert not re.search(r"@(everyone|here)|<[@#:/a]", form), form
        assert not DIRECTION_THAT_REACHES_FURTHER.search(form), form
        assert counted(re.compile(r"https?://\S+"), form) == counted(
            re.compile(r"https?://\S+"), originals(message)[-1]
        ), form


def test_a_translation_names_the_same_commands(catalog: Catalog) -> None:
    command = re.compile(r"(?<![\w/:.])/[a-z]+\b")
    for message, form in translated(catalog):
        if not is_name(message):
            assert set(command.findall(form)) == set(command.findall(originals(message)[-1])), form


def test_a_translation_is_not_framed_by_white_space(catalog: Catalog) -> None:
    for message, form in translated(catalog):
        assert (form == form.strip()) == (originals(message)[-1] == originals(message)[-1].strip())


def test_names_in_discord_are_such_as_it_takes(catalog: Catalog) -> None:
    for message, form in translated(catalog):
        if is_name(message):
            assert form[0] == originals(message)[0][0], form
            assert re.fullmatch(r"[-\w\u0900-\u097f\u0e00-\u0e7f]{1,32}", form[1:]), form
            assert form == form.lower(), form


def test_what_is_bounded_fits(catalog: Catalog, messages: Catalog) -> None:
    limits = dict(bounded())
    for message in entries(messages):
        for kind in KINDS:
            if kind.characters is not None and kind.note in message.auto_comments:
                limits[originals(message)[0]] = min(
                    kind.characters, limits.get(originals(message)[0], kind.characters)
                )
    assert len(limits) > 50
    for message, form in translated(catalog):
        limit = limits.get(originals(message)[0])
        # Discord counts in UTF-16.
        assert limit is None or len(form.encode("utf-16-le")) // 2 <= limit, form


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_said_is_a_literal_everywhere(folder: str) -> None:
    hidden = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        if path == LOOKS_UP:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        used = names_of_ours(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if not (isinstance(call.func, ast.Name) and call.func.id in used):
                continue
            for place in CALLS[call.func.id]:
                argument = call.args[place - 1] if len(call.args) >= place else None
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    hidden.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert not hidden


def test_everything_that_is_said_is_extracted(messages: Catalog) -> None:
    # Babel reads no calls in f-strings before Python 3.12, and tells nobody.
    known = {message.id for message in entries(messages)}
    silent = []
    for path in source_files():
        tree = ast.parse(path.read_text("utf-8"))
        used = names_of_ours(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            if name not in used or path == LOOKS_UP:
                continue
            said = tuple(ast.literal_eval(call.args[place - 1]) for place in CALLS[name])
            message = said[0] if len(said) == 1 else said
            if message and message not in known:
                silent.append(f"{path.relative_to(ROOT)}:{call.lineno} {message}")
    assert not silent


def test_every_placeholder_of_a_sentence_is_given_a_value() -> None:
    lacking = []
    for path in source_files():
        tree = ast.parse(path.read_text("utf-8"))
        used = names_of_ours(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            if name not in used or any(word.arg is None for word in call.keywords):
                continue
            given = {f"{{{word.arg}}}" for word in call.keywords}
            texts = [
                argument.value
                for argument in call.args[: len(CALLS[name])]
                if isinstance(argument, ast.Constant)
            ]
            wanted = {found for text in texts for found in PLACEHOLDER.findall(str(text))}
            if name in {"tn", "phrases"}:
                wanted -= {"{count}"}
            if wanted != given and name in {"t", "tn", "phrase", "phrases"}:
                lacking.append(f"{path.relative_to(ROOT)}:{call.lineno} {wanted ^ given}")
    assert not lacking


def test_an_update_changes_nothing_where_nothing_is_said_anew(messages: Catalog) -> None:
    for language in TRANSLATED:
        catalog = kept(language)
        update(catalog, messages)
        once = written(catalog)
        again = read_po(BytesIO(once), locale=language)
        update(again, messages)
        assert written(again) == once


def test_an_update_keeps_what_is_translated_and_drops_what_is_no_longer_said() -> None:
    said = Catalog(locale="de")
    said.add("The file is empty.", "Die Datei ist leer.")
    said.add("Gone.", "Weg.")
    now = Catalog()
    now.add("The file is empty.")
    now.add("The files are empty.")
    update(said, now)
    assert written(said).decode().count("msgid") == 3
    assert {message.id: message.string or "" for message in entries(said)} == {
        "The file is empty.": "Die Datei ist leer.",
        "The files are empty.": "",
    }


def is_name(message: Message) -> bool:
    return any(comment.startswith("A name in Discord") for comment in message.auto_comments)


def source_files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def names_of_ours(tree: ast.Module) -> set[str]:
    """Which of the calls are those that are extracted: another function may have such a name."""
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in {"bot.languages", "bot.commands.translation", "retrieval.phrases"}
        for alias in node.names
    }
    return imported & CALLS.keys()


def bounded() -> Iterator[tuple[str, int]]:
    """The sentences that are handed over under a name that has a limit, as far as can be seen."""
    for path in source_files():
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            handed = [
                (word.value, LABELS[word.arg]) for word in call.keywords if word.arg in LABELS
            ]
            is_button = len(call.args) > 1 and "footnote:" in ast.unparse(call.args[1])[:14]
            handed += [(call.args[0], LABELS["label"])] if is_button else []
            for value, limit in handed:
                for inner in ast.walk(value):
                    if (
                        isinstance(inner, ast.Call)
                        and isinstance(inner.func, ast.Name)
                        and inner.func.id in {"t", "tn"}
                        and isinstance(inner.args[0], ast.Constant)
                    ):
                        yield str(inner.args[0].value), limit
