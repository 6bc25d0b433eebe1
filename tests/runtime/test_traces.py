"""What a service does with traces: none without a setting, and none that it waits for."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from relevo_runtime.metrics import Metrics
from relevo_runtime.otlp import QUEUE
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.traces import NO_SPAN, NO_TRACES, Traces, is_sampled, open_traces
from tests.otlp_collector import Collector, collecting

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def opened(collector: Collector, metrics: Metrics, share: float = 1.0) -> Traces:
    return open_traces(RuntimeSettings(traces_url=collector.url, traces_sample=share), "engine", metrics)


def dropped(metrics: Metrics) -> dict[str, float]:
    [family] = [one for one in metrics.registry.collect() if one.name == "relevo_spans_dropped"]
    return {one.labels["reason"]: one.value for one in family.samples if one.name.endswith("_total")}


@pytest.mark.parametrize(
    "context",
    [
        "",
        "yes",
        SAMPLED.replace("-01", "-00"),
        SAMPLED.replace("00-", "ff-", 1),
        SAMPLED.upper(),
        f"{SAMPLED}-x",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
    ],
)
def test_what_is_no_context_of_a_trace_that_is_kept_begins_nothing(context: str) -> None:
    assert not is_sampled(context)
    assert is_sampled(SAMPLED)


def test_without_a_setting_there_are_no_spans_and_nothing_of_opentelemetry_is_loaded() -> None:
    assert NO_TRACES.here("webhook", "server", {}) is NO_SPAN
    assert NO_TRACES.child("send", "client", {}, parent=SAMPLED) is NO_SPAN
    assert NO_TRACES.batch("batch", "consumer", {}, links=[SAMPLED]) is NO_SPAN
    assert NO_SPAN.traceparent == ""
    code = (
        "import sys; from relevo_runtime.service import Service; from relevo_runtime.settings import RuntimeSettings;"
        "Service('engine', RuntimeSettings());"
        "print([one for one in sys.modules if one.startswith(('opentelemetry', 'sentry_sdk', 'requests'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_span_goes_on_with_its_parent_and_says_of_an_error_what_kind_it_was() -> None:
    async with collecting() as collector:
        traces = opened(collector, Metrics("engine"), share=0.0)
        assert traces.here("webhook", "server", {}) is NO_SPAN
        assert traces.batch("batch", "consumer", {}, links=["", "nothing"]) is NO_SPAN
        with (
            pytest.raises(ValueError, match="ana"),
            traces.child("send", "client", {"relevo.shop": "tea"}, parent=SAMPLED, links=[SAMPLED]) as span,
        ):
            raise ValueError("ana@example.com")
        await asyncio.to_thread(traces.close)
    [seen] = collector.spans
    assert f"00-{seen.trace}-{seen.parent}-01" == SAMPLED
    assert span.traceparent == f"00-{seen.trace}-{seen.id}-01"
    assert seen.links == [(seen.trace, seen.parent)]
    assert seen.said == {"relevo.shop": "tea", "error.type": "ValueError"}
    assert seen.failed
    assert not any(b"ana@example.com" in body for body in collector.raw)


@pytest.mark.parametrize("url", ["collector:4318", "https://", "grpc://collector:4317"])
def test_what_is_not_an_address_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="http://collector:4318"):
        RuntimeSettings(traces_url=url)


async def test_an_address_with_a_path_is_taken_as_it_is() -> None:
    async with collecting() as collector:
        url = f"{collector.url}/v1/traces"
        traces = open_traces(RuntimeSettings(traces_url=url, traces_sample=1), "engine", Metrics("engine"))
        traces.here("webhook", "server", {}).end()
        await asyncio.to_thread(traces.close)
    assert [one.name for one in collector.spans] == ["webhook"]


async def test_spans_that_find_the_queue_full_or_are_refused_are_counted_and_nobody_waits() -> None:
    metrics, gate = Metrics("engine"), asyncio.Event()
    async with collecting() as collector:
        collector.gate = gate
        traces = opened(collector, metrics)
        for _ in range(QUEUE + 100):
            traces.here("webhook", "server", {}).end()
        assert dropped(metrics) == {"full": 100, "failed": 0}
        gate.set()
        collector.status = 400
        await asyncio.to_thread(traces.close)
    assert dropped(metrics) == {"full": 100, "failed": QUEUE}
    assert collector.spans == []


async def test_a_collector_that_is_away_does_not_keep_a_service_from_stopping() -> None:
    async with collecting() as collector:
        pass
    metrics = Metrics("engine")
    traces = opened(collector, metrics)
    traces.here("webhook", "server", {}).end()
    async with asyncio.timeout(30):
        await asyncio.to_thread(traces.close)
        seen: Any = dropped(metrics)
        while seen != {"full": 0, "failed": 1}:
            await asyncio.sleep(0.05)
            seen = dropped(metrics)
    assert seen == {"full": 0, "failed": 1}
