"""Messages that come in, for the tests: how each provider posts one, and what takes them in."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from relevo_contracts.envelope import Event
from relevo_contracts.messages import SendDelivery
from relevo_contracts.standing import HOLDS_AFTER
from relevo_contracts.topics import EVENTS
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.adapters.inbound import InboundTable
from relevo_notifier.app.keep_inbound import InboundRules, KeepInbound
from relevo_notifier.app.take_inbound import TakeInbound
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.provider_results import Sent
from relevo_notifier.core.settle import Rules, after
from relevo_notifier.core.work import Incoming
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.errors import PublishError
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.notifier.support import NOON, SHOP, customer, delivery

ANA = "+12025550123"
OWN = "+12025550100"
LATER = NOON + timedelta(minutes=10)
RULES = Rules(retry=Retry(), span=lambda wall: wall)


class Published:
    """What was published; `fails` times it is not."""

    def __init__(self, fails: int = 0) -> None:
        self.events: list[Event] = []
        self._fails = fails

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> None:
        if self._fails:
            self._fails -= 1
            raise PublishError(topic, len(messages), len(messages), None)
        assert topic == EVENTS
        self.events += [msgspec.json.decode(value, type=Event) for _, value in messages]

    def of(self, kind: str) -> list[Event]:
        return [one for one in self.events if one.type == kind]


def said(text: str, number: int = 1, **changes: Any) -> Inbound:
    """What Ana writes."""
    return Inbound(**{"message_id": f"SM{number}", "address": ANA, "own": OWN, "text": text, **changes})


def hearing(
    pool: Pool,
    published: Published | None = None,
    clock: ManualClock | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    **rules: Any,
) -> TakeInbound:
    store = InboundTable(pool)
    known = Catalog(pool)
    keep = KeepInbound(store, known, InboundRules(**rules))
    where = published or Published()
    now = clock or ManualClock(LATER)
    return TakeInbound(keep, store, where, now, Metrics("test"), surveys=known, sleep=sleep or no_pause)


async def no_pause(seconds: float) -> None:
    assert seconds == HOLDS_AFTER


async def texted(pool: Pool, number: int = 1, *, to: str = ANA, **changes: Any) -> None:
    """A text that was sent."""
    await _sent(pool, delivery(number, channel="sms", recipient=customer(phone=to), **changes), number, to)


async def texted_staff(pool: Pool, to: str = ANA) -> None:
    """A text about a customer's task that was sent to one of the staff."""
    about: dict[str, Any] = {"to": "staff", "purpose": "transactional", "template": "staff-notice-sms"}
    await _sent(pool, delivery(1, channel="sms", recipient=customer(phone=to), **about), 1, to)


async def _sent(pool: Pool, item: SendDelivery, number: int, to: str) -> None:
    queue = ProviderQueue(Deliveries(pool), "sms", "twilio")
    [work] = await queue.accept([Incoming(item, msgspec.json.encode(item), True, LATER)], NOON)
    await Deliveries(pool).settle([after(work, Sent("SM0"), to, NOON, RULES)], NOON + timedelta(minutes=number))


async def add_shop(pool: Pool, name: str = "acme", **changes: Any) -> None:
    shop = msgspec.structs.replace(SHOP, shop=name, **changes)
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, shop)
