"""Spans by OpenTelemetry's SDK, sent by OTLP over HTTP. Imported only where traces are on.

Nothing here makes a service wait: spans are queued, a thread sends them, and what finds the queue full, or can't be
sent, is counted and dropped.
"""

import threading
from collections.abc import Collection, Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan

from relevo_runtime.metric_types import Labelled
from relevo_runtime.metrics import Counter
from relevo_runtime.traces import Kind, Said, Span

QUEUE = 4096
"""Spans that wait to be sent; further ones are dropped."""
_LINKS = 1000  # as many messages as a batch has
_AT_ONCE = 512
_PAUSE_MS = 1000
_TIMEOUT = 5.0
_LAST_SECONDS = 2.0
_KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}


class Otlp:
    """Sends the spans of `service` to `endpoint`. `dropped` counts those that got lost, by reason: `full`, `failed`.

    Headers for the collector (a token) are in `OTEL_EXPORTER_OTLP_HEADERS`, as OpenTelemetry has it.
    """

    def __init__(self, endpoint: str, service: str, release: str, dropped: Labelled[Counter]) -> None:
        self._exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_TIMEOUT)
        self._queue = _Queue(self._exporter, dropped)
        resource = Resource({"service.name": f"relevo-{service}", "service.version": release})
        limits = SpanLimits(max_links=_LINKS)
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=resource, span_limits=limits, shutdown_on_exit=False
        )
        self._provider.add_span_processor(self._queue)
        self._tracer = self._provider.get_tracer("relevo", release)

    def span(
        self, name: str, kind: Kind, said: Said, *, parent: str, links: Collection[str], began: int | None
    ) -> Span:
        """See `relevo_runtime.traces.Tracing`."""
        made = self._tracer.start_span(
            name,
            context=set_span_in_context(NonRecordingSpan(_context(parent))) if parent else set_span_in_context(_NONE),
            kind=_KINDS[kind],
            attributes=said,
            links=[Link(_context(one)) for one in links],
            start_time=began,
        )
        return _Recorded(made)

    def close(self) -> None:
        """Send what is left, for two seconds at most."""
        ending = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(_LAST_SECONDS)
        if ending.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # as below; it would try again and again


class _Recorded(Span):
    def __init__(self, span: OtelSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def note(self, said: Said) -> None:
        self._span.set_attributes(said)

    def end(self, error: BaseException | None = None) -> None:
        if error is not None:
            self._span.set_attribute("error.type", type(error).__name__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class _Queue(SpanProcessor):
    """What waits to be sent. The event loop alone counts what goes in, the sender's thread alone what comes out."""

    def __init__(self, exporter: SpanExporter, dropped: Labelled[Counter]) -> None:
        self._full = dropped.labels("full")
        self._taken = 0
        self._sender = _Sender(exporter, dropped.labels("failed"))
        self._batches = BatchSpanProcessor(
            self._sender, max_queue_size=QUEUE, schedule_delay_millis=_PAUSE_MS, max_export_batch_size=_AT_ONCE
        )

    def on_end(self, span: ReadableSpan) -> None:
        if self._taken - self._sender.done >= QUEUE:
            self._full.inc()
            return
        self._taken += 1
        self._batches.on_end(span)

    def shutdown(self) -> None:
        self._batches.shutdown()  # type: ignore[no-untyped-call]  # the SDK left it out


class _Sender(SpanExporter):
    def __init__(self, exporter: SpanExporter, failed: Counter) -> None:
        self._exporter = exporter
        self._failed = failed
        self.done = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            self.done += len(spans)
            if result is not SpanExportResult.SUCCESS:
                self._failed.inc(len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


_NONE = NonRecordingSpan(SpanContext(0, 0, is_remote=False))


def _context(traceparent: str) -> SpanContext:
    """Takes what `is_sampled` lets through."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
