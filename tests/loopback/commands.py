"""The registered commands, and what a person puts into them, into menus and into forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import LoopbackError
from .model import Attachment, Channel, Guild, Json, Member, Message, Role, User, walk

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, ATTACHMENT = 1, 2, 3, 4, 5, 11
CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
Choice = str | Member | Role | Channel
OptionValue = str | int | float | bool | User | Member | Channel | Role | Attachment


class CommandBook:
    """The commands that the bot registered, globally (None) and by server."""

    def __init__(self, application_id: int, new_id: Callable[[], int]) -> None:
        self._application_id = application_id
        self._new_id = new_id
        self._commands: dict[int | None, list[Json]] = {}

    def overwrite(self, guild_id: int | None, commands: list[Json]) -> list[Json]:
        """Registers these and no others; a command of the same name and type keeps its id."""
        ids = {(c["type"], c["name"]): c["id"] for c in self.registered(guild_id)}
        stored = []
        for command in commands:
            kind = command.get("type") or CHAT_INPUT
            permissions = command.get("default_member_permissions")
            stored.append(
                command
                | {
                    "id": ids.get((kind, command["name"])) or str(self._new_id()),
                    "application_id": str(self._application_id),
                    "version": str(self._new_id()),
                    "type": kind,
                    "description": command.get("description") or "",
                    "default_member_permissions": None if permissions is None else str(permissions),
                }
                | ({"guild_id": str(guild_id)} if guild_id else {})
            )
        self._commands[guild_id] = stored
        return stored

    def registered(self, guild_id: int | None) -> list[Json]:
        return self._commands.get(guild_id, [])

    def find(self, name: str, kind: int, guild: Guild | None) -> Json:
        """A command as a person in this server finds it: the server's own first."""
        visible = [*self.registered(guild.id if guild else None), *self.registered(None)]
        for command in visible:
            if (command["type"], command["name"]) == (kind, name):
                return command
        names = sorted(command["name"] for command in visible) or "none at all"
        raise LoopbackError(f"no command {name!r} of type {kind} is registered, but {names}")

    def invocation(
        self,
        path: str,
        values: Mapping[str, OptionValue],
        guild: Guild | None,
        *,
        focused: str | None = None,
    ) -> Json:
        """`data` of a slash command such as `corpus reload`, or (focused) of its autocomplete."""
        name, *subcommands = path.split()
        command = self.find(name, CHAT_INPUT, guild)
        options: list[Json] = command.get("options") or []
        nesting: list[Json] = []
        for part in subcommands:
            option = next((o for o in options if o["name"] == part and o["type"] <= GROUP), None)
            if option is None:
                raise LoopbackError(f"/{path}: {part!r} is none of {[o['name'] for o in options]}")
            nesting.append({"type": option["type"], "name": part})
            options = option.get("options") or []
        if any(option["type"] <= GROUP for option in options):
            raise LoopbackError(f"/{path} needs one of {[o['name'] for o in options]}")
        resolved: Json = {}
        given = _fill(f"/{path}", options, values, resolved, focused)
        for outer in reversed(nesting):
            given = [outer | {"options": given}]
        data = {"id": command["id"], "name": name, "type": CHAT_INPUT, "options": given}
        data |= {"resolved": resolved} if resolved else {}
        return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})

    def context_menu(self, name: str, target: Member | User | Message, guild: Guild | None) -> Json:
        kind = MESSAGE_MENU if isinstance(target, Message) else USER_MENU
        command = self.find(name, kind, guild)
        resolved: Json = {}
        resolve(resolved, target)
        data = {"id": command["id"], "name": name, "type": kind, "resolved": resolved}
        data["target_id"] = str(target.id)
        return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _fill(
    path: str,
    options: list[Json],
    values: Mapping[str, OptionValue],
    resolved: Json,
    focused: str | None,
) -> list[Json]:
    """Options with their values, refused where Discord's own client would not send them."""
    if unheard := values.keys() - {option["name"] for option in options}:
        raise LoopbackError(f"{path} has no option {sorted(unheard)}")
    given = []
    for option in options:
        name = option["name"]
        if name not in values:
            if option.get("required") and focused is None:
                raise LoopbackError(f"{path} needs {name!r}")
            continue
        value = values[name]
        if name != focused:
            _check_value(f"{path} {name}", option, value)
        filled: Json = {"type": option["type"], "name": name, "value": resolve(resolved, value)}
        given.append(filled | {"focused": True} if name == focused else filled)
    if focused is not None and not any(option.get("focused") for option in given):
        raise LoopbackError(f"{path}: {focused!r} is not among the values given")
    return given


