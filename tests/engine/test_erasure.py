"""An erased customer leaves nothing in the engine, nothing readable on Kafka, and nothing brings them back."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts import topics as topic_names
from relevo_contracts.envelope import Event
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import StartRequested
from relevo_contracts.payloads import Buyer, CustomerMerged, PrivacyRequested, ShopChanged
from relevo_contracts.staff import Member
from relevo_engine.adapters import tasks
from relevo_engine.core.erasure import erasures
from relevo_runtime.kafka import Publisher, Record
from relevo_runtime.postgres import Pool
from relevo_runtime.sealing import Seals
from relevo_workflow import EventInput, Facts, Subject, handle, precedes_erasure, precedes_shop_erasure
from tests.conftest import SettingsFactory
from tests.engine.conftest import MORNING, Engine, build_engine, checkout, deploy, event, order
from tests.engine.fanout_harness import RESTOCK, Recording, asks, open_shop
from tests.engine.test_tasks import PACK
from tests.sealed import everything_on_kafka

HOUR = timedelta(hours=1)
PERSONAL = (b"cus_1@example.com", b"t-secret")


def erased(key: str = "cus_1", *, after: timedelta = 8 * HOUR) -> Event:
    return event(
        "customer.redacted", PrivacyRequested(customer=Buyer()), event_id=f"r{after}", key=key, at=MORNING + after
    )


async def rows_of(pool: Pool, key: str) -> dict[str, int]:
    """How many rows each table of the engine and of the scheduler has of a customer."""
    tables = await pool.fetch(
        """select table_schema || '.' || table_name as name from information_schema.columns
           where table_schema in ('engine', 'scheduler') and column_name = 'key' and table_name not like 'decision_%'"""
    )
    counts = {
        row["name"]: await pool.fetchval(f"select count(*) from {row['name']} where key = $1", key) for row in tables
    }
    return {name: count for name, count in counts.items() if count}


async def everything_in_postgres(pool: Pool) -> bytes:
    """All rows of all tables as text."""
    tables = await pool.fetch(
        """select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
           where table_schema in ('engine', 'scheduler', 'notifier', 'ingest', 'catalog')"""
    )
    found: list[str] = []
    for table in tables:
        found += [row[0] for row in await pool.fetch(f"select t::text from {table['name']} as t")]
        columns = await pool.fetch(
            "select column_name from information_schema.columns where table_schema || '.' || table_name = $1"
            " and data_type = 'bytea'",
            table["name"],
        )
        for column in columns:
            texts = await pool.fetch(
                f"select encode({column[0]}, 'escape') from {table['name']} where {column[0]} is not null"
            )
            found += [row[0] for row in texts]
    return "\n".join(found).encode()


@pytest.fixture
async def sealed(engine: Engine, settings: SettingsFactory) -> AsyncIterator[Engine]:
    """The engine with a publisher that seals, as the service has it, and events that came through Kafka."""
    for files in (PACK, RESTOCK):
        await deploy(engine.pool, files)
    async with Publisher(settings(), seals=Seals(engine.pool, settings())) as publisher:
        yield await build_engine(engine.pool, publisher)


async def come(engine: Engine, *events: Event) -> None:
    """The events, published and taken."""
    messages = [(f"sample/{one.key}".encode(), msgspec.json.encode(one)) for one in events]
    await engine.publisher.publish(topic_names.EVENTS, messages)
    await engine.take(*events)


async def live(engine: Engine) -> None:
    """A customer with a finished run, one under way, one that waits for a product, and a task; and another customer."""
    await come(
        engine,
        checkout("t-secret"),
        checkout("t-two"),
        order("t-two"),
        asks("cus_1", at=MORNING + 2 * HOUR),
        checkout("x", key="cus_2"),
    )
    await engine.wake(after=5 * HOUR)
    await engine.processor.flush()


async def test_nothing_is_left_of_who_was_erased(sealed: Engine, settings: SettingsFactory) -> None:
    await live(sealed)
    before = await rows_of(sealed.pool, "cus_1")
    other = await rows_of(sealed.pool, "cus_2")
    assert {"engine.customer", "engine.run", "engine.decision", "engine.task", "engine.waiting"} <= before.keys()
    await come(sealed, erased())
    after = await rows_of(sealed.pool, "cus_1")
    assert after.keys() == {"engine.customer", "engine.decision", "engine.erasure", "engine.task"}
    facts = await sealed.pool.fetchval("select facts from engine.customer where key = 'cus_1'")
    assert facts == {"redacted_at": "2026-03-02T16:00:00Z"}
    reasons = await sealed.pool.fetch("select distinct reason from engine.decision where key = 'cus_1'")
    assert [row[0] for row in reasons] == ["the customer was redacted"]
    assert await rows_of(sealed.pool, "cus_2") == other
    assert [word for word in PERSONAL if word in await everything_in_postgres(sealed.pool)] == []
    assert [word for word in PERSONAL if word in await everything_on_kafka(settings())] == []


async def test_kafka_opens_nothing_from_before(sealed: Engine, settings: SettingsFactory) -> None:
    seals = Seals(sealed.pool, settings())
    [old] = await seals.seal(topic_names.EVENTS, [(b"sample/cus_1", b"cus_1@example.com")])
    await come(sealed, erased())
    assert await seals.open([Record(topic_names.EVENTS, 0, 0, *old)]) == []


async def test_kafka_opens_nothing_of_a_merged_customer_either(sealed: Engine, settings: SettingsFactory) -> None:
    """No erasure names them, so none retires their key."""
    seals = Seals(sealed.pool, settings())
    [old] = await seals.seal(topic_names.EVENTS, [(b"sample/cus_2", b"cus_2@example.com")])
    merged = CustomerMerged(customer=Buyer(), merged_keys=["cus_2"])
    await sealed.take(checkout("t"), checkout("u", key="cus_2"))
    await sealed.take(event("customer.merged", merged, event_id="m", at=MORNING + HOUR))
    assert len(await seals.open([Record(topic_names.EVENTS, 0, 0, *old)])) == 1
    await come(sealed, erased())
    assert await seals.open([Record(topic_names.EVENTS, 0, 0, *old)]) == []


async def test_kafka_opens_nothing_of_an_erased_shop_whoever_it_was_about(
    sealed: Engine, settings: SettingsFactory
) -> None:
    """Not of customers without facts either. What came after the erasure is somebody new's."""
    seals = Seals(sealed.pool, settings())
    people = [b"sample/cus_unheard_of", b"other/cus_1", b"sample/shop"]
    sealed_before = await seals.seal(topic_names.EVENTS, [(key, b"ana@example.com") for key in people])
    async with Recording(settings()) as publisher:
        shop = await open_shop(sealed, publisher)
        gone = event("shop.redacted", ShopChanged(domain="s.example"), event_id="gone", key=SHOP_KEY, at=MORNING + HOUR)
        await shop.engine.take(gone)
        sealed_after = await seals.seal(topic_names.EVENTS, [(b"sample/cus_new", b"bo@example.com")])
        await shop.walk()
    records = [Record(topic_names.EVENTS, 0, 0, *message) for message in (*sealed_before, *sealed_after)]
    assert [one.key for one in await seals.open(records)] == [b"other/cus_1", b"sample/shop", b"sample/cus_new"]


