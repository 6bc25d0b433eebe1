"""How many workflows led to one another survives the way through Kafka: else a circle of them would never end."""

import pytest
from msgspec import structs

from relevo_contracts import topics
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.core.messages import outgoing
from relevo_runtime.kafka import Record
from relevo_workflow import Emit, EventInput, StartInput, StartRun
from tests.workflow.shop import CUSTOMER, START, an_event

EVENT = structs.replace(an_event("quote.expired", START, quote_id="q"), hops=7)


@pytest.mark.parametrize(
    ("effect", "topic"),
    [
        (StartRun(id="r/s/1", workflow="b", at=START, hops=7), topics.INPUTS),
        (Emit(id="r/s/1", event=EVENT), topics.EVENTS),
    ],
)
def test_what_comes_back_knows_how_many_came_before_it(effect: StartRun | Emit, topic: str) -> None:
    record = Record(topic=topic, partition=0, offset=0, key=b"", value=b"")
    arrived = IncomingMessage(b"", "casa-luna", CUSTOMER, EventInput(EVENT), record)
    message = outgoing(effect, None, arrived)
    assert message.topic == topic
    [back], rejected = read([Record(topic=topic, partition=0, offset=1, key=b"", value=message.value)])
    assert rejected == []
    assert isinstance(back.input, EventInput | StartInput)
    assert (back.input.event if isinstance(back.input, EventInput) else back.input).hops == 7
