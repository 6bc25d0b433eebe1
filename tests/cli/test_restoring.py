"""What a restored database and Kafka tell of each other, and what follows: pure. `tests/chaos` does it for real."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from relevo_cli.restoring.comparing import findings, set_back
from relevo_cli.restoring.facts import Facts, Place, Promised, Unopened
from relevo_cli.restoring.positions import PAGE, Looked, taken_until
from relevo_contracts.contact import Contact
from relevo_contracts.messages import CallAnswered, DeliveryOutcome, SendDelivery

AT = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
DELIVERY = SendDelivery(
    id="r/first/1",
    shop="tea",
    key="cus_1",
    run_id="r",
    workflow="flow",
    definition="v",
    step="first",
    channel="email",
    purpose="marketing",
    template="t",
    recipient=Contact(),
    context={},
    decided_at=AT,
    not_after=AT,
)
OUTCOME = DeliveryOutcome(
    id="o", delivery_id="r/first/1", shop="tea", key="k", run_id="r", workflow="f", step="s", channel="email",
    status="sent", at=AT,
)  # fmt: skip


def found_in(taken: Sequence[bool | None], begin: int = 0) -> tuple[int, int]:
    """The position in a partition of such records, and how many pages were looked at for it."""
    looks = 0

    async def look(offset: int) -> Sequence[Looked]:
        nonlocal looks
        looks += 1
        return [Looked(at, taken[at]) for at in range(offset, min(offset + PAGE, len(taken)))]

    return asyncio.run(taken_until(begin, len(taken), look)), looks


def place(**changed: int | None) -> Place:
    given = {"partition": 3, "begin": 0, "end": 100, "committed": 100, "taken": 100, "skipped": 0, **changed}
    return Place(group="engine", topic="relevo.events", **given)  # type: ignore[arg-type]  # numbers all


@given(before=st.integers(0, 1000), after=st.integers(0, 1000))
def test_the_position_is_where_what_is_taken_ends(before: int, after: int) -> None:
    assert found_in((True,) * before + (False,) * after)[0] == before


@given(before=st.integers(200, 900), after=st.integers(1, 900), data=st.data())
def test_nothing_is_left_out_whatever_else_is_between(before: int, after: int, data: st.DataObject) -> None:
    records: list[bool | None] = [number < before for number in range(before + after)]
    for unknown in data.draw(st.sets(st.integers(0, len(records) - 1), max_size=60)):
        records[unknown] = None  # about people who were erased
    for again in data.draw(st.sets(st.integers(before, len(records) - 1), max_size=20)):
        records[again] = True  # the shop sent once more what it had sent long before
    at, _ = found_in(records)
    first = next((number for number, one in enumerate(records) if one is False), len(records))
    assert at <= first or records[first] is not False


def test_a_long_topic_is_halved_and_not_read() -> None:
    at, looks = found_in([True] * 400_000 + [False] * 100_000)
    assert at == 400_000
    assert looks < 25


def test_what_a_database_has_no_more_memory_of_is_not_looked_for() -> None:
    assert found_in([None] * 500, begin=400)[0] == 400


def test_a_system_that_was_never_restored_has_no_errors() -> None:
    assert findings(Facts(places=[place()])) == []
    assert set_back(Facts(places=[place()])) == {}


def test_what_an_older_database_lacks_is_read_again_by_the_engine_and_by_who_learns_contacts() -> None:
    facts = Facts(places=[place(taken=60, skipped=40)], contacts_from={3: 10})
    [error] = findings(facts)
    assert error.severity == "error"
    assert "engine would leave out 40 records of relevo.events (partition 3)" in error.what
    assert set_back(facts) == {
        "engine": {("relevo.events", 3): 60},
        "notifier-contacts": {("relevo.events", 3): 10},
    }


def test_a_group_that_kafka_does_not_know_begins_where_the_database_is() -> None:
    for committed in (None, 400):  # no commit, and one behind the end of a topic that is shorter now
        facts = Facts(places=[place(committed=committed)])
        assert [one.severity for one in findings(facts)] == ["error"]
        assert set_back(facts) == {"engine": {("relevo.events", 3): 100}}


def test_an_empty_topic_and_one_that_is_read_again_are_no_errors() -> None:
    empty = place(end=0, committed=None, taken=0)
    behind = place(committed=90)
    facts = Facts(places=[empty, behind])
    assert [(one.severity, "10 records" in one.what) for one in findings(facts)] == [("note", True)]
    assert set_back(facts) == {}


def test_each_danger_is_named_with_what_helps() -> None:
    answer = CallAnswered(id="a", shop="tea", key="k", run_id="r", call_id="c", at=AT)
    told = findings(
        Facts(
            running={"engine": 2},
            missing_topics=["relevo.calls"],
            unknown_versions=["abc"],
            outcomes=[OUTCOME],
            answers=[answer],
            doubtful=[Promised(delivery=DELIVERY, at=AT)],
            waiting=2,
            unheard=[OUTCOME],
            unheard_calls=1,
            unopened={"tea": Unopened(records=5, people=2)},
            erasures=1,
            outbox=3,
        )
    )
    assert [one.severity for one in told] == ["error"] * 6 + ["warning"] * 4 + ["note"] * 2
    assert all(one.do for one in told if one.severity == "error")
    texts = " ".join(one.what for one in told)
    for text in ("1 message has an outcome on Kafka", "1 call was answered", "5 records of 2 people of the shop tea"):
        assert text in texts
