"""What people read when something goes wrong."""

from __future__ import annotations

import logging

import pytest
from discord import app_commands
from hypothesis import given, settings

from bot.failures import NotAllowedError, explain
from bot.rendering.sanitize import units
from retrieval.corpus.refusals import unknown_article
from retrieval.errors import CorpusError, FootnoteError
from tests.bot.discord_markdown import kinds, read_line
from tests.bot.texts import hostile_texts


def test_an_error_of_ours_says_what_why_and_what_to_do() -> None:
    error = CorpusError("It is gone.", why="Someone took it.", remedy="Bring it back.")
    assert explain(error) == "It is gone. Someone took it. Bring it back."


def test_an_article_that_is_not_there_is_looked_for_with_a_command_of_discord() -> None:
    error = unknown_article("owls", ["the-tower"])
    assert str(error).endswith("'footnote corpus list' shows every article.")
    told = explain(error)
    assert told.startswith("There is no article “owls”.")
    assert "/corpus list" in told
    assert "footnote" not in told


def test_an_article_that_is_nearly_there_is_named() -> None:
    assert explain(unknown_article("tower", ["towers"])).endswith("Did you mean towers?")


def test_a_check_that_failed_is_explained() -> None:
    assert explain(NotAllowedError("Not you.")) == "Not you."
    assert explain(app_commands.NoPrivateMessage()) == "That works in servers only."


def test_a_command_of_yesterday_is_explained() -> None:
    assert "has changed" in explain(app_commands.CommandNotFound("old", []))


def test_an_unforeseen_error_gives_a_reference_and_no_detail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        text = explain(ZeroDivisionError("secret detail"))
    assert "secret" not in text
    assert text.split("`")[1] in caplog.text
    assert "ZeroDivisionError" in caplog.text


@given(hostile_texts(), hostile_texts(), hostile_texts())
@settings(max_examples=30, deadline=None)
def test_an_error_that_names_what_was_typed_stays_harmless(
    what: str, why: str, remedy: str
) -> None:
    text = explain(FootnoteError(what * 30, why=why * 30, remedy=remedy * 30))
    assert units(text) <= 2000
    assert kinds(read_line(text)) <= {"text"}
