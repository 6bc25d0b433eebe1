"""The client: one event or a batch, tried again while the answer says so."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
from msgspec import Struct

from relevo_client.errors import RelevoProblem, Unreachable
from relevo_contracts.payloads import Payload

_BATCH = "application/cloudevents-batch+json"
MOST_IN_A_BATCH = 1000


class Event(Struct, frozen=True):
    """Something that happened. `data` is a payload of `relevo_contracts`, or a mapping for an event of your own.

    `id` is what your system calls it (`order-1001`): the same id again is the same event, so whoever is unsure sends it
    again. Without a `time` it happened when it arrives. `historical` marks a backfill, `test` a rehearsal.
    """

    type: str
    data: Payload | dict[str, Any]
    id: str
    time: datetime | None = None
    historical: bool = False
    test: bool = False


class Accepted(Struct, frozen=True):
    """An event that is stored; `note` says where it differs from what was sent."""

    id: str
    type: str
    key: str
    time: datetime
    note: str = ""


class Receipt(Struct, frozen=True):
    """What became of a request. `unrecognised` only has something if the client is not strict."""

    events: list[Accepted]
    unrecognised: list[str] = []
    waiting: list[Accepted] = []


class Retry(Struct, frozen=True):
    """How often it is tried in all, the first pause in seconds (doubled each time), and the longest one."""

    attempts: int = 6
    first: float = 0.5
    longest: float = 30.0

    def pause(self, attempt: int, asked: str) -> float:
        """Seconds before the attempt after `attempt`: what the answer asks for, if it does."""
        if asked.strip().isdigit():
            return float(asked)
        return float(min(self.longest, self.first * 2.0 ** (attempt - 1)))


class Client:
    """Sends events of one shop, from one thread at a time. Its methods raise `RelevoProblem` or `Unreachable`."""

    def __init__(
        self,
        url: str,
        shop: str,
        token: str,
        *,
        source: str,
        strict: bool = True,
        retry: Retry | None = None,
        timeout: float = 15.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._path = f"/events/{shop}" + ("" if strict else "?strict=false")
        self._retry = retry or Retry()
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            timeout=timeout,
            transport=transport,
            headers={"Authorization": f"Bearer {token}", "Content-Type": _BATCH},
        )

    def send(self, event: Event) -> Accepted | None:
        """Sends one event. `None` if it was not recognised, which only a client that is not strict meets."""
        return next(iter(self.send_batch([event]).events), None)

    def send_batch(self, events: Sequence[Event]) -> Receipt:
        """Sends up to 1,000 events: all of them are stored, or none is."""
        body = msgspec.json.encode([self._written(event) for event in events])
        return self._post(body)

    def send_all(self, events: Iterable[Event], size: int = MOST_IN_A_BATCH) -> Iterator[Receipt]:
        """Sends any number of events in batches, for a backfill. After an error send all of them again."""
        source = iter(events)
        while batch := list(islice(source, size)):
            yield self.send_batch(batch)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _post(self, body: bytes) -> Receipt:
        for attempt in range(1, self._retry.attempts + 1):
            last = attempt == self._retry.attempts
            try:
                answer = self._http.post(self._path, content=body)
                if answer.is_success:
                    return _receipt(answer)
            except (httpx.TransportError, httpx.DecodingError, _NoReceipt) as error:
                if last:
                    raise Unreachable(f"no answer after {attempt} attempts: {error!r}") from error
                asked = ""
            else:
                problem = RelevoProblem(answer.status_code, answer.content)
                if last or not (problem.again or problem.status >= 500):
                    raise problem
                asked = answer.headers.get("retry-after", "")
            self._sleep(self._retry.pause(attempt, asked))
        raise Unreachable("Retry.attempts is less than 1")

    def _written(self, event: Event) -> dict[str, Any]:
        written: dict[str, Any] = {
            "specversion": "1.0",
            "id": event.id,
            "source": self._source,
            "type": event.type,
            "data": event.data,
        }
        extras = {"time": event.time, "historical": event.historical, "test": event.test}
        return written | {name: value for name, value in extras.items() if value}


class _NoReceipt(Exception):  # noqa: N818 - says what is the case
    """A success without a receipt: something else answered, such as a page of a proxy."""


def _receipt(answer: httpx.Response) -> Receipt:
    try:
        return msgspec.json.decode(answer.content, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        shown = answer.content[:200].decode("utf-8", "replace")
        raise _NoReceipt(f"{answer.status_code} without a receipt ({error}): {shown!r}") from error
