"""What the engine publishes when a run ends before its time: one message behind those that it takes back."""

from datetime import datetime, timedelta

import msgspec
import pytest

from relevo_contracts import topics
from relevo_contracts.messages import SendDelivery
from tests.engine.conftest import CART, MORNING, Engine, build_engine, checkout, deploy, order

SERIES = CART | {
    "workflow.yaml": CART["workflow.yaml"].replace("transactional}", "PURPOSE}\n  - wait: 1d"),
}
AFTER = MORNING + timedelta(hours=5)


async def reminded(engine: Engine, purpose: str) -> Engine:
    """An engine with somebody who was just reminded of a cart."""
    await deploy(engine.pool, SERIES | {"workflow.yaml": SERIES["workflow.yaml"].replace("PURPOSE", purpose)})
    successor = await build_engine(engine.pool, engine.publisher)
    await successor.take(checkout("tok"))
    await successor.wake(after=timedelta(hours=4))
    await successor.processor.flush()
    return successor


async def published(engine: Engine) -> list[SendDelivery]:
    """What the newest batch has left in the outbox."""
    rows = (await engine.state())["outbox"]
    assert {topic for _, _, topic, _ in rows} <= {topics.DELIVERIES}
    return [msgspec.json.decode(value, type=SendDelivery) for _, _, _, value in rows if isinstance(value, bytes)]


async def test_a_run_that_is_left_takes_its_messages_back_once(engine: Engine) -> None:
    successor = await reminded(engine, "marketing")
    bought = order("tok", at=AFTER)
    await successor.take(bought)
    once = await successor.state()
    [run] = once["runs"]
    [message] = await published(successor)
    assert message.recall is not None
    assert (message.recall.deliveries, message.recall.reason) == ((f"{run[1]}/send-reminder/2",), "bought")
    assert (message.key, message.run_id, message.recipient.email) == ("cus_1", "", "")
    await successor.take(bought)
    assert (await successor.state())["outbox"] in ([], once["outbox"])


@pytest.mark.parametrize(("purpose", "at"), [("transactional", AFTER), ("marketing", AFTER + timedelta(days=2))])
async def test_nothing_is_published_where_nothing_can_wait(engine: Engine, purpose: str, at: datetime) -> None:
    successor = await reminded(engine, purpose)
    await successor.take(order("tok", at=at))
    assert await published(successor) == []
