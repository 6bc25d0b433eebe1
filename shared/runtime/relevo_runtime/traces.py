"""Traces by OpenTelemetry: the context that travels with messages, and the spans of a service.

A trace begins where something comes in, for a share of what comes, and goes on through Kafka: a message of a trace
carries its context as `traceparent`. What is in no trace carries nothing and costs nothing. Without `traces_url` no
module of OpenTelemetry is imported.
"""

import random
import re
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Literal, Protocol, Self
from urllib.parse import urlsplit

from relevo_runtime.health import RELEASE
from relevo_runtime.metrics import Metrics
from relevo_runtime.settings import RuntimeSettings

Kind = Literal["server", "client", "producer", "consumer", "internal"]
Said = Mapping[str, str | int | float | list[str]]
"""What is said of a span, by OpenTelemetry's names or `relevo.…`. Nothing of a person: traces go to other systems."""

CONTEXT = "traceparent"
"""The header of HTTP that has the context of a caller."""

_PATH = "/v1/traces"
_SAMPLED = 1
# Source: W3C Trace Context, section 3.2.2; ids of zeros are invalid.
_CONTEXT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


class Span:
    """Something that takes time in a trace. `traceparent` is its context, for what follows from it; empty: in none.

    As a context manager it ends with the block, as failed if that raises.
    """

    traceparent = ""

    def note(self, said: Said) -> None:
        """Say more of it."""

    def end(self, error: BaseException | None = None) -> None:
        """It is over. Of an error only its kind is kept: its text may quote what somebody wrote."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)


NO_SPAN = Span()
"""What stands for the span of something that is in no trace."""


class Tracing(Protocol):
    """Whoever makes spans and takes them where they are looked at."""

    def span(
        self, name: str, kind: Kind, said: Said, *, parent: str, links: Collection[str], began: int | None
    ) -> Span:
        """A span that begins now, or at `began` (nanoseconds of Unix time)."""
        ...

    def close(self) -> None:
        """Send what is left, for a moment at most."""
        ...


class Traces:
    """The traces of one service. `share` of those that could begin here do; what goes on with one is always kept."""

    def __init__(self, tracing: Tracing | None = None, share: float = 0.0) -> None:
        self._tracing = tracing
        self._share = share

    @property
    def on(self) -> bool:
        """Whether spans are made at all."""
        return self._tracing is not None

    def here(self, name: str, kind: Kind, said: Said, *, links: Iterable[str] = ()) -> Span:
        """A trace that begins here, or `NO_SPAN`: chance decides, and nobody outside does."""
        if self._tracing is None or random.random() >= self._share:  # noqa: TID251 - nothing is decided by it
            return NO_SPAN
        return self._tracing.span(name, kind, said, parent="", links=_contexts(links), began=None)

    def child(
        self,
        name: str,
        kind: Kind,
        said: Said,
        *,
        parent: str,
        links: Iterable[str] = (),
        began: int | None = None,
    ) -> Span:
        """The next span of the trace that `parent` is a context of; `NO_SPAN` if it is none."""
        if self._tracing is None or not parent or not is_sampled(parent):
            return NO_SPAN
        return self._tracing.span(name, kind, said, parent=parent, links=_contexts(links), began=began)

    def batch(self, name: str, kind: Kind, said: Said, *, links: Iterable[str], began: int | None = None) -> Span:
        """A span for many messages, linked to those that are in a trace; `NO_SPAN` if none is."""
        if self._tracing is None:
            return NO_SPAN
        kept = _contexts(links)
        return self._tracing.span(name, kind, said, parent="", links=kept, began=began) if kept else NO_SPAN

    def close(self) -> None:
        """Send what is left, for two seconds at most."""
        if self._tracing is not None:
            self._tracing.close()


NO_TRACES = Traces()


def is_sampled(traceparent: str) -> bool:
    """Whether it is the context of a trace that is kept."""
    found = _CONTEXT.fullmatch(traceparent)
    return found is not None and bool(int(found[3], 16) & _SAMPLED)


def _contexts(given: Iterable[str]) -> Collection[str]:
    return dict.fromkeys(one for one in given if one and is_sampled(one))


def open_traces(settings: RuntimeSettings, service: str, metrics: Metrics) -> Traces:
    """The traces that the settings ask for."""
    if not settings.traces_url:
        return NO_TRACES
    from relevo_runtime.otlp import Otlp  # noqa: PLC0415 - it costs memory and time that only those pay who use it

    url = urlsplit(settings.traces_url)
    endpoint = settings.traces_url if url.path.strip("/") else url._replace(path=_PATH).geturl()
    return Traces(Otlp(endpoint, service, RELEASE, metrics.spans_dropped), settings.traces_sample)
