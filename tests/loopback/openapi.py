"""Request bodies against Discord's own OpenAPI document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:discord"


class OpenApi:
    """Validators by method and path template, each built at its first use.

    The document is a second opinion beside `limits`: it knows the shape of every field, but not
    the 2000 of content, the 6000 of embeds, the characters of a command name or URL schemes.
    """

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        # Discord takes snowflakes as integers too, and discord.py sends them so.
        document["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
        # Paths are compared without the names of their parameters.
        paths = document["paths"].items()
        self._paths: dict[str, Any] = {_unnamed(path): operations for path, operations in paths}
        resource = DRAFT202012.create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource(DOCUMENT, resource)
        self._validators: dict[tuple[str, str], Any] = {}

    def problem(self, method: str, template: str, body: object) -> tuple[str, str] | None:
        """The field and what is wrong with it, or None if all is well or nothing is known."""
        key = (method, template)
        if key not in self._validators:
            self._validators[key] = self._build(*key)
        validator = self._validators[key]
        error = validator and best_match(validator.iter_errors(body))
        return (error.json_path, error.message) if error else None

    def _build(self, method: str, template: str) -> Any:
        operation = self._paths.get(_unnamed(template), {}).get(method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            return None
        absolute = json.loads(json.dumps(schema).replace('"#/', f'"{DOCUMENT}#/'))
        return Draft202012Validator(absolute, registry=self._registry)


def _unnamed(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)
