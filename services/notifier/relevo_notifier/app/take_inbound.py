"""Takes in what people write to the shops' numbers: a STOP holds before it is acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec
import structlog

from relevo_contracts import topics
from relevo_contracts.envelope import Event, partition_key
from relevo_contracts.standing import HOLDS_AFTER
from relevo_notifier.app.inbound_ports import InboundStore, Surveys
from relevo_notifier.app.keep_inbound import KeepInbound
from relevo_notifier.app.ports import ReportPublisher
from relevo_notifier.core.inbound import Heard, Inbound, events_of_message
from relevo_runtime.clock import Clock
from relevo_runtime.metrics import Metrics

_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode


class TakeInbound:
    """The use case. All of it may be repeated: the same message twice is one, and its events have the same ids."""

    def __init__(
        self,
        keep: KeepInbound,
        store: InboundStore,
        publisher: ReportPublisher,
        clock: Clock,
        metrics: Metrics,
        *,
        surveys: Surveys,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`sleep` waits for so many seconds of wall-clock time: `standing` says what for."""
        self._keep = keep
        self._store = store
        self._surveys = surveys
        self._publisher = publisher
        self._clock = clock
        self._received = metrics.messages_received
        self._sleep = sleep

    async def __call__(self, provider: str, messages: Sequence[Inbound]) -> int:
        """Take them in; returns how many of them are for shops. When it returns, what was withdrawn is.

        Raises `PublishError`, `OSError` and the database's errors: the provider has to send it again then.
        """
        return sum([await self._take(provider, one) for one in messages])

    async def _take(self, provider: str, inbound: Inbound) -> bool:
        now = self._clock.now()
        heard = await self._keep(provider, inbound, now)
        events = [event for one in heard for event in await self._events(one, provider, now)]
        publish = self._publisher.publish(topics.EVENTS, [(partition_key(e.shop, e.key), _encode(e)) for e in events])
        if any(one.command == "stop" for one in heard):
            await asyncio.gather(publish, self._sleep(HOLDS_AFTER))
        else:
            await publish
        for one in heard:
            if one.stops:  # after the events: a crash in between is asked again
                await self._store.lift(one)
            self._received.labels(provider, one.command or "message").inc()
            _log.info("received", provider=provider, shop=one.shop, keyword=one.command, told=one.told)
        return bool(heard)

    async def _events(self, heard: Heard, provider: str, now: datetime) -> list[Event]:
        survey = await self._surveys.asked(heard.asked) if heard.asked is not None else None
        return events_of_message(heard, provider, now, survey)
