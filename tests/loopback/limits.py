"""Discord's limits: what it refuses with 400 and `50035 Invalid Form Body`.

discord.py lets nearly all of it pass, so only a real request shows whether an answer fits.
Numbers are from Discord's documentation; lengths are in code points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

from .errors import ApiError
from .model import ACTION_ROW, BUTTON, COMPONENTS_V2, LABEL, SECTION, TEXT_DISPLAY, Message, walk

FILE_SIZE = 10 * 1024 * 1024
FILES_PER_MESSAGE = 10

Path = tuple[str | int, ...]
Json = dict[str, Any]

STRING_SELECT, TEXT_INPUT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 3, 4, 11, 12, 13, 14, 17
SELECTS = {3, 5, 6, 7, 8}
# In a label of a modal: also file upload, radio group, checkbox group, checkbox.
LABELLED = SELECTS | {TEXT_INPUT, 19, 21, 22, 23}
IN_CONTAINER = {ACTION_ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR}
TOP_LEVEL_V2 = IN_CONTAINER | {CONTAINER}

CHAT_INPUT = 1
SUBCOMMAND, GROUP, STRING = 1, 2, 3
# fmt: off
LOCALES = frozenset((
    "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th",
    "tr", "uk", "vi", "zh-CN", "zh-TW",
))
# fmt: on


class Problems:
    """What is wrong with a body, field by field, in the nested shape of Discord's `errors`."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def add(self, path: Path, code: str, message: str) -> None:
        node = self.errors
        for key in path:
            node = node.setdefault(str(key), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def text(
        self, path: Path, value: object, high: int, *, low: int = 0, required: bool = False
    ) -> str:
        """Checks a string of `low` to `high` characters and returns it, or "" if it is none."""
        if value is None or (value == "" and low):
            if required:
                self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
            return ""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
            return ""
        if len(value) > high:
            if low:
                message = f"Must be between {low} and {high} in length."
                self.add(path, "BASE_TYPE_BAD_LENGTH", message)
            else:
                message = f"Must be {high} or fewer in length."
                self.add(path, "BASE_TYPE_MAX_LENGTH", message)
        return value

    def count(self, path: Path, items: object, high: int, *, low: int = 0) -> list[Any]:
        """Checks a list of `low` to `high` items and returns it, or [] if it is none."""
        found = items if isinstance(items, list) else []
        if not low <= len(found) <= high:
            message = f"Must be between {low} and {high} in length."
            self.add(path, "BASE_TYPE_BAD_LENGTH", message)
        return found

    def choice(self, path: Path, value: object, allowed: Iterable[object]) -> bool:
        options = tuple(allowed)
        if value in options:
            return True
        self.add(path, "BASE_TYPE_CHOICES", f"Value {value!r} must be one of {options}.")
        return False

    def url(self, path: Path, value: object, schemes: tuple[str, ...], high: int = 2048) -> None:
        url = self.text(path, value, high, low=1, required=True)
        if not url:
            return
        if (scheme := urlsplit(url).scheme) not in schemes:
            message = f'Scheme "{scheme}" must be one of {schemes}.'
            self.add(path, "URL_TYPE_INVALID_SCHEME", message)
        elif scheme in ("http", "https") and not urlsplit(url).netloc:
            self.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")

    def raise_if_any(self) -> None:
        if self.errors:
            raise ApiError(400, 50035, "Invalid Form Body", self.errors)


def check_files(files: Iterable[tuple[str, bytes]]) -> None:
    """Files of one message: at most ten, 10 MiB each (413, not a form error)."""
    contents = [content for _, content in files]
    if len(contents) > FILES_PER_MESSAGE or any(len(c) > FILE_SIZE for c in contents):
        raise ApiError(413, 40005, "Request entity too large")


def check_message(
    body: Json, *, filenames: Collection[str] = (), before: Message | None = None
) -> None:
    """A message that is sent, or (with `before`) edited.

    Raises `ApiError` 50035 for a field over its limit, 50006 for a message without anything.
    """
    problems = Problems()
    flags = body.get("flags")
    was_v2 = before is not None and before.is_v2
    if was_v2 and flags is not None and not flags & COMPONENTS_V2:
        message = "The IS_COMPONENTS_V2 flag cannot be removed."
        problems.add(("flags",), "MESSAGE_FLAGS_COMPONENTS_V2_IRREVERSIBLE", message)
    is_v2 = was_v2 or bool((flags or 0) & COMPONENTS_V2)
    known_files = set(filenames)
    if before is not None:
        known_files |= {attachment.filename for attachment in before.attachments}

    content = problems.text(("content",), body.get("content"), 2000)
    embeds = problems.count(("embeds",), body.get("embeds"), 10)
    _check_embeds(problems, embeds, known_files)
    _check_allowed_mentions(problems, body.get("allowed_mentions"))
    problems.text(("nonce",), str(body.get("nonce") or ""), 25)
    components = body.get("components") or []
    if is_v2:
        for key in ("content", "embeds", "sticker_ids", "poll"):
            left_over = before is not None and key not in body and getattr(before, key, None)
            if body.get(key) or left_over:
                problems.add(
                    (key,),
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
        _check_components_v2(problems, components)
    else:
        for row, component in enumerate(problems.count(("components",), components, 5)):
            if problems.choice(("components", row, "type"), component.get("type"), [ACTION_ROW]):
                _check_action_row(problems, ("components", row), component)
    _check_custom_ids(problems, components)
    _check_attached(problems, components, known_files)
    problems.raise_if_any()

    if before is not None:
        content = body["content"] or "" if "content" in body else before.content
        embeds = embeds if "embeds" in body else before.embeds
        components = components if "components" in body else before.components
        # An edit that names no attachments keeps those that are there.
        if before.attachments and "attachments" not in body:
            return
    shown = content.strip() or any(_is_visible(e) for e in embeds) or components or filenames
    if not (shown or body.get("sticker_ids") or body.get("poll") or body.get("attachments")):
        raise ApiError(400, 50006, "Cannot send an empty message")


def _is_visible(embed: Json) -> bool:
    return any(value for key, value in embed.items() if key not in ("type", "color", "timestamp"))


def _check_embeds(problems: Problems, embeds: list[Json], files: Collection[str]) -> None:
    total = 0
    for index, embed in enumerate(embeds):
        at: Path = ("embeds", index)
        footer, author = embed.get("footer") or {}, embed.get("author") or {}
        counted = [
            problems.text((*at, "title"), embed.get("title"), 256),
            problems.text((*at, "description"), embed.get("description"), 4096),
            problems.text((*at, "footer", "text"), footer.get("text"), 2048),
            problems.text((*at, "author", "name"), author.get("name"), 256),
        ]
        for number, item in enumerate(problems.count((*at, "fields"), embed.get("fields"), 25)):
            here: Path = (*at, "fields", number)
            counted += [
                problems.text((*here, "name"), item.get("name"), 256, low=1, required=True),
                problems.text((*here, "value"), item.get("value"), 1024, low=1, required=True),
            ]
        total += sum(map(len, counted))
        if embed.get("url"):
            problems.url((*at, "url"), embed["url"], ("http", "https"))
        for key in ("image", "thumbnail"):
            if url := (embed.get(key) or {}).get("url"):
                problems.url((*at, key, "url"), url, ("http", "https", "attachment"))
                _check_attachment_url(problems, (*at, key, "url"), url, files)
    if total > 6000:
        message = "Embed size exceeds maximum size of 6000"
        problems.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", message)


def _check_allowed_mentions(problems: Problems, mentions: object) -> None:
    if mentions is None:
        return
    at = ("allowed_mentions",)
    if not isinstance(mentions, dict):
        problems.add(at, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    parse = mentions.get("parse") or []
    for index, kind in enumerate(parse):
        problems.choice((*at, "parse", index), kind, ("roles", "users", "everyone"))
    for kind in ("users", "roles"):
        ids = problems.count((*at, kind), mentions.get(kind), 100)
        if ids and kind in parse:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems.add(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


def _check_custom_ids(problems: Problems, components: list[Json]) -> None:
    seen: set[str] = set()
    for component in walk(components):
        custom_id = component.get("custom_id")
        if custom_id and custom_id in seen:
            message = f"Component custom id cannot be duplicated: {custom_id}"
            problems.add(("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        seen.add(custom_id or "")


def _check_attached(problems: Problems, components: list[Json], files: Collection[str]) -> None:
    for component in walk(components):
        media = [component.get("file"), component.get("media")]
        media += [item.get("media") for item in component.get("items") or []]
        for item in media:
            url = (item or {}).get("url")
            if url:
                _check_attachment_url(problems, ("components",), url, files)


def _check_attachment_url(problems: Problems, path: Path, url: str, files: Collection[str]) -> None:
    scheme, _, name = url.partition("://")
    if scheme == "attachment" and name not in files:
        message = "The referenced attachment was not found"
        problems.add(path, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)


def _check_action_row(problems: Problems, at: Path, row: Json) -> None:
    children = problems.count((*at, "components"), row.get("components"), 5, low=1)
    for index, child in enumerate(children):
        here: Path = (*at, "components", index)
        if child.get("type") == BUTTON:
            _check_button(problems, here, child)
        elif problems.choice((*here, "type"), child.get("type"), (BUTTON, *SELECTS)):
            _check_select(problems, here, child)
            if len(children) > 1:
                message = "A select menu fills its action row."
                problems.add((*at, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


def _check_button(problems: Problems, at: Path, button: Json) -> None:
    label = problems.text((*at, "label"), button.get("label"), 80)
    if not problems.choice((*at, "style"), button.get("style"), range(1, 7)):
        return
    if button["style"] == 5:
        problems.url((*at, "url"), button.get("url"), ("http", "https", "discord"), 512)
        if button.get("custom_id"):
            message = "A custom id and url cannot both be specified"
            problems.add((*at, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL", message)
    elif button["style"] != 6:
        problems.text((*at, "custom_id"), button.get("custom_id"), 100, low=1, required=True)
        if button.get("url"):
            message = "Only link buttons have a url"
            problems.add((*at, "url"), "BUTTON_COMPONENT_CUSTOM_ID_URL", message)
    if not label and not button.get("emoji") and button["style"] != 6:
        problems.add(at, "BUTTON_COMPONENT_LABEL_OR_EMOJI", "A button needs a label or an emoji")


def _check_select(problems: Problems, at: Path, select: Json) -> None:
    problems.text((*at, "custom_id"), select.get("custom_id"), 100, low=1, required=True)
    problems.text((*at, "placeholder"), select.get("placeholder"), 150)
    if select["type"] != STRING_SELECT:
        return
    options = problems.count((*at, "options"), select.get("options"), 25, low=1)
    values: set[str] = set()
    for index, option in enumerate(options):
        here: Path = (*at, "options", index)
        problems.text((*here, "label"), option.get("label"), 100, low=1, required=True)
        problems.text((*here, "description"), option.get("description"), 100)
        value = problems.text((*here, "value"), option.get("value"), 100, low=1, required=True)
        if value in values:
            message = "The specified option value is already used"
            problems.add((*here, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        values.add(value)
    if not (select.get("min_values") or 0) <= (select.get("max_values") or 1) <= len(options):
        message = f"max_values must lie between min_values and {len(options)} options."
        problems.add((*at, "max_values"), "SELECT_COMPONENT_MAX_VALUES", message)


def _check_components_v2(problems: Problems, components: list[Json]) -> None:
    nested = list(walk(components))
    if len(nested) > 40:
        message = "The total number of components exceeds the maximum of 40"
        problems.add(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", message)
    numbers = [c["id"] for c in nested if c.get("id")]
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        message = f"Component id cannot be duplicated: {number}"
        problems.add(("components",), "COMPONENT_ID_DUPLICATED", message)
    displayed = [c.get("content") or "" for c in nested if c.get("type") == TEXT_DISPLAY]
    if sum(map(len, displayed)) > 4000:
        message = "The displayable text of all components exceeds 4000 characters"
        problems.add(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)
    for index, component in enumerate(components):
        _check_v2(problems, ("components", index), component, TOP_LEVEL_V2)


def _check_v2(problems: Problems, at: Path, component: Json, allowed: set[int]) -> None:
    kind = component.get("type")
    if not problems.choice((*at, "type"), kind, sorted(allowed)):
        return
    if kind == TEXT_DISPLAY:
        problems.text((*at, "content"), component.get("content"), 4000, low=1, required=True)
    elif kind == ACTION_ROW:
        _check_action_row(problems, at, component)
    elif kind == CONTAINER:
        children = problems.count((*at, "components"), component.get("components"), 40, low=1)
        for index, child in enumerate(children):
            _check_v2(problems, (*at, "components", index), child, IN_CONTAINER)
    elif kind == SECTION:
        texts = problems.count((*at, "components"), component.get("components"), 3, low=1)
        for index, text in enumerate(texts):
            _check_v2(problems, (*at, "components", index), text, {TEXT_DISPLAY})
        accessory = component.get("accessory")
        if not accessory:
            problems.add((*at, "accessory"), "BASE_TYPE_REQUIRED", "This field is required")
        elif accessory.get("type") == BUTTON:
            _check_button(problems, (*at, "accessory"), accessory)
        else:
            problems.choice((*at, "accessory", "type"), accessory.get("type"), (BUTTON, THUMBNAIL))
    elif kind == GALLERY:
        problems.count((*at, "items"), component.get("items"), 10, low=1)
    elif kind == FILE:
        url = (component.get("file") or {}).get("url")
        problems.url((*at, "file", "url"), url, ("attachment", "http", "https"))


def check_modal(modal: Json) -> None:
    """The form of a `send_modal`: a title of 45 characters and up to five things in it."""
    problems = Problems()
    problems.text(("data", "title"), modal.get("title"), 45, low=1, required=True)
    problems.text(("data", "custom_id"), modal.get("custom_id"), 100, low=1, required=True)
    parts = problems.count(("data", "components"), modal.get("components"), 5, low=1)
    for index, part in enumerate(parts):
        at: Path = ("data", "components", index)
        if not problems.choice((*at, "type"), part.get("type"), (ACTION_ROW, TEXT_DISPLAY, LABEL)):
            continue
        if part["type"] == TEXT_DISPLAY:
            problems.text((*at, "content"), part.get("content"), 4000, low=1, required=True)
        elif part["type"] == LABEL:
            problems.text((*at, "label"), part.get("label"), 45, low=1, required=True)
            problems.text((*at, "description"), part.get("description"), 100)
            _check_input(problems, (*at, "component"), part.get("component") or {}, LABELLED)
        else:
            rows = problems.count((*at, "components"), part.get("components"), 1, low=1)
            for row in rows:
                _check_input(problems, (*at, "components", 0), row, {TEXT_INPUT})
    _check_custom_ids(problems, parts)
    problems.raise_if_any()


def _check_input(problems: Problems, at: Path, item: Json, allowed: set[int]) -> None:
    if not problems.choice((*at, "type"), item.get("type"), sorted(allowed)):
        return
    if item["type"] in SELECTS:
        _check_select(problems, at, item)
        return
    problems.text((*at, "custom_id"), item.get("custom_id"), 100, low=1, required=True)
    if item["type"] == TEXT_INPUT:
        # Its own label is of old: a `Label` around it takes its place.
        problems.text((*at, "label"), item.get("label"), 45)
        problems.text((*at, "placeholder"), item.get("placeholder"), 100)
        problems.text((*at, "value"), item.get("value"), 4000)


def check_choices(body: Json, path: Path = ("data", "choices")) -> None:
    """The suggestions of an autocomplete."""
    problems = Problems()
    _check_choices(problems, path, body.get("choices"))
    problems.raise_if_any()


def _check_choices(problems: Problems, at: Path, choices: object) -> int:
    """Checks choices and returns how much they count towards the size of a command."""
    size = 0
    for index, choice in enumerate(problems.count(at, choices, 25)):
        here: Path = (*at, index)
        name = problems.text((*here, "name"), choice.get("name"), 100, low=1, required=True)
        size += max(len(name), _check_localizations(problems, here, choice, "name", 100))
        value = choice.get("value")
        if isinstance(value, str):
            problems.text((*here, "value"), value, 100)
        elif value is None:
            problems.add((*here, "value"), "BASE_TYPE_REQUIRED", "This field is required")
        size += len(str(value))
    return size


def check_commands(commands: object) -> None:
    """A bulk overwrite of application commands."""
    problems = Problems()
    seen: set[tuple[int, str]] = set()
    found = problems.count((), commands, 130)
    for index, command in enumerate(found):
        kind = command.get("type") or CHAT_INPUT
        size = _check_names(problems, (index,), command, chat_input=kind == CHAT_INPUT)
        options = command.get("options")
        if kind == CHAT_INPUT:
            size += _check_options(problems, (index, "options"), options, depth=0)
        elif command.get("description") or options:
            message = "Context menu commands cannot have description or options"
            problems.add((index,), "APPLICATION_COMMAND_DESCRIPTION_CANNOT_BE_SET", message)
        if size > 8000:
            message = "Command exceeds maximum size (8000)"
            problems.add((index,), "APPLICATION_COMMAND_TOO_LARGE", message)
        key = (kind, str(command.get("name")))
        if key in seen:
            message = "Application command names must be unique"
            problems.add((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)
    kinds = [command.get("type") or CHAT_INPUT for command in found]
    for kind, limit in ((CHAT_INPUT, 100), (2, 15), (3, 15)):
        if kinds.count(kind) > limit:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({limit})")
    problems.raise_if_any()


def _check_names(problems: Problems, at: Path, thing: Json, *, chat_input: bool = True) -> int:
    """Checks name and description of a command or option; returns how much they count."""
    name = problems.text((*at, "name"), thing.get("name"), 32, low=1, required=True)
    size = max(len(name), _check_localizations(problems, at, thing, "name", 32))
    if not chat_input:
        return size
    names = {"name": name, **(thing.get("name_localizations") or {})}
    if any(text and not _is_command_name(text) for text in names.values()):
        problems.add((*at, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    description = problems.text(
        (*at, "description"), thing.get("description"), 100, low=1, required=True
    )
    longest = _check_localizations(problems, at, thing, "description", 100)
    return size + max(len(description), longest)


def _is_command_name(name: str) -> bool:
    """Letters, digits, `-`, `_`, `'`, marks of Devanagari and Thai; lower case where it exists."""

    def allowed(character: str) -> bool:
        if character in "-_'" or unicodedata.category(character)[0] in "LN":
            return True
        return unicodedata.name(character, "").startswith(("DEVANAGARI", "THAI"))

    return name == name.lower() and all(map(allowed, name))


def _check_localizations(problems: Problems, at: Path, thing: Json, key: str, high: int) -> int:
    """Checks the translations of a field and returns the length of the longest."""
    translations = thing.get(f"{key}_localizations") or {}
    path = (*at, f"{key}_localizations")
    for locale, text in translations.items():
        problems.choice((*path, locale), locale, LOCALES)
        problems.text((*path, locale), text, high, low=1, required=True)
    return max(map(len, translations.values()), default=0)


def _check_options(problems: Problems, at: Path, options: object, *, depth: int) -> int:
    """Checks the options of a command and returns how much they count towards its size."""
    size = 0
    names: set[str] = set()
    optional_seen = False
    found = problems.count(at, options, 25)
    for index, option in enumerate(found):
        here: Path = (*at, index)
        size += _check_names(problems, here, option)
        kind = option.get("type")
        nests = kind in (SUBCOMMAND, GROUP)
        problems.choice((*here, "type"), kind, range(1, 12))
        if nests != (found[0].get("type") in (SUBCOMMAND, GROUP)):
            message = "Sub-command and sub-command group option types are mutually exclusive"
            problems.add(here, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
        if nests and depth >= (2 if kind == SUBCOMMAND else 1):
            message = "Sub-commands nest one group deep"
            problems.add(here, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
        elif nests:
            size += _check_options(
                problems, (*here, "options"), option.get("options"), depth=depth + 1
            )
        required = bool(option.get("required"))
        if required and optional_seen:
            message = "Required options must be placed before non-required options"
            problems.add(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_seen = optional_seen or not (required or nests)
        if option.get("name") in names:
            message = "Option name must be unique"
            problems.add(here, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message)
        names.add(str(option.get("name")))
        size += _check_choices(problems, (*here, "choices"), option.get("choices") or [])
        if option.get("choices") and option.get("autocomplete"):
            message = "Autocomplete cannot be used with choices"
            problems.add(here, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", message)
    return size
