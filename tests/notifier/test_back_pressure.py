"""What holds up Kafka, and for how long; what is held in memory; and what the watch of the queues tells."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from aiokafka.admin import AIOKafkaAdminClient

from relevo_contracts.messages import SendDelivery
from relevo_contracts.topics import DELIVERIES
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.adapters.turns import QueueCounts
from relevo_notifier.app import accept as accepting
from relevo_notifier.app.accept import Accept
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.flow import Flow, FlowRules
from relevo_notifier.app.watch_queues import QueueWatch, Waiting
from relevo_notifier.app.worker_pool import WorkerPool
from relevo_notifier.core.breaker import CircuitRules
from relevo_notifier.core.limits import DAY, Limit
from relevo_notifier.core.pace import PaceRules
from relevo_notifier.core.provider_results import TryLater
from relevo_notifier.core.turns import Denied, Subqueue
from relevo_notifier.core.work import Incoming, Settled, Work
from relevo_runtime.clock import ManualClock
from relevo_runtime.health import Health
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from relevo_runtime.records import Record
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, delivery, work
from tests.notifier.test_malformed_values import LIMITS, Provider, attempt_over
from tests.notifier.test_one_pipeline import Shelf
from tests.notifier.waiting import until

DOWN = TryLater("nobody listens", concern="provider")


class GivenBack(Shelf):
    """A table that notes what is given back."""

    def __init__(self) -> None:
        super().__init__()
        self.released: list[str] = []

    async def release(self, works: Sequence[Work], now: datetime) -> None:
        self.released += [one.delivery.id for one in works]


def pool_over(shelf: Shelf, flow: Flow | None = None) -> WorkerPool[Work, Settled]:
    settlements: Batcher[Settled] = Batcher("settle", shelf.settle)
    gate = {} if flow is None else {"gate": flow}
    return WorkerPool(
        "smtp",
        attempt_over(Provider()),
        shelf,
        settlements,
        ManualClock(NOON),
        limits=LIMITS,
        **gate,  # type: ignore[arg-type]
    )


def records(*items: SendDelivery) -> list[Record]:
    return [Record(DELIVERIES, 0, n, b"", msgspec.json.encode(one)) for n, one in enumerate(items)]


def crowded(shelf: Shelf) -> WorkerPool[Work, Settled]:
    workers = pool_over(shelf)
    workers.hold(work(delivery(number), attempts=0) for number in range(LIMITS.capacity))
    return workers


async def test_a_pool_that_stays_crowded_holds_up_kafka_once() -> None:
    """Else a receipt would wait on the topic behind a campaign: the table has room for both."""
    shelf = Shelf()
    accept = Accept(SendDelivery, lambda _: "smtp", {"smtp": shelf}, {"smtp": crowded(shelf)}, ManualClock(NOON))
    first = asyncio.create_task(accept(records(delivery(1))))
    await asyncio.sleep(0)
    assert shelf.taken == []
    await first
    await asyncio.wait_for(accept(records(delivery(2, purpose="transactional"))), accepting.PATIENCE / 2)
    assert shelf.taken == [delivery(1).id, delivery(2).id]


async def test_a_table_with_enough_in_it_holds_up_each_batch() -> None:
    shelf = Shelf()
    queues, pools = {"smtp": shelf}, {"smtp": pool_over(shelf)}
    accept = Accept(SendDelivery, lambda _: "smtp", queues, pools, ManualClock(NOON), is_full=lambda _: True)
    taking = asyncio.create_task(accept(records(delivery(1))))
    done, _ = await asyncio.wait([taking], timeout=0.2)
    assert (done, shelf.taken) == (set(), [])
    await taking
    assert shelf.taken == [delivery(1).id]


async def test_the_members_of_the_group_stay_while_kafka_is_held_up(post: Post) -> None:
    """Batches that wait, together for longer than the session lasts, cost no partition."""
    changes = {"session_timeout": 6.0, "notifier_backlog": 1, "notifier_limits": "smtp=1/day", "notifier_batch": 1}
    await post.publish(*(delivery(number) for number in range(4)))
    async with post.notifier(**changes) as notifier:  # type: ignore[arg-type]  # settings by name

        async def some_wait() -> bool:
            await notifier.watch.run_once(post.clock.now())
            return notifier.watch.is_full("smtp") and bool(await generation(post))

        await until(some_wait)
        before = await generation(post)
        await post.publish(*(delivery(number) for number in range(10, 13)))

        async def all_taken() -> bool:
            return len(await post.states()) == 7

        await until(all_taken)
        assert await generation(post) == before


async def generation(post: Post) -> list[str]:
    """The members of the group, by the names that the broker gave them when they joined."""
    client = AIOKafkaAdminClient(bootstrap_servers=post.settings.kafka)
    await client.start()
    try:
        [answer] = await client.describe_consumer_groups([post.settings.group("notifier")])
        return [member[0] for member in answer.groups[0][5]] if answer.groups[0][2] == "Stable" else []
    finally:
        await client.close()


async def test_what_is_held_goes_back_when_the_provider_is_left_alone() -> None:
    shelf, flow = GivenBack(), Flow("smtp", (), FlowRules(), ManualClock(NOON))
    workers = pool_over(shelf, flow)
    for _ in range(5):
        flow.ended("", DOWN, NOON)
    workers.hold([work(attempts=0)])
    running = asyncio.create_task(workers.run())
    try:

        async def released() -> bool:
            return shelf.released == [delivery().id]

        await until(released)
        assert (workers.reserve(1), workers.room_for_new()) == (0, 0)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_receipts_that_are_held_pass_before_a_campaign() -> None:
    workers = pool_over(Shelf())
    workers.hold(work(delivery(number), attempts=0) for number in range(3))
    workers.hold([work(delivery(9, purpose="transactional"), attempts=0)])
    assert [one.delivery.id for one in workers.held] == [delivery(n).id for n in (9, 0, 1, 2)]


def test_a_domain_that_asked_for_less_is_put_off_and_others_go_on() -> None:
    rules = FlowRules(destination=PaceRules(CircuitRules(pause=timedelta(minutes=1))))
    flow = Flow("smtp", (), rules, ManualClock(NOON))
    flow.ended("example.com", TryLater("421 4.7.0 rate", concern="destination"), NOON)
    assert flow.is_free(NOON)
    assert flow.enter("example.org", "m1", NOON) is None
    kept_back = flow.enter("example.com", "m1", NOON)
    assert kept_back is not None
    assert kept_back[0] == "rate: example.com asked for less, it is left alone for a while"
    assert kept_back[1] >= NOON + timedelta(minutes=1)
    assert flow.enter("example.com", "m1", NOON + timedelta(minutes=1)) is None
    assert flow.enter("example.com", "m2", NOON + timedelta(minutes=1)) is not None


class Counted:
    """Queues in which so much waits."""

    def __init__(self, **waiting: Waiting) -> None:
        self._waiting = waiting

    async def waiting(self, flows: Sequence[Flow], now: datetime) -> Mapping[str, Waiting]:
        return self._waiting


async def test_what_waits_is_counted_by_provider_and_reason() -> None:
    clock, metrics, health = ManualClock(NOON), Metrics("notifier"), Health()
    limited = Flow("ses", [Limit("ses", 1, DAY)], FlowRules(), clock)
    limited.denied([Denied(Subqueue("marketing", "", "acme", NOON), limited.limits[0])], NOON)
    down, well = Flow("smtp", (), FlowRules(), clock), Flow("twilio", (), FlowRules(), clock)
    for _ in range(5):
        down.ended("", DOWN, NOON)
    counted = Counted(ses=Waiting(7, 1), smtp=Waiting(5, 0), twilio=Waiting(2, 0))
    watch = QueueWatch(counted, [limited, down, well], health, metrics, most=6)
    await watch.run_once(NOON)
    text = metrics.text().decode()
    for line in ('ses",reason="rate"} 7.0', 'smtp",reason="provider"} 5.0', 'twilio",reason="turn"} 2.0'):
        assert f'relevo_deliveries_waiting{{provider="{line}' in text
    assert (watch.is_full("ses"), watch.is_full("smtp")) == (True, False)
    parts = (await health.report()).parts
    assert parts["queue of ses"]["why"] == "7 messages wait: rate: at most 1 message a day by ses"
    assert parts["queue of ses"]["ok"] is True


async def test_queues_are_counted_in_the_table(pool: Pool) -> None:
    items = [(delivery(1), NOON), (delivery(2), NOON), (delivery(3), NOON + timedelta(hours=1))]
    incoming = [Incoming(one, msgspec.json.encode(one), begun=False, wake_at=at) for one, at in items]
    await Deliveries(pool).accept(incoming, NOON, "smtp")
    flows = [Flow(name, (), FlowRules(), ManualClock(NOON)) for name in ("smtp", "ses")]
    found = await QueueCounts(pool, {"smtp": "email", "ses": "email"}).waiting(flows, NOON)
    assert found == {"smtp": Waiting(2, 1), "ses": Waiting(0, 0)}