async def test_what_happened_before_does_not_bring_them_back(sealed: Engine) -> None:
    await live(sealed)
    await come(sealed, erased())
    before = await sealed.state()
    late = checkout("late", at=MORNING + 7 * HOUR)
    wish = StartRequested(id="s", shop="sample", key="cus_1", workflow="cart", at=MORNING + HOUR)
    await sealed.take(late, wish, erased(after=2 * HOUR))
    after = await sealed.state()
    # The shop's own figures say how many checkouts there were, of nobody.
    assert {row[0] for row in after["results"] if row not in before["results"]} <= {""}
    assert after | {"results": before["results"]} == before


async def test_who_comes_again_is_somebody_new(sealed: Engine) -> None:
    await live(sealed)
    again = checkout("again", at=MORNING + 9 * HOUR)
    await sealed.take(checkout("same batch", at=MORNING + 7 * HOUR), erased(), again)
    facts = await sealed.pool.fetchval("select facts from engine.customer where key = 'cus_1'")
    assert facts["contact"]["email"] == "cus_1@example.com"
    assert facts["redacted_at"] == "2026-03-02T16:00:00Z"
    runs = await sealed.pool.fetch("select run_key from engine.run where key = 'cus_1' and workflow = 'cart'")
    assert [row[0] for row in runs] == ["again"]


