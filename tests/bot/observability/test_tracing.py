"""Spans of questions, as a collector of OpenTelemetry's receives them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from bot.client import FootnoteClient
from bot.library import Library
from bot.observability.telemetry import Telemetry, make_telemetry
from bot.observability.tracing import NoTracing, make_tracing, why_no_spans
from bot.services import make_services
from bot.settings import Settings
from tests.bot.conftest import Scene

QUESTION = "When was Haftar's offensive called Operation Dignity?"
ANSWERED_IN = ("wait", "encode", "search", "rerank")


@dataclass
class Collector:
    """Takes spans, and keeps them with what was sent."""

    url: str = ""
    sent: bytes = b""
    resource: dict[str, str] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.sent += await request.read()
        message = ExportTraceServiceRequest.FromString(await request.read())
        for resource in message.resource_spans:
            its = resource.resource.attributes
            self.resource |= {pair.key: pair.value.string_value for pair in its}
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response()

    def named(self, name: str) -> Span:
        (found,) = [span for span in self.spans if span.name == name]
        return found


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    made = Collector()
    application = web.Application()
    application.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def telemetry(
    scene: Scene, library: Library, tmp_path: Path, collector: Collector
) -> AsyncIterator[Telemetry]:
    """That of a bot whose settings name the collector."""
    settings = Settings(data_dir=tmp_path / "traced", otlp_endpoint=f"{collector.url}/")
    services = make_services(settings, library)
    await scene.env.restart_bot(FootnoteClient(services))
    yield services.telemetry
    await asyncio.to_thread(services.telemetry.close)


async def sent(telemetry: Telemetry) -> None:
    """Wait until every span was sent."""
    await asyncio.to_thread(telemetry.close)


def attributes(span: Span) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in span.attributes}


async def test_a_question_is_one_span_with_its_stages_below_it(
    scene: Scene, telemetry: Telemetry, collector: Collector
) -> None:
    await scene.ada.slash(scene.channel, "ask", question=f"{QUESTION} Please say")
    await sent(telemetry)
    question = collector.named("question")
    stages = [span for span in collector.spans if span is not question]
    assert {span.name for span in stages} == {*ANSWERED_IN, "acknowledge", "render", "send"}
    assert len(stages) == 7
    for span in stages:
        assert (span.trace_id, span.parent_span_id) == (question.trace_id, question.span_id)
        assert question.start_time_unix_nano - 2_000_000 <= span.start_time_unix_nano
        assert span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= question.end_time_unix_nano + 2_000_000
    in_order = [collector.named(name) for name in ANSWERED_IN]
    for before, after in pairwise(in_order):
        assert before.end_time_unix_nano <= after.start_time_unix_nano + 1_000
    said = attributes(question)
    assert (said["footnote.way"], said["footnote.outcome"]) == ("command", "answered")
    assert len(said["footnote.request"]) == 10
    assert collector.resource["service.name"] == "footnote"


async def test_questions_at_the_same_time_are_traces_apart(
    library: Library, telemetry: Telemetry, collector: Collector
) -> None:
    async def ask(number: int) -> None:
        with telemetry.question("message"):
            await telemetry.answering(library.ask(f"What happened in the year 20{number}?"))

    await asyncio.gather(*map(ask, range(10, 14)))
    await sent(telemetry)
    questions = {span.trace_id: span.span_id for span in collector.spans if not span.parent_span_id}
    assert len(questions) == 4
    for span in collector.spans:
        assert span.parent_span_id in ("", b"", questions[span.trace_id])


async def test_no_span_tells_what_was_asked_by_whom_and_where(
    scene: Scene, telemetry: Telemetry, collector: Collector
) -> None:
    await scene.ada.slash(scene.channel, "ask", question="Where did the zeppelin Aurora land?")
    await scene.ada.slash(scene.channel, "ask", question="???", article="The zeppelin Aurora")
    await sent(telemetry)
    assert collector.spans
    assert b"zeppelin" not in collector.sent
    for person in (scene.ada.id, scene.guild.id, scene.channel.id):
        assert str(person).encode() not in collector.sent
    assert scene.env.errors


class SurpriseError(Exception):
    """Nobody foresaw this."""


async def test_an_error_that_nobody_foresaw_marks_its_span_without_its_words(
    scene: Scene, telemetry: Telemetry, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SurpriseError("the zeppelin Aurora")

    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    monkeypatch.setattr(client.library._corpora, "ask", fail)
    await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    await sent(telemetry)
    question = collector.named("question")
    assert question.status.code == Status.STATUS_CODE_ERROR
    assert question.status.message == "SurpriseError"
    assert b"zeppelin" not in collector.sent
    assert scene.env.errors


async def test_a_question_that_is_refused_is_no_error(
    scene: Scene, telemetry: Telemetry, collector: Collector
) -> None:
    await scene.ada.slash(scene.channel, "ask", question="???")
    await sent(telemetry)
    question = collector.named("question")
    assert question.status.code == Status.STATUS_CODE_UNSET
    assert attributes(question)["footnote.outcome"] == "invalid"
    assert scene.env.errors


async def test_what_is_done_for_no_question_makes_no_span(
    telemetry: Telemetry, collector: Collector
) -> None:
    with telemetry.stage("render"):
        pass
    await sent(telemetry)
    assert not collector.spans


async def test_a_collector_that_is_away_holds_up_nobody(unused_tcp_port: int) -> None:
    telemetry = make_telemetry(Settings(otlp_endpoint=f"http://127.0.0.1:{unused_tcp_port}"))
    with telemetry.question("command"):
        pass
    begun = time.monotonic()
    await asyncio.to_thread(telemetry.close)
    assert time.monotonic() - begun < 6
    left = [thread.name for thread in threading.enumerate() if thread.name == "spans"]
    assert not left, "nobody goes on trying"


@pytest.mark.parametrize("endpoint", ["collector:4317", "http://", "http://[::1", "ftp://a/"])
def test_an_address_that_is_none_is_said_and_the_bot_goes_on(
    endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(make_tracing(endpoint), NoTracing)
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is not an address" in caplog.text
    assert "remove it" in caplog.text


def test_without_an_address_nothing_of_opentelemetry_is_loaded() -> None:
    script = """
import sys
from bot.observability.tracing import NoTracing, make_tracing
assert isinstance(make_tracing(None), NoTracing)
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_without_the_extra_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, name, None)  # As where it is not installed.
    obstacle = why_no_spans("http://127.0.0.1:4318")
    assert obstacle is not None
    what, remedy = obstacle
    assert "no spans are sent" in what
    assert "pip install 'footnote-bot[telemetry]'" in remedy
