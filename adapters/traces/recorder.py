"""Records spans by OpenTelemetry's library and sends them in the background.

The sender's queue is bounded: spans that a collector does not accept are dropped, and nothing waits for it. A request
the trace that its ``traceparent`` names. A client cannot have more recorded by that than the configured share: the
share is taken by the trace's own number, for its traces as for ours, and the same in every process.
"""

import logging
from collections.abc import Mapping, Sequence

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from adapters.database.connection import process_name
from adapters.version import VERSION
from domain.kernel.time import Nanos
from domain.kernel.tracing import Attributes

_HEADER = "traceparent"
_SEND_SECONDS = 5
_SERVER_FAULT = 500
_log = structlog.stdlib.get_logger("traces")


class Recorder:
    """Records the spans of one process."""

    def __init__(self, exporter: SpanExporter, share: float, role: str) -> None:
        # A collector that is away is said by this class, once a minute.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        sampler = TraceIdRatioBased(share)
        about = {
            "service.name": f"tradegraph-{role}",
            "service.version": VERSION,
            "service.instance.id": process_name(),
        }
        self._provider = TracerProvider(
            resource=Resource.create(about),
            sampler=ParentBased(sampler, remote_parent_sampled=sampler),
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_attributes=32, max_events=0, max_links=0, max_attribute_length=200),
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(_Said(exporter), export_timeout_millis=_SEND_SECONDS * 1_000)
        )
        self._tracer = self._provider.get_tracer("tradegraph", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, name: str, traceparent: str | None) -> tuple[Span, str, str | None]:
        """Begin the span of a request, whose header ``traceparent`` may continue a trace of the client's.

        Returns:
            The span, the name of its trace, and its own name for spans below it; None when it is not recorded.
        """
        span = self._tracer.start_span(name, self._named(traceparent), SpanKind.SERVER)
        context = span.get_span_context()
        trace = f"{context.trace_id:032x}"
        return span, trace, f"00-{trace}-{context.span_id:016x}-01" if span.is_recording() else None

    def end(self, span: Span, attributes: Mapping[str, object], status: int | None) -> None:
        """End the span of a request with the fields of its log line."""
        if not span.is_recording():
            return
        span.set_attributes({f"tradegraph.{name}": _shown(value) for name, value in attributes.items()})
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if status is not None and status >= _SERVER_FAULT:
            span.set_status(Status(StatusCode.ERROR))
        operation = attributes.get("operation")
        if operation is not None:
            span.update_name(f"{attributes['kind']} {operation}")
        span.end()

    def record(self, name: str, parent: str, began: Nanos, attributes: Attributes, *, error: str = "") -> None:
        """Record a span that ends now."""
        span = self._tracer.start_span(name, self._named(parent), attributes=attributes, start_time=began)
        if error:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(Nanos.now())

    def flush(self) -> None:
        """Send the spans recorded so far."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send the remaining spans, for a few seconds at most."""
        self._provider.shutdown()

    def _named(self, traceparent: str | None) -> Context:
        """The span of that name as the one around a new span; no span at all if the text is none."""
        given = {} if traceparent is None else {_HEADER: traceparent}
        return self._propagator.extract(given, Context())


class _Said(SpanExporter):
    """Sends spans, and says in the log when they could not be sent."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; called in the sender's own thread."""
        try:
            result = self._exporter.export(spans)
        except Exception as error:  # noqa: BLE001  traces must not disturb the process, whatever a collector does
            _log.warning("traces cannot be sent", error=type(error).__name__, seldom=True)
            return SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            _log.warning("traces cannot be sent", seldom=True)
        return result

    def shutdown(self) -> None:
        """Close the connection."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send waiting spans; there are none."""
        return self._exporter.force_flush(timeout_millis)


def exporter_to(url: str) -> SpanExporter:
    """Sends spans to a collector by OTLP over HTTP."""
    return OTLPSpanExporter(endpoint=url, timeout=_SEND_SECONDS)


def _shown(value: object) -> str | int | float:
    return value if isinstance(value, str | int | float) else str(value)
