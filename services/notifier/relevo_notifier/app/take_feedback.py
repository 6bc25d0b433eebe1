"""Takes in what providers tell of messages: it is kept, addresses are suppressed, and the rest of the system hears."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec
import structlog

from relevo_contracts import topics
from relevo_contracts.envelope import partition_key
from relevo_notifier.app.ports import ReportPublisher
from relevo_notifier.core.feedback import Concerned, Feedback, events_of
from relevo_runtime.clock import Clock
from relevo_runtime.metrics import Metrics

_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode


class FeedbackStore(Protocol):
    """Where it is kept."""

    async def take(self, provider: str, feedback: Sequence[Feedback], now: datetime, /) -> list[Concerned]:
        """Commit what is about messages that `provider` was given, and what follows from it; the same twice is once.

        Returns those of people who are not erased, also what was known already.
        """
        ...


class TakeFeedback:
    """The use case. All of it may be repeated: events have ids that depend on what was told alone."""

    def __init__(self, store: FeedbackStore, publisher: ReportPublisher, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._told = metrics.provider_feedback

    async def __call__(self, provider: str, feedback: Sequence[Feedback]) -> int:
        """Take it in; returns how many of `feedback` are about messages of ours.

        Raises `PublishError` and the database's errors: the provider has to tell it again then.
        """
        if not feedback:
            return 0
        now = self._clock.now()
        concerned = await self._store.take(provider, feedback, now)
        events = [event for one in concerned for event in events_of(one, provider, now)]
        await self._publisher.publish(topics.EVENTS, [(partition_key(e.shop, e.key), _encode(e)) for e in events])
        for one in concerned:
            self._told.labels(provider, one.feedback.kind).inc()
            if one.feedback.kind != "delivered":
                told = one.feedback
                _log.info(
                    "feedback", provider=provider, shop=one.shop, id=one.delivery_id, kind=told.kind, status=told.status
                )
        return len(concerned)
