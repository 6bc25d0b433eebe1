"""What traces cost an event: the spans of ingest, engine and notifier without what they are about, in CPU time.

`python -m benchmarks.traces` sends to a collector of its own, a process that throws away what it gets. The CPU time is
that of this process with the thread that sends.
"""

import subprocess
import sys
import time
from datetime import UTC, datetime

from relevo_contracts.envelope import Event
from relevo_engine.app.batch_trace import BatchTrace
from relevo_engine.core.batch import Changes
from relevo_engine.core.inputs import IncomingMessage
from relevo_runtime.metrics import Metrics
from relevo_runtime.records import Record
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.traces import Traces, open_traces
from relevo_workflow import EventInput

BATCH = 100
BATCHES = 200
_PAUSE = 0.1  # the thread that sends keeps up
_SINK = """
import http.server
class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
print(server.server_port, flush=True)
server.serve_forever()
"""
_RECORD = Record("relevo.events", 0, 0, b"", b"")
_AT = datetime(2026, 3, 5, tzinfo=UTC)


def event(number: int, traceparent: str) -> IncomingMessage:
    """An event as the engine has it."""
    made = Event(
        id=str(number),
        source="bench",
        type="order.placed",
        time=_AT,
        shop="tea",
        key=str(number),
        data={},
        receivedtime=_AT,
        traceparent=traceparent,
    )
    return IncomingMessage(b"", "tea", made.key, EventInput(made), _RECORD, traceparent)


def batch(traces: Traces, number: int) -> None:
    """A batch of events on their whole way: let in, decided, a mail sent for each."""
    arrived = []
    for one in range(BATCH):
        with traces.here("receive webhook", "server", {"relevo.shop": "tea"}, links=("",)) as span:
            arrived.append(event(number * BATCH + one, span.traceparent))
    trace = BatchTrace(traces)
    taken = trace.take(arrived, {})
    trace.end(Changes.none())
    contexts = [one.traceparent for one in taken]
    with traces.batch("notifier batch", "consumer", {"messaging.batch.message_count": BATCH}, links=contexts):
        pass
    for parent in contexts:
        with traces.child("send email", "client", {"relevo.shop": "tea"}, parent=parent) as span:
            span.note({"relevo.outcome": "Sent"})


def microseconds(url: str, share: float) -> float:
    """CPU time an event, everything sent: raises `AssertionError` if something was not."""
    metrics = Metrics("bench")
    traces = open_traces(RuntimeSettings(traces_url=url, traces_sample=share), "bench", metrics)
    batch(traces, 0)
    began = time.process_time()
    for number in range(BATCHES):
        batch(traces, number)
        if share:
            time.sleep(_PAUSE)
    traces.close()
    spent = time.process_time() - began
    assert b"relevo_spans_dropped_total{reason" not in _counted(metrics.text())
    return spent / (BATCHES * BATCH) * 1e6


def _counted(text: bytes) -> bytes:
    return b"\n".join(line for line in text.splitlines() if not line.endswith(b" 0.0"))


def main() -> None:
    """Prints a line for each setting."""
    sink = subprocess.Popen([sys.executable, "-c", _SINK], stdout=subprocess.PIPE, text=True)
    try:
        assert sink.stdout is not None
        url = f"http://127.0.0.1:{sink.stdout.readline().strip()}"
        base = min(microseconds("", 0.0) for _ in range(3))
        print(f"off: {base:.1f} µs an event, the events themselves included")
        for share in (0.0, 0.01, 0.1, 1.0):
            cost = min(microseconds(url, share) for _ in range(3)) - base
            print(f"share {share}: {cost:.1f} µs more an event")
    finally:
        sink.terminate()
        sink.wait()


if __name__ == "__main__":
    main()
