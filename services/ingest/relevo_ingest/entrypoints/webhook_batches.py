"""Webhooks that are let in at the same moment are received as one list; each request waits for its own outcome."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from functools import partial

from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import IngestDependencies, Outcome
from relevo_ingest.app.receive_webhook import Delivery, receive_webhooks
from relevo_ingest.entrypoints.gathering import Gathering
from relevo_runtime.traces import NO_SPAN, NO_TRACES, Span, Traces

_AT_ONCE = 2
"""So many lists keep the process at work while Kafka or PostgreSQL has one of them."""
_PATIENCE = 0.1
Told = Callable[[Outcome[Receipt]], None]
_Waiting = tuple[Delivery, Told]


class WebhookBatches:
    """Receives webhooks in lists: whoever is let in within one turn of the event loop is in one.

    While some lists are under way, who is let in waits for the end of one of them: larger lists cost less for each.
    That takes `patience` seconds of wall-clock time at most, however slow the lists before are.
    """

    def __init__(
        self,
        deps: IngestDependencies,
        gathering: Gathering,
        *,
        traces: Traces = NO_TRACES,
        patience: float = _PATIENCE,
    ) -> None:
        self._deps = deps
        self._gathering = gathering
        self._traces = traces
        self._patience = patience
        self._next: list[_Waiting] = []
        self._overdue: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def receive(self, delivery: Delivery, caller: str = "") -> Receipt:
        """What became of the webhook, when it is safe. Raises what `receive_webhook` raises. `caller`: see `add`."""
        outcome: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.add(delivery, partial(_settle, outcome), caller)
        return await outcome

    def add(self, delivery: Delivery, told: Told, caller: str = "") -> None:
        """`told` hears what became of the webhook, unless the process ends before.

        `caller` is the sender's own context: a trace of the webhook is linked to it, and begins here all the same.
        """
        span = self._traces.here("receive webhook", "server", {"relevo.shop": delivery.shop.shop}, links=(caller,))
        if span is not NO_SPAN:
            webhook = delivery.webhook
            span.note({"relevo.platform": webhook.connector.name, "relevo.topic": webhook.label})
            delivery, told = delivery.traced(span.traceparent), partial(_ended, span, told)
        self._gathering.enter(partial(self._join, (delivery, told)))

    def _join(self, one: _Waiting) -> None:
        self._next.append(one)
        if len(self._next) == 1:
            asyncio.get_running_loop().call_soon(self._begin_if_free)

    def _begin_if_free(self) -> None:
        if len(self._under_way) < _AT_ONCE:
            self._begin()
        elif self._overdue is None:
            self._overdue = asyncio.get_running_loop().call_later(self._patience, self._begin)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if self._next:
            self._begin_if_free()

    def _begin(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        batch, self._next = self._next, []
        # A context of its own: a batch belongs to no single request.
        task = asyncio.create_task(self._receive(batch), context=Context())
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    async def _receive(self, batch: Sequence[_Waiting]) -> None:
        def report(place: int, outcome: Outcome[Receipt]) -> None:
            batch[place][1](outcome)

        await receive_webhooks(self._deps, [delivery for delivery, _ in batch], report)


def _ended(span: Span, told: Told, outcome: Outcome[Receipt]) -> None:
    span.end(outcome if isinstance(outcome, Exception) else None)
    told(outcome)


def _settle(waiting: "asyncio.Future[Receipt]", outcome: Outcome[Receipt]) -> None:
    if waiting.done():  # whoever waited has gone
        return
    if isinstance(outcome, Exception):
        waiting.set_exception(outcome)
    else:
        waiting.set_result(outcome)
