"""What is logged, in which form, and for which request."""

from __future__ import annotations

import asyncio
import json
import logging
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import logs
from bot.library import Library
from bot.observability import requests
from bot.observability.log_lines import ANNOUNCEMENTS
from bot.observability.requests import request_id


@pytest.fixture(autouse=True)
def no_request_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a test begins outside of a task goes on in those after it.
    monkeypatch.setattr(requests, "_REQUEST", ContextVar("request", default=None))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = (*logs._LIBRARIES, *logs._TELLS_WHAT_PEOPLE_WROTE, ANNOUNCEMENTS)
    levels = {name: logging.getLogger(name).level for name in names}
    # Those of pytest stay open.
    root.handlers = []
    yield
    logging.captureWarnings(False)
    root.handlers = handlers
    root.setLevel(level)
    for name, its in levels.items():
        logging.getLogger(name).setLevel(its)


def objects(written: str) -> list[dict[str, Any]]:
    """Each line of the log, all of which must be JSON objects."""
    found = [json.loads(line) for line in written.splitlines()]
    assert all(isinstance(each, dict) for each in found)
    return found


def test_a_line_of_json_has_its_time_level_logger_and_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("WARNING", "json")
    logging.getLogger("discord.client").warning("Shard %s is away", 3)
    (line,) = objects(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"level": "warning", "logger": "discord.client", "event": "Shard 3 is away"}


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_whatever_is_said_is_one_line_of_json(
    capsys: pytest.CaptureFixture[str], said: str
) -> None:
    logs.configure("INFO", "json")
    logging.getLogger("bot").info("%s", said)
    (line,) = objects(capsys.readouterr().err)
    assert line["event"] == said


def test_an_error_is_one_line_with_its_traceback_and_no_variable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO", "json")
    question = "What did " + "ada ask?"
    try:
        raise ZeroDivisionError(len(question))
    except ZeroDivisionError:
        logging.getLogger("bot").exception("It went wrong")
    written = capsys.readouterr().err
    (line,) = objects(written)
    assert "ZeroDivisionError: 17" in line["exception"]
    assert question not in written


async def test_every_line_of_a_request_has_its_id_also_in_worker_threads(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("INFO", "json")
    log = logging.getLogger("retrieval.search")

    async def serve() -> str:
        log.info("begun")
        own = request_id()
        log.info("taken up")
        await library.work(lambda: log.info("in a thread"))
        await asyncio.to_thread(log.info, "in another")
        return own

    ids = [await asyncio.create_task(serve()) for _ in range(2)]
    log.info("done")
    lines = objects(capsys.readouterr().err)
    own = [(line["event"], line.get("request")) for line in lines]
    expected: list[tuple[str, str | None]] = []
    for id_ in ids:
        expected += [("begun", None), ("taken up", id_), ("in a thread", id_), ("in another", id_)]
    assert own == [*expected, ("done", None)]


def test_only_known_fields_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"outcome": "answered", "seconds": 0.25, "question": "Who was it?", "person": 17}
    for form in ("json", "console"):
        logs.configure("INFO", form)
        logging.getLogger("bot").info("Over", extra=fields)
    as_json, as_words = capsys.readouterr().err.splitlines()
    (line,) = objects(as_json)
    assert (line["outcome"], line["seconds"]) == ("answered", 0.25)
    assert as_words.endswith("INFO    bot: Over [outcome=answered seconds=0.250]")
    for shown in (as_json, as_words):
        assert "Who was it?" not in shown
        assert "17" not in shown.replace(line["timestamp"], "").partition("bot")[2]


async def test_a_line_for_people_ends_with_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    async def serve() -> str:
        logging.getLogger("bot").info("Taken up")
        own = request_id()
        logging.getLogger("bot").info("Done")
        return own

    own = await asyncio.create_task(serve())
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(" INFO    bot: Taken up")
    assert second.endswith(f" INFO    bot: Done [request={own}]")


@pytest.mark.parametrize("form", ["json", "console"])
def test_nothing_below_the_level_is_shown_though_a_library_wants_it(
    capsys: pytest.CaptureFixture[str], form: logs.Form
) -> None:
    logs.configure("WARNING", form)
    eager = logging.getLogger("tests.eager")
    eager.setLevel(logging.DEBUG)
    eager.debug("A detail")
    eager.info("News")
    assert capsys.readouterr().err == ""


def test_what_the_starter_is_told_is_always_shown(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("ERROR")
    logs.announce("Connected as 100 % footnote.")
    assert capsys.readouterr().err == "Connected as 100 % footnote.\n"
    logs.configure("ERROR", "json")
    logs.announce("Connected.\nInvite it.")
    (line,) = objects(capsys.readouterr().err)
    assert (line["event"], line["level"]) == ("Connected.\nInvite it.", "info")


def test_a_warning_of_python_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING", "json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("This is old.", DeprecationWarning, stacklevel=1)
    (line,) = objects(capsys.readouterr().err)
    assert "This is old." in line["event"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_lost_connection_is_one_line(capsys: pytest.CaptureFixture[str], form: logs.Form) -> None:
    logs.configure("WARNING", form)
    try:
        raise ConnectionResetError("gone")
    except ConnectionResetError:
        logging.getLogger("discord.client").exception("Attempting a reconnect in %.2fs", 1.5)
    (line,) = capsys.readouterr().err.splitlines()
    assert "Attempting a reconnect in 1.50s (ConnectionResetError)" in line


@pytest.mark.parametrize("name", ["discord.http", "discord.gateway", "discord.webhook.async_"])
def test_what_people_wrote_is_not_logged_even_to_find_a_bug(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    logs.configure("DEBUG", "json")
    logging.getLogger(name).debug("POST https://discord.com/api/webhooks/1/a-token with a question")
    assert capsys.readouterr().err == ""