async def test_a_message_that_was_not_published_yet_is_not(sealed: Engine) -> None:
    """The engine that decided it died; the scheduler would have published it."""
    await sealed.pool.execute(
        "insert into engine.outbox (shop, id, topic, key, value)"
        " values ('sample', 'e', 'relevo.deliveries', 'cus_1', 'x')"
    )
    await sealed.take(erased())
    assert await sealed.pool.fetchval("select count(*) from engine.outbox") == 0


@pytest.mark.parametrize("page", [5, 500])
async def test_a_shop_is_erased_page_by_page(sealed: Engine, settings: SettingsFactory, page: int) -> None:
    people = [f"cus_{number}" for number in range(7)]
    await sealed.take(*(checkout(f"t-{key}", key=key) for key in people))
    async with sealed.pool.acquire() as conn:
        await tasks.put_member(conn, Member(shop="sample", name="Ana", email="ana@shop.example"))
    async with Recording(settings()) as publisher:
        shop = await open_shop(sealed, publisher, page=page)
        gone = event(
            "shop.redacted", ShopChanged(domain="sample.example"), event_id="gone", key=SHOP_KEY, at=MORNING + HOUR
        )
        await shop.engine.take(gone, gone)
        await shop.walk()
        told = [
            msgspec.json.decode(value, type=Event) for topic, value in publisher.sent if topic == topic_names.EVENTS
        ]
        assert sorted((one.type, one.key, one.id) for one in told) == [
            ("customer.redacted", k, f"gone/{k}") for k in people
        ]
        assert {one.time for one in told} == {MORNING + HOUR}
        await shop.engine.take(*told)
    for table in ("run", "task", "waiting", "staff", "fanout"):
        assert await sealed.pool.fetchval(f"select count(*) from engine.{table}") == 0, table
    facts = await sealed.pool.fetch("select facts from engine.customer where key like 'cus_%'")
    assert [row[0] for row in facts] == [{"redacted_at": "2026-03-02T09:00:00Z"}] * 7
    assert b"@" not in await everything_in_postgres(sealed.pool)


@given(st.text(min_size=1, max_size=200), st.lists(st.text(min_size=1, max_size=200), unique=True, max_size=5))
def test_each_copy_of_an_erasure_has_an_id_of_its_own(about: str, keys: list[str]) -> None:
    copies = erasures("sample", about, MORNING, keys, MORNING)
    assert copies == erasures("sample", about, MORNING, keys, MORNING)
    assert len({msgspec.json.decode(value, type=Event).id for _, value in copies}) == len(keys)


def test_the_moment_of_a_shops_erasure_is_heard_and_that_of_a_customers_is_void() -> None:
    """Each customer of the shop is erased by an event of that very moment; one that is told twice counts once."""
    facts = Facts(redacted_at=MORNING + HOUR)
    moments = [0 * HOUR, HOUR, 2 * HOUR]
    assert [precedes_shop_erasure(facts, MORNING + after) for after in moments] == [True, False, False]
    assert [precedes_erasure(facts, EventInput(erased(after=after))) for after in moments] == [True, True, False]


@given(st.lists(st.integers(0, 20), max_size=8), st.integers(0, 20), st.integers(0, 8))
def test_in_any_order_nothing_older_than_the_erasure_is_known(hours: list[int], at: int, place: int) -> None:
    subject = Subject(shop="sample", key="cus_1", facts=Facts(), runs=())
    arrivals = [checkout(f"t{number}", at=MORNING + hour * HOUR) for number, hour in enumerate(hours)]
    arrivals.insert(place, erased(after=at * HOUR))
    for arrival in arrivals:
        subject = handle((), {}, subject, EventInput(arrival), arrival.time).subject
    after = [MORNING + hour * HOUR for hour in hours[place:] if hour > at]
    assert subject.facts.first_seen_at == min(after, default=None)
