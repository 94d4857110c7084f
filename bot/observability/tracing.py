"""A question as a span of OpenTelemetry's, with its stages below it, for a collector.

The packages are an extra. A span tells how a question came in, what became of it and how long each
stage took, with the id of the request; never what was asked, by whom or where.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from bot.observability.version import own_version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span as OpenSpan

log = logging.getLogger(__name__)

VARIABLE: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
EXTRA: Final = "telemetry"
_SERVICE: Final = "footnote"
_TRACES: Final = "/v1/traces"
"""Where below its address a collector takes spans, as OpenTelemetry has laid down."""
_SENT_WITHIN: Final = 3.0
"""Seconds for the last spans when the bot is stopped."""
_NANOSECONDS: Final = 1_000_000_000


class Span(Protocol):
    """What can be said of the span that is open."""

    def note(self, name: str, value: str | bool | float) -> None:
        """Say something of it."""
        ...

    def fail(self, kind: str) -> None:
        """Mark it as an error, of some kind."""
        ...


class Tracing(Protocol):
    """Makes spans. What is called within one belongs to it, in tasks and threads too."""

    def question(self) -> AbstractContextManager[Span]:
        """A span around everything that is done for a question."""
        ...

    def stage(self, name: str) -> AbstractContextManager[None]:
        """A span below that of the question; none where there is no question."""
        ...

    def past(self, name: str, since: float, seconds: float) -> None:
        """A stage that is over.

        Args:
            since: When it began, in seconds since 1970.
        """
        ...

    def close(self) -> None:
        """Send what is left, within some seconds."""
        ...


class _NoSpan:
    def note(self, name: str, value: str | bool | float) -> None:
        pass

    def fail(self, kind: str) -> None:
        pass


class NoTracing:
    """Makes no spans."""

    def question(self) -> AbstractContextManager[Span]:
        return nullcontext(_NoSpan())

    def stage(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def past(self, name: str, since: float, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


class _Span:
    def __init__(self, span: OpenSpan) -> None:
        self._span = span

    def note(self, name: str, value: str | bool | float) -> None:
        self._span.set_attribute(f"footnote.{name}", value)

    def fail(self, kind: str) -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_status(StatusCode.ERROR, kind)


class OpenTelemetryTracing:
    """Makes spans with a provider, which is closed with it.

    Args:
        exporter: What the provider sends them with.
    """

    def __init__(self, provider: TracerProvider, exporter: SpanExporter) -> None:
        self._provider = provider
        self._exporter = exporter
        self._tracer = provider.get_tracer(_SERVICE, own_version())

    @contextmanager
    def question(self) -> Iterator[Span]:
        # Errors are not recorded as such: their words may be the asker's.
        with self._tracer.start_as_current_span(
            "question", record_exception=False, set_status_on_exception=False
        ) as span:
            yield _Span(span)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        if not _is_asked():
            yield
            return
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ):
            yield

    def past(self, name: str, since: float, seconds: float) -> None:
        if _is_asked():
            begun = int(since * _NANOSECONDS)
            span = self._tracer.start_span(name, start_time=begun)
            span.end(begun + int(seconds * _NANOSECONDS))

    def close(self) -> None:
        # It waits half a minute for a collector that does not answer.
        closing = threading.Thread(target=self._provider.shutdown, name="spans", daemon=True)
        closing.start()
        closing.join(_SENT_WITHIN)
        if closing.is_alive():
            # Otherwise it goes on trying, and complains in the log.
            self._exporter.shutdown()
            closing.join(1.0)


def make_tracing(endpoint: str | None) -> Tracing:
    """What sends spans to a collector, or makes none where there is no way to.

    Args:
        endpoint: The collector's address, as ``OTEL_EXPORTER_OTLP_ENDPOINT`` has it.
    """
    if endpoint is None:
        return NoTracing()
    obstacle = why_no_spans(endpoint)
    if obstacle is not None:
        # Whoever set the variable may have meant another program: the bot goes on.
        log.warning("%s %s", *obstacle)
        return NoTracing()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({SERVICE_VERSION: own_version()})
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: _SERVICE}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + _TRACES)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OpenTelemetryTracing(provider, exporter)


def why_no_spans(endpoint: str) -> tuple[str, str] | None:
    """Why no spans can be sent to an address, and the remedy; ``None`` where they can."""
    try:
        parts = urlsplit(endpoint)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        return (
            f"{VARIABLE} is not an address that spans can be sent to.",
            "Set it to one such as http://127.0.0.1:4318, or remove it.",
        )
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace.export  # noqa: F401
    except ImportError as error:
        return (
            f"{VARIABLE} is set, but no spans are sent, as a package for that is missing: {error}.",
            f"Run pip install 'footnote-bot[{EXTRA}]', or remove the variable.",
        )
    return None


def now() -> float:
    """Seconds since 1970, as spans are dated."""
    return time.time()


def _is_asked() -> bool:
    """Whether a question's span is open here."""
    from opentelemetry import trace

    return trace.get_current_span().get_span_context().is_valid
