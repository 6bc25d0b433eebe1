"""How many workflows led to one another survives the way through Kafka: else a circle of them would never end."""

import msgspec
import pytest
from msgspec import structs

from relevo_contracts import topics
from relevo_contracts.messages import SendDelivery
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.core.messages import outgoing
from relevo_runtime.kafka import Record
from relevo_workflow import Emit, EventInput, Send, StartInput, StartRun, Subject, handle
from tests.workflow.shop import CUSTOMER, SHOP, START, a_workflow, an_event, known

EVENT = structs.replace(an_event("quote.expired", START, quote_id="q"), hops=7)
FLOW = a_workflow(
    "workflow: flow\ntrigger: {event: quote.expired}\n"
    "steps: [{send: {channel: email, template: t, purpose: transactional}}]\n",
    "t",
)


def arrived() -> IncomingMessage:
    """The message of which something is a consequence."""
    record = Record(topic=topics.EVENTS, partition=0, offset=0, key=b"", value=b"")
    return IncomingMessage(b"", "casa-luna", CUSTOMER, EventInput(EVENT), record)


@pytest.mark.parametrize(
    ("effect", "topic"),
    [
        (StartRun(id="r/s/1", workflow="b", at=START, hops=7), topics.INPUTS),
        (Emit(id="r/s/1", event=EVENT), topics.EVENTS),
    ],
)
def test_what_comes_back_knows_how_many_came_before_it(effect: StartRun | Emit, topic: str) -> None:
    message = outgoing(effect, None, arrived())
    assert message.topic == topic
    [back], rejected = read([Record(topic=topic, partition=0, offset=1, key=b"", value=message.value)])
    assert rejected == []
    assert isinstance(back.input, EventInput | StartInput)
    assert (back.input.event if isinstance(back.input, EventInput) else back.input).hops == 7


def test_a_message_carries_it_on() -> None:
    subject = Subject(shop=SHOP.id, key=CUSTOMER, facts=known())
    [started] = handle((FLOW,), {}, subject, EventInput(EVENT), START, shop=SHOP).decisions
    [send] = [one for one in started.effects if isinstance(one, Send)]
    message = outgoing(send, started, arrived())
    assert msgspec.json.decode(message.value, type=SendDelivery).hops == 7
