from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doctor.installation import Installation
from bot.doctor.token import check_token, has_shape
from bot.settings import Secret, Settings
from tests.bot.doctor.tokens import TOKEN


def looked_at(token: str | None) -> tuple[str, str, str]:
    secret = Secret(token) if token is not None else None
    (finding,) = check_token(Installation(Settings(discord_token=secret)))
    return finding.severity, finding.message, finding.remedy


def test_a_token_is_known_by_its_shape() -> None:
    assert looked_at(TOKEN)[0] == "ok"


def test_without_a_token_there_is_the_terminal() -> None:
    severity, message, remedy = looked_at(None)
    assert severity == "note"
    assert "terminal chat" in message
    assert "Reset Token" in remedy


@pytest.mark.parametrize(
    ("token", "hint"),
    [
        ("123456789012345678", "application's id"),
        ("0123456789abcdef" * 4, "public key"),
        ("aB3_" * 8, "client secret"),
        (f"Bot {TOKEN}", "without the word Bot"),
        (f"'{TOKEN}", "quotation marks"),
        (TOKEN[:-20], "is no bot's token"),
        ("paste-your-token-here", "is no bot's token"),
        ("пароль", "is no bot's token"),
    ],
)
def test_what_is_no_token_is_named_with_what_it_may_be(token: str, hint: str) -> None:
    severity, message, remedy = looked_at(token)
    assert severity == "error"
    assert hint in message
    assert token not in message + remedy
    assert "Reset Token" in remedy


@given(st.integers(10**16, 2**64 - 1), st.from_regex(r"[\w-]{6}\.[\w-]{27,38}", fullmatch=True))
def test_every_token_with_the_id_of_a_bot_has_the_shape(id_: int, rest: str) -> None:
    first = base64.urlsafe_b64encode(str(id_).encode()).decode().rstrip("=")
    assert has_shape(f"{first}.{rest}") == rest.isascii()


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    assert has_shape(text) in (True, False)
