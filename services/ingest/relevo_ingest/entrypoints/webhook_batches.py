"""Webhooks that are let in at the same moment are received as one list; each request waits for its own outcome."""

import asyncio
from collections.abc import Sequence
from contextvars import Context

from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import IngestDependencies, Outcome
from relevo_ingest.app.receive_webhook import Delivery, receive_webhooks
from relevo_ingest.entrypoints.gathering import Gathering

_Waiting = tuple[Delivery, "asyncio.Future[Receipt]"]


class WebhookBatches:
    """Receives webhooks in lists: whoever is let in within one turn of the event loop is in one."""

    def __init__(self, deps: IngestDependencies, gathering: Gathering) -> None:
        self._deps = deps
        self._gathering = gathering
        self._next: list[_Waiting] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def receive(self, delivery: Delivery) -> Receipt:
        """What became of the webhook, when it is safe. Raises what `receive_webhook` raises."""
        outcome: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._gathering.enter(lambda: self._join((delivery, outcome)))
        return await outcome

    def _join(self, one: _Waiting) -> None:
        self._next.append(one)
        if len(self._next) == 1:
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        batch, self._next = [one for one in self._next if not one[1].done()], []  # the others have gone
        # A context of its own: a batch belongs to no single request.
        task = asyncio.create_task(self._receive(batch), context=Context())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _receive(self, batch: Sequence[_Waiting]) -> None:
        def report(place: int, outcome: Outcome[Receipt]) -> None:
            waiting = batch[place][1]
            if waiting.done():
                return
            if isinstance(outcome, Exception):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)

        try:
            await receive_webhooks(self._deps, [delivery for delivery, _ in batch], report)
        finally:
            for _, waiting in batch:  # only if the batch itself was cancelled is anybody left
                waiting.cancel()
