"""What goes wrong: towards the bot (`ApiError`) and towards the test (`LoopbackError`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class LoopbackError(Exception):
    """The test asked for something that no person could do in Discord."""


class LoopbackTimeoutError(LoopbackError):
    """What the test waited for did not happen in time."""


class ApiError(Exception):
    """An error that Discord answers with: HTTP status, its own code, and errors by field."""

    def __init__(
        self, status: int, code: int, message: str, errors: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors or {}

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        return body | {"errors": self.errors} if self.errors else body


def unknown(thing: str, code: int) -> ApiError:
    """404 with the code that Discord gives this kind of thing."""
    return ApiError(404, code, f"Unknown {thing}")


@dataclass(frozen=True)
class Refusal:
    """A request of the bot that Discord would not have accepted."""

    method: str
    path: str
    status: int
    code: int
    message: str
    errors: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Violation:
    """A request body that Discord's OpenAPI document does not allow."""

    method: str
    path: str
    field: str
    message: str
