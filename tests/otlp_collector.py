"""A collector of OpenTelemetry that keeps what it is sent: OTLP over HTTP, decoded by the protocol's own messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_runtime.http import serve


class Seen(NamedTuple):
    """A span as it arrived. Ids are hexadecimal; `links` are (trace id, span id)."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    links: list[tuple[str, str]]
    said: dict[str, object]
    failed: bool

    @property
    def place(self) -> tuple[str, str]:
        """What a link to it names."""
        return self.trace, self.id


class Collector:
    """Answers each export with `status`; while `gate` is there, only once that is set."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.raw: list[bytes] = []
        self.status = 200
        self.port = 0
        self.gate: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def named(self, name: str) -> list[Seen]:
        return [one for one in self.spans if one.name == name]

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if self.gate is not None:
            await self.gate.wait()
        if self.status == 200:
            self.raw.append(body)
            sent = ExportTraceServiceRequest.FromString(body)
            for resource in sent.resource_spans:
                service = _said(resource.resource.attributes)["service.name"]
                self.spans += [
                    Seen(
                        str(service),
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                        _said(span.attributes),
                        failed=span.status.code == 2,
                    )
                    for scope in resource.scope_spans
                    for span in scope.spans
                ]
        return Response(b"", self.status, media_type="application/x-protobuf")


def _said(attributes: object) -> dict[str, object]:
    return {one.key: _plain(one.value) for one in attributes}  # type: ignore[attr-defined]  # a list of protobuf's own


def _plain(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """The collector on a port of this machine, while the block runs."""
    collector = Collector()
    app = Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])
    async with serve(app, "127.0.0.1", 0, stop_timeout=1) as port:
        collector.port = port
        yield collector
