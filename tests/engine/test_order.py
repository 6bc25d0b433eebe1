"""A wake-up comes after what happened before it was due, and the order of events stays."""

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts import topics
from relevo_contracts.messages import WakeUp
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.core.order import in_order
from relevo_runtime.kafka import Record
from relevo_workflow import TimerInput
from tests.engine.conftest import MORNING, Engine, checkout, order

HOUR = timedelta(hours=1)


def arrived(*messages: object) -> list[IncomingMessage]:
    records = [
        Record(
            topic=topics.WAKEUPS if isinstance(m, WakeUp) else topics.EVENTS, partition=0, offset=n, key=b"k",
            value=msgspec.json.encode(m),
        )
        for n, m in enumerate(messages)
    ]  # fmt: skip
    return read(records)[0]


def due(hours: int, key: str = "cus_1") -> WakeUp:
    at = MORNING + hours * HOUR
    return WakeUp(id=f"{key}/{hours}", shop="sample", key=key, timer_id="t", due_at=at, run_id="r", turn=1, name="step")


async def test_an_order_in_the_same_batch_comes_before_the_wake_up_that_it_makes_needless(engine: Engine) -> None:
    await engine.take(checkout("tok"))
    engine.clock.advance(5 * HOUR)
    row = await engine.pool.fetchrow("select * from scheduler.timer")
    assert row is not None
    wakeup = WakeUp(
        id="w", shop="sample", key="cus_1", timer_id=row["timer_id"], due_at=row["due_at"], run_id=row["run_id"],
        turn=row["turn"], name=row["name"],
    )  # fmt: skip
    await engine.take(wakeup, order("tok", at=MORNING + 2 * HOUR))
    state = await engine.state()
    assert state["outbox"] == []
    assert [reason for *_, reason, _ in state["runs"]] == ["bought"]


def test_what_happens_at_the_very_instant_counts_as_before() -> None:
    ordered = in_order(arrived(due(1), order("tok", at=MORNING + HOUR)))
    assert [isinstance(one.input, TimerInput) for one in ordered] == [False, True]


messages = st.lists(
    st.tuples(st.sampled_from(["event", "wakeup"]), st.integers(0, 6), st.sampled_from(["cus_1", "cus_2"])), max_size=12
)


@given(messages)
def test_events_of_a_key_keep_their_order_and_no_wake_up_overtakes_an_earlier_event(kinds) -> None:  # type: ignore[no-untyped-def]
    batch = arrived(
        *(
            due(hour, key) if kind == "wakeup" else checkout(f"t{n}", key=key, at=MORNING + hour * HOUR)
            for n, (kind, hour, key) in enumerate(kinds)
        )
    )
    ordered = in_order(batch)
    assert sorted(one.record.offset for one in ordered) == [one.record.offset for one in batch]
    for key in ("cus_1", "cus_2"):
        mine = [one for one in ordered if one.key == key]
        events = [one.record.offset for one in mine if not isinstance(one.input, TimerInput)]
        assert events == sorted(events)
        for place, one in enumerate(mine):
            if isinstance(one.input, TimerInput):
                before = [e for e in batch if e.key == key and not isinstance(e.input, TimerInput)]
                overtaken = [e for e in mine[place:] if not isinstance(e.input, TimerInput)]
                late = {
                    e.record.offset
                    for e in before
                    if max(x.input.at for x in before if x.record.offset <= e.record.offset) <= one.input.at
                }
                assert not late & {e.record.offset for e in overtaken}
