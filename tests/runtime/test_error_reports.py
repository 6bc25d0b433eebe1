"""What is reported to a server that speaks Sentry's protocol, and what never is."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
import pytest
import structlog
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_runtime.error_reports import MOST, PERIOD, open_error_reports
from relevo_runtime.errors import TooManyDeadLetters, Unreachable
from relevo_runtime.health import RELEASE
from relevo_runtime.http import serve
from relevo_runtime.metrics import Metrics
from relevo_runtime.service import Service, run_service
from relevo_runtime.settings import RuntimeSettings

SECRET, ADDRESS = "a-token-of-the-erp", "ana.garcia@example.com"
_log = logging.getLogger("relevo_tests")


class Sentry:
    """Takes envelopes; `events` are those that were in them."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.port = 0

    @property
    def dsn(self) -> SecretStr:
        return SecretStr(f"http://key@127.0.0.1:{self.port}/7")

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.raw.append(body)
        lines = body.split(b"\n")
        for head, item in zip(lines[1::2], lines[2::2], strict=False):
            if msgspec.json.decode(head)["type"] == "event":
                self.events.append(msgspec.json.decode(item))
        return Response(b"{}", media_type="application/json")


@asynccontextmanager
async def sentry() -> AsyncIterator[Sentry]:
    server = Sentry()
    app = Starlette(routes=[Route("/api/7/envelope/", server.take, methods=["POST"])])
    async with serve(app, "127.0.0.1", 0, stop_timeout=1) as port:
        server.port = port
        yield server


def fails(of: str) -> None:
    token = SECRET
    raise ValueError(f"{of} has {token}")


def types_in(event: dict[str, Any]) -> list[str]:
    return [value["type"] for value in event["exception"]["values"]]


async def test_a_loop_that_fails_is_reported_with_its_place_and_nothing_of_anybody() -> None:
    async with sentry() as server:
        settings = RuntimeSettings(sentry_dsn=server.dsn)

        @asynccontextmanager
        async def build(service: Service) -> AsyncIterator[None]:
            async def run_once(_: datetime) -> datetime | None:
                try:
                    fails(ADDRESS)
                except ValueError as error:
                    service.stop()
                    raise KeyError(ADDRESS) from error
                return None

            async with service.running(service.loop("outbox", run_once)):
                yield

        code = await run_service("engine", settings, build)
        async with asyncio.timeout(30):
            while not server.events:
                await asyncio.sleep(0.01)
    [event] = server.events
    assert code == 0
    assert types_in(event) == ["ValueError", "KeyError"]
    assert event["tags"] == {"service": "engine", "part": "outbox"}
    assert event["release"] == f"relevo@{RELEASE}"
    assert event["logentry"]["message"].startswith("loop %s failed")
    frames = [frame for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"]]
    assert {frame["function"] for frame in frames} >= {"fails", "run_once"}
    assert not any("vars" in frame for frame in frames)
    assert not any(word.encode() in body for body in server.raw for word in (ADDRESS, SECRET))
    assert {"extra", "breadcrumbs", "request", "user", "modules", "contexts"}.isdisjoint(event)


async def test_the_shop_is_told_whichever_way_it_is_logged() -> None:
    async with sentry() as server:
        reports = open_error_reports(RuntimeSettings(sentry_dsn=server.dsn), "notifier", Metrics("notifier"))
        reports.attach()
        own = structlog.wrap_logger(
            _log, [structlog.stdlib.ProcessorFormatter.wrap_for_formatter], structlog.stdlib.BoundLogger
        )
        try:
            fails(ADDRESS)
        except ValueError as error:
            own.exception("preparing_failed", shop="tea", delivery=ADDRESS)
            _log.error("%s failed", ADDRESS, exc_info=TypeError(str(error)), extra={"shop": "coffee"})
        await asyncio.to_thread(reports.close)
    told = [(types_in(event), event["tags"]["shop"], event["logentry"]["message"]) for event in server.events]
    assert told == [(["ValueError"], "tea", "preparing_failed"), (["TypeError"], "coffee", "%s failed")]
    assert not any(ADDRESS.encode() in body for body in server.raw)


async def test_what_is_away_is_no_bug_and_what_ends_a_service_is_told() -> None:
    async with sentry() as server:
        reports = open_error_reports(RuntimeSettings(sentry_dsn=server.dsn), "engine", Metrics("engine"))
        reports.report(Unreachable("no broker"))
        reports.report(ConnectionResetError())
        reports.report(TooManyDeadLetters("engine", 30, 40, f"the value {ADDRESS}"))
        await asyncio.to_thread(reports.close)
    assert [types_in(event) for event in server.events] == [["TooManyDeadLetters"]]
    assert not any(ADDRESS.encode() in body for body in server.raw)


async def test_an_error_that_comes_again_and_again_is_reported_now_and_then() -> None:
    now = 1000.0
    async with sentry() as server:
        metrics = Metrics("engine")
        reports = open_error_reports(RuntimeSettings(sentry_dsn=server.dsn), "engine", metrics, lambda: now)
        for _ in range(50):
            reports.report(ValueError("the same"))
        now += PERIOD + 1
        for number in range(2 * MOST):
            reports.report(type(f"Error{number}", (Exception,), {})())
        await asyncio.to_thread(reports.close)
    assert len(server.events) == 1 + MOST
    counted = {sample.labels["result"]: sample.value for sample in samples(metrics)}
    assert counted == {"sent": 1 + MOST, "left_out": 49 + MOST}


def samples(metrics: Metrics) -> list[Any]:
    name = "relevo_errors_reported"
    [family] = [one for one in metrics.registry.collect() if one.name == name]
    return [one for one in family.samples if one.name == f"{name}_total"]


async def test_a_server_that_is_away_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with sentry() as server:
        dsn = server.dsn
    reports = open_error_reports(RuntimeSettings(sentry_dsn=dsn), "engine", Metrics("engine"))
    reports.attach()
    _log.error("failed", exc_info=ValueError())
    await asyncio.to_thread(reports.close)
    assert "failed" in caplog.messages
    assert server.events == []


def test_a_dsn_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="not a DSN") as refused:
        RuntimeSettings(sentry_dsn=SecretStr("https://sentry.example.com/7"))
    assert "sentry.example.com" not in str(refused.value)
