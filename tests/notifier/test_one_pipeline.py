"""Deliveries and calls go one way: what both tables say of the life of a row is the same."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
import pytest

from relevo_contracts.messages import SendDelivery
from relevo_contracts.topics import DELIVERIES
from relevo_notifier.adapters import calls, deliveries
from relevo_notifier.app.accept import Accept
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.worker_pool import WorkerPool
from relevo_notifier.core.work import Incoming, Settled, Work
from relevo_runtime.clock import ManualClock
from relevo_runtime.records import Record
from tests.notifier.support import NOON, delivery, work
from tests.notifier.test_malformed_values import LIMITS, Provider, Table, attempt_over

LIFE = {"accept", "begin", "claim_due", "next_wake", "settle", "mark_unreadable", "release"}


def neutral(sql: str) -> str:
    """The statement without what names the kind."""
    sql = re.sub(r"--.*", "", sql)
    sql = re.sub(r"notifier\.(?:delivery|call)\b(?: [dc]\b)?", "notifier.work w", sql)
    sql = re.sub(r"\b[dc]\.", "w.", sql)
    return " ".join(sql.split())


def test_both_tables_have_the_same_statements() -> None:
    assert set(calls.STATEMENTS) == LIFE
    assert set(deliveries.STATEMENTS) >= LIFE


def test_what_kafka_has_is_written_down_alike_with_the_next_settlement() -> None:
    reported = [
        re.search(r"with reported as \((.*?)\n\)", table.STATEMENTS["settle"], re.DOTALL)
        for table in (calls, deliveries)
    ]
    of_calls, of_deliveries = (re.sub(r"\$\d+", "$", neutral(found[1])) for found in reported if found)
    assert of_calls == of_deliveries
    assert "wake_at = null, outcome = null, body = null" in of_calls


@pytest.mark.parametrize("name", ["mark_unreadable", "release"])
def test_what_is_common_to_both_reads_the_same(name: str) -> None:
    assert neutral(calls.STATEMENTS[name]) == neutral(deliveries.STATEMENTS[name])


class Shelf(Table):
    """A table that takes in work, and tells when it has."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []
        self.took = asyncio.Event()

    async def accept(self, incoming: Sequence[Incoming[SendDelivery]], now: datetime) -> list[Work]:
        self.taken += [one.command.id for one in incoming]
        self.took.set()
        return []


def pool(name: str, shelf: Shelf) -> WorkerPool[Work, Settled]:
    settlements: Batcher[Settled] = Batcher("settle", shelf.settle)
    return WorkerPool(name, attempt_over(Provider()), shelf, settlements, ManualClock(NOON), limits=LIMITS)


async def test_a_provider_that_is_away_holds_up_nothing_that_came_with_its_own() -> None:
    shelves = {"away": Shelf(), "well": Shelf()}
    pools = {name: pool(name, shelf) for name, shelf in shelves.items()}
    pools["away"].hold(work(delivery(number), attempts=0) for number in range(LIMITS.capacity))
    accept = Accept(SendDelivery, lambda one: one.shop, shelves, pools, ManualClock(NOON))
    came = [delivery(1, shop="away"), delivery(2, shop="well")]
    records = [Record(DELIVERIES, 0, n, b"", msgspec.json.encode(one)) for n, one in enumerate(came)]
    taking = asyncio.create_task(accept(records))
    try:
        await shelves["well"].took.wait()
        assert (shelves["well"].taken, shelves["away"].taken) == ([came[1].id], [])
    finally:
        taking.cancel()
        await asyncio.wait([taking])