def _check_value(what: str, option: Json, value: OptionValue) -> None:
    kinds: dict[int, tuple[type, ...]] = {
        STRING: (str,),
        INTEGER: (int,),
        BOOLEAN: (bool,),
        6: (User, Member),
        7: (Channel,),
        8: (Role,),
        9: (User, Member, Role),
        10: (int, float),
        ATTACHMENT: (Attachment,),
    }
    if not isinstance(value, kinds[option["type"]]):
        raise LoopbackError(f"{what} takes {kinds[option['type']]}, not {value!r}")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise LoopbackError(f"{what} is one of {choices}, not {value!r}")
    size = len(value) if isinstance(value, str) else value
    kind = "length" if isinstance(value, str) else "value"
    low, high = option.get(f"min_{kind}"), option.get(f"max_{kind}")
    if isinstance(size, int | float) and (
        (low is not None and size < low) or (high is not None and size > high)
    ):
        raise LoopbackError(f"{what} lies outside {low}..{high}: {size}")


def resolve(resolved: Json, value: OptionValue | Message) -> Any:
    """A value as JSON; things are named by id and described in `resolved`."""
    if isinstance(value, str | int | float):
        return value
    key = str(value.id)
    if isinstance(value, Member):
        resolved.setdefault("users", {})[key] = value.user.payload()
        permissions = {"permissions": str(value.permissions)}
        payload = value.payload(with_user=False) | permissions
        resolved.setdefault("members", {})[key] = payload
        return key
    kinds = {User: "users", Channel: "channels", Role: "roles", Message: "messages"}
    payload = value.payload()
    if isinstance(value, Channel):
        payload["permissions"] = "0"
    resolved.setdefault(kinds.get(type(value), "attachments"), {})[key] = payload
    return key


def component_data(message: Message, custom_id: str, values: list[Choice]) -> Json:
    """`data` of a click on a button, or of a choice in a select menu."""
    for component in walk(message.components):
        if component.get("custom_id") != custom_id:
            continue
        if component.get("disabled"):
            raise LoopbackError(f"{custom_id!r} is disabled")
        data: Json = {"custom_id": custom_id, "component_type": component["type"]}
        data["id"] = component["id"]
        if component["type"] != 2:
            _check_choice(component, values)
            resolved: Json = {}
            data["values"] = [resolve(resolved, value) for value in values]
            offered = {option["value"] for option in component.get("options") or []}
            if offered and not offered.issuperset(data["values"]):
                raise LoopbackError(f"{custom_id!r} offers {offered}, not {values}")
            data |= {"resolved": resolved} if resolved else {}
        return data
    raise LoopbackError(f"the message has no {custom_id!r}, but {message.custom_ids}")


def _check_choice(menu: Json, values: list[Choice]) -> None:
    """Refuses what Discord's own client would not let a person choose in a menu."""
    name = menu["custom_id"]
    low, high = menu.get("min_values", 1), menu.get("max_values", 1)
    if not low <= len(values) <= high:
        raise LoopbackError(f"{name!r} takes {low} to {high} values, not {len(values)}")
    kinds: dict[int, type] = {3: str, 5: Member, 6: Role, 8: Channel}
    kind = kinds.get(menu["type"])
    if kind and not all(isinstance(value, kind) for value in values):
        raise LoopbackError(f"{name!r} takes {kind}, not {values}")
    types = menu.get("channel_types")
    for value in values:
        if types and isinstance(value, Channel) and value.type not in types:
            raise LoopbackError(f"{name!r} offers no channel of type {value.type}")


FormValue = str | bool | None | list[str] | list[Attachment]


def modal_data(modal: Json, values: Mapping[str, FormValue]) -> Json:
    """`data` of a modal filled with `values` by custom id; what is left out stays as it was."""
    fields = [c for c in walk(modal["components"]) if c.get("custom_id")]
    if unheard := values.keys() - {item["custom_id"] for item in fields}:
        raise LoopbackError(f"the modal has no {sorted(unheard)}")
    resolved: Json = {}

    def submitted(part: Json) -> Json:
        if "component" in part:
            return {"type": part["type"], "component": submitted(part["component"])}
        if "components" in part:
            return {"type": part["type"], "components": list(map(submitted, part["components"]))}
        filled = {"type": part["type"], "id": part.get("id", 0)}
        if custom_id := part.get("custom_id"):
            filled["custom_id"] = custom_id
            filled |= _submitted_value(part, values.get(custom_id), resolved)
        return filled

    components = list(map(submitted, modal["components"]))
    data = {"custom_id": modal["custom_id"], "components": components}
    return data | ({"resolved": resolved} if resolved else {})


def _submitted_value(part: Json, value: FormValue, resolved: Json) -> Json:
    name = part["custom_id"]
    required = part.get("required", True)
    if part["type"] == 4:
        text = part.get("value") or "" if value is None else value
        low, high = part.get("min_length") or 0, part.get("max_length") or 4000
        if not isinstance(text, str) or (required and not text):
            raise LoopbackError(f"the modal needs a text in {name!r}")
        if text and not low <= len(text) <= high:
            raise LoopbackError(f"{name!r} takes {low} to {high} characters, not {len(text)}")
        return {"value": text}
    if part["type"] in (21, 23):
        return {"value": bool(value) if part["type"] == 23 else value}
    chosen = value if isinstance(value, list) else []
    if required and not chosen:
        raise LoopbackError(f"the modal needs a choice in {name!r}")
    return {"values": [resolve(resolved, item) for item in chosen]}
