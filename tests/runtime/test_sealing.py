"""Messages about people are sealed on Kafka; deleting a person's key makes them unreadable, and nothing else."""

import asyncio
import base64
import os
import random
from collections.abc import Sequence
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.topics import DEAD_LETTERS, EVENTS, OUTCOMES, UNRECOGNISED, WAKEUPS
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import BatchConsumer, Publisher, Record, read
from relevo_runtime.master_keys import MasterKeys, SealingError
from relevo_runtime.postgres import Pool, temporary
from relevo_runtime.records import Poison
from relevo_runtime.sealing import (
    MAGIC,
    STATEMENTS,
    KeysRetired,
    Seals,
    is_sealed,
    person,
    shred,
)
from tests.conftest import SettingsFactory
from tests.runtime.consuming import committed
from tests.runtime.test_kafka import Seen
from tests.sealed import everything_on_kafka, kept_letters, raw

ANA, BEN = b"tea/cus_ana", b"tea/cus_ben"


def record(message: tuple[bytes, bytes], topic: str = EVENTS, offset: int = 0) -> Record:
    return Record(topic, 0, offset, *message)


def master() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def masters_of(text: str) -> MasterKeys:
    return MasterKeys(text, setting="RELEVO_DATA_KEY", what="the keys of people")


async def values(seals: Seals, messages: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    return [one.value for one in await seals.open([record(message) for message in messages])]


async def test_what_is_sealed_is_opened_again(pool: Pool, settings: SettingsFactory) -> None:
    seals = Seals(pool, settings())
    sealed = await seals.seal(EVENTS, [(ANA, b'{"email":"ana@example.org"}'), (BEN, b"{}"), (ANA, b"{}")])
    assert all(is_sealed(value) and b"ana@" not in value for _, value in sealed)
    assert await values(seals, sealed) == [b'{"email":"ana@example.org"}', b"{}", b"{}"]
    assert await pool.fetchval("select count(*) from catalog.data_key") == 2


async def test_products_and_timers_and_what_is_old_stay_in_clear(pool: Pool, settings: SettingsFactory) -> None:
    seals = Seals(pool, settings())
    assert await seals.seal(EVENTS, [(b"tea/prd_1", b"{}")]) == [(b"tea/prd_1", b"{}")]
    assert await seals.seal(WAKEUPS, [(ANA, b"{}")]) == [(ANA, b"{}")]
    assert await values(seals, [(ANA, b'{"id":"of an older release"}')]) == [b'{"id":"of an older release"}']


async def test_what_nobody_recognised_is_sealed_for_the_shop(pool: Pool, settings: SettingsFactory) -> None:
    [(_, value)] = await Seals(pool, settings()).seal(UNRECOGNISED, [(b"tea/shop", b"a body")])
    assert is_sealed(value)
    assert await pool.fetchval("select key from catalog.data_key") == "shop"


async def test_erasing_makes_the_past_unreadable_and_spares_what_comes_after(
    pool: Pool, settings: SettingsFactory
) -> None:
    seals = Seals(pool, settings())
    before = await seals.seal(EVENTS, [(ANA, b"1"), (BEN, b"2")])
    [erasure, after] = await seals.seal(EVENTS, [(ANA, b'{"type":"customer.redacted"}'), (ANA, b"3")])
    assert erasure == (ANA, b'{"type":"customer.redacted"}')
    assert await values(seals, [*before, after]) == [b"1", b"2", b"3"]  # until the engine has the erasure
    async with pool.acquire() as connection:
        await shred(connection, [person(ANA)])
    assert await values(seals, [*before, erasure, after]) == [b"2", b'{"type":"customer.redacted"}', b"3"]


async def test_a_text_that_looks_like_an_erasure_is_sealed(pool: Pool, settings: SettingsFactory) -> None:
    tricky = msgspec.json.encode({"type": "form.submitted", "data": {"type": "customer.redacted", "name": "Ana"}})
    [(_, value)] = await Seals(pool, settings()).seal(EVENTS, [(ANA, tricky)])
    assert is_sealed(value)


async def test_a_sealed_message_opens_for_nobody_else(pool: Pool, settings: SettingsFactory) -> None:
    seals = Seals(pool, settings())
    [(_, value)] = await seals.seal(EVENTS, [(ANA, b"for Ana")])
    assert await values(seals, [(BEN, value)]) == [value]
    assert await values(seals, [(ANA, value[:-1] + bytes([value[-1] ^ 1]))]) != [b"for Ana"]
    assert await values(seals, [(b"coffee/cus_ana", value)]) == []


async def test_sent_again_as_it_was_found_is_sealed_once(pool: Pool, settings: SettingsFactory) -> None:
    seals = Seals(pool, settings())
    sealed = await seals.seal(EVENTS, [(ANA, b"{}")])
    assert await seals.seal(EVENTS, sealed) == sealed


async def test_a_master_key_wraps_and_can_be_changed(pool: Pool, settings: SettingsFactory) -> None:
    old, new = master(), master()
    sealed = await Seals(pool, settings(data_key=old)).seal(EVENTS, [(ANA, b"{}")])
    assert await values(Seals(pool, settings(data_key=f"{new},{old}")), sealed) == [b"{}"]
    with pytest.raises(SealingError, match="does not hold"):
        await values(Seals(pool, settings(data_key=new)), sealed)
    with pytest.raises(SealingError, match="does not hold"):
        await values(Seals(pool, settings()), sealed)


ODD_KEYS = [
    b"",
    b"/",
    b"tea",
    b"tea/\0",
    b"\0/a",
    b"\xff\xfe/\xff",
    b"a" * 9000 + b"/" + b"b" * 9000,
    b"\xed\xa0\x80/x",
    b"tea/a/b",
]


def cut_and_changed(value: bytes, draw: random.Random) -> list[bytes]:
    """What may become of a sealed value: cut anywhere, one byte changed anywhere, noise behind the mark."""
    cut = [value[:length] for length in range(len(MAGIC), len(value))]
    changed = [value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :] for at in range(len(MAGIC) + 16, len(value))]
    return [*cut, *changed, *(MAGIC + draw.randbytes(draw.randrange(99)) for _ in range(200))]


async def test_whatever_comes_is_opened_or_left_as_it_is(pool: Pool, settings: SettingsFactory) -> None:
    seals = Seals(pool, settings())
    [(_, sealed)] = await seals.seal(EVENTS, [(ANA, b"{}")])
    odd = cut_and_changed(sealed, random.Random(7))
    opened = await values(seals, [(ANA, sealed), *((ANA, value) for value in odd), (BEN, b"{}")])
    assert (opened[0], opened[-1]) == (b"{}", b"{}")
    assert set(opened[1:-1]) <= set(odd)  # none opens; those of unknown keys are passed over
    assert {value for value in odd if len(value) < len(MAGIC) + 44} <= set(opened)


async def test_whatever_a_key_is_its_messages_are_sealed_and_opened(pool: Pool, settings: SettingsFactory) -> None:
    seals = Seals(pool, settings())
    sealed = await seals.seal(EVENTS, [(key, b"%d" % n) for n, key in enumerate(ODD_KEYS)])
    assert await values(seals, sealed) == [b"%d" % n for n in range(len(ODD_KEYS))]


@pytest.mark.parametrize("kept", [b"", b"\0", b"\0short", b"\1", b"\2" + b"x" * 40, b"\0" + b"x" * 33])
async def test_a_damaged_key_costs_what_it_sealed_and_nothing_else(
    pool: Pool, settings: SettingsFactory, kept: bytes
) -> None:
    sealed = await Seals(pool, settings()).seal(EVENTS, [(ANA, b"1"), (BEN, b"2")])
    await pool.execute("update catalog.data_key set secret = $1 where key = 'cus_ana'", kept)
    seals = Seals(pool, settings())
    assert await values(seals, sealed) == [sealed[0][1], b"2"]
    assert await values(seals, await seals.seal(EVENTS, [(ANA, b"3")])) == [b"3"]


class Erasing:
    """A database in which another process is quicker to make a key for Ana, who is then erased, so many times."""

    def __init__(self, pool: Pool, times: int) -> None:
        self.pool = pool
        self.times = times
        self.execute = pool.execute

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        rows = await self.pool.fetch(statement, *arguments)
        if statement != STATEMENTS["in_use_or_new"] or not self.times:
            return rows
        self.times -= 1
        await self.pool.execute(STATEMENTS["retire"], [person(ANA)[0]], [person(ANA)[1]])
        return []


async def test_whoever_is_erased_while_their_key_is_made_gets_another(pool: Pool, settings: SettingsFactory) -> None:
    seals = Seals(cast(Pool, Erasing(pool, times=2)), settings())
    assert await values(seals, await seals.seal(EVENTS, [(ANA, b"1"), (BEN, b"2")])) == [b"1", b"2"]
    without_end = Seals(cast(Pool, Erasing(pool, times=99)), settings())
    await pool.execute(STATEMENTS["retire"], [person(ANA)[0]], [person(ANA)[1]])
    with pytest.raises(KeysRetired) as raised:
        await without_end.seal(EVENTS, [(ANA, b"3")])
    assert temporary(raised.value)


async def test_keys_of_new_people_and_of_known_ones_are_had_by_one_statement(
    pool: Pool, settings: SettingsFactory
) -> None:
    """Also where two message keys name the same person, and one of the keys that are kept is damaged."""
    seals = Seals(pool, settings())
    before = await seals.seal(EVENTS, [(ANA, b"1"), (b"tea/cus_\xff", b"2")])
    await pool.execute("update catalog.data_key set secret = '' where key = 'cus_ana'")
    mixed = [(ANA, b"3"), (BEN, b"4"), (b"tea/cus_\xfe", b"5"), (b"tea/new_\xff", b"6"), (b"tea/new_\xfe", b"7")]
    after = await Seals(pool, settings()).seal(EVENTS, mixed)
    assert await values(seals, [*before[1:], *after]) == [b"2", b"3", b"4", b"5", b"6", b"7"]
    assert await pool.fetchval("select count(*) from catalog.data_key where not retired") == 4


async def test_an_event_of_somebody_new_asks_the_database_once(pool: Pool, settings: SettingsFactory) -> None:
    asked: list[str] = []

    class Counting:
        async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
            asked.append(statement)
            return await pool.fetch(statement, *arguments)

    seals = Seals(cast(Pool, Counting()), settings())
    await seals.seal(EVENTS, [(ANA, b"1"), (BEN, b"2")])
    await seals.seal(EVENTS, [(ANA, b"3")])
    await seals.seal(OUTCOMES, [(ANA, b"4")])
    assert asked == [STATEMENTS["in_use_or_new"], STATEMENTS["in_use_or_new"], STATEMENTS["in_use"]]


@pytest.mark.parametrize("text", ["short", "ä" * 43, "a" * 43 + "a" * 4, "AAAA,"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SealingError, match="RELEVO_DATA_KEY"):
        masters_of(text)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16), st.booleans())
def test_wrapping_is_undone_by_unwrapping(secret: bytes, key_id: bytes, wrapped: bool) -> None:
    masters = masters_of(master() if wrapped else "")
    kept = masters.wrap(secret, key_id)
    assert masters.unwrap(kept, key_id) == secret
    assert (secret in kept) is not wrapped


async def test_a_reader_from_the_beginning_passes_over_who_was_erased(
    settings: SettingsFactory, pool: Pool, topics: list[str]
) -> None:
    """Not as dead letters: whoever reads 400 days again meets many of them."""
    own, seals = settings(), Seals(pool, settings())
    collector = Seen()
    async with Publisher(own, seals=seals) as publisher:
        await publisher.publish(EVENTS, [(ANA, b"ana@example.org"), (BEN, b"1")])
        await publisher.publish(EVENTS, [(ANA, b'{"type":"customer.redacted"}')])
        async with pool.acquire() as connection:
            await shred(connection, [person(ANA)])
        await publisher.publish(EVENTS, [(ANA, b"2")])
    reader = BatchConsumer(own, service="test", topics=[EVENTS], handler=collector, clock=SystemClock(), seals=seals)
    async with reader:
        await collector.until(lambda: len(collector.records) == 3)
    assert sorted(collector.values) == [b"1", b"2", b'{"type":"customer.redacted"}']
    assert await raw(own, DEAD_LETTERS) == []
    assert b"ana@" not in await everything_on_kafka(own)


async def test_dead_letters_are_sealed_too(settings: SettingsFactory, pool: Pool, topics: list[str]) -> None:
    own, seals = settings(), Seals(pool, settings())
    met: list[Record] = []

    async def refuse(records: Sequence[Record]) -> None:
        met.extend(records)
        raise Poison("not an event", records[0])

    async with Publisher(own, seals=seals) as publisher:
        await publisher.publish(EVENTS, [(ANA, b"ana@example.org")])
    collector = Seen()
    letters = BatchConsumer(
        own, service="reader", topics=[DEAD_LETTERS], handler=collector, clock=SystemClock(), seals=seals
    )
    async with (
        BatchConsumer(own, service="test", topics=[EVENTS], handler=refuse, clock=SystemClock(), seals=seals),
        letters,
    ):
        await collector.until(lambda: len(collector.records) == 1)
    assert met[0].value == b"ana@example.org"
    assert b"not an event" in collector.values[0]
    assert all(value.startswith(MAGIC) for _, value in await raw(own, DEAD_LETTERS))


async def test_a_letter_about_somebody_is_erased_with_what_it_is_about(
    settings: SettingsFactory, pool: Pool, topics: list[str]
) -> None:
    """Also when it was put aside between the erasure's publishing and the engine's reading it."""
    own, seals = settings(), Seals(pool, settings())
    before = await seals.seal(EVENTS, [(ANA, b"ana@example.org"), (BEN, b"ben@example.org")])
    await seals.seal(EVENTS, [(ANA, b'{"type":"customer.redacted"}')])

    async def refuse(records: Sequence[Record]) -> None:
        raise Poison("odd", records[0])

    async with (
        Publisher(own) as publisher,
        BatchConsumer(own, service="test", topics=[EVENTS], handler=refuse, clock=SystemClock(), seals=seals),
    ):
        await publisher.publish(EVENTS, before)
        async with asyncio.timeout(30):
            while await committed(own) < 2:
                await asyncio.sleep(0.1)
    clear = [b"ana@example.org", b"ben@example.org"]
    assert sorted(letter.value for letter in await kept_letters(own)) == clear
    letters = await kept_letters(own, sealed=True)
    assert sorted(letter.value for letter in letters) == sorted(value for _, value in before)
    async with pool.acquire() as connection:
        await shred(connection, [person(ANA)])
    assert [letter.value for letter in await kept_letters(own)] == clear[1:]
    assert [letter.key for letter in await kept_letters(own, sealed=True)] == ["tea/cus_ben"]


async def test_what_comes_before_an_erasure_in_one_list_is_erased_with_it(
    pool: Pool, settings: SettingsFactory
) -> None:
    seals = Seals(pool, settings())
    erasure = b'{"type":"customer.redacted"}'
    listed = [(ANA, b"1"), (BEN, b"2"), (ANA, erasure), (ANA, b"3"), (ANA, erasure), (ANA, b"4"), (BEN, b"5")]
    sealed = await seals.seal(EVENTS, listed)
    assert await values(seals, sealed) == [value for _, value in listed]
    async with pool.acquire() as connection:
        await shred(connection, [person(ANA)])
    assert await values(seals, sealed) == [b"2", erasure, erasure, b"4", b"5"]


async def test_odd_sealed_records_become_dead_letters_and_stop_nothing(
    settings: SettingsFactory, pool: Pool, topics: list[str]
) -> None:
    own, seals, failed = settings(), Seals(pool, settings()), list[BaseException]()
    [(_, sealed)] = await seals.seal(EVENTS, [(ANA, b'{"a":1}')])
    unknown = MAGIC + bytes(50)
    odd = [(ANA, sealed[:-1]), (ANA, sealed[:9]), (b"tea/\0", sealed), (ANA, MAGIC), (b"\0" * 4000, MAGIC)]
    collector = Seen()

    async def handle(records: Sequence[Record]) -> None:
        for one in records:
            read(msgspec.json.Decoder(), one)
        await collector(records)

    async with Publisher(own) as publisher:
        await publisher.publish(EVENTS, [*odd, (ANA, unknown), (ANA, sealed), (BEN, b"{}")])
    reader = BatchConsumer(
        own, service="test", topics=[EVENTS], handler=handle, clock=SystemClock(), seals=seals, on_failure=failed.append
    )
    async with reader:
        await collector.until(lambda: len(collector.records) == 2)
        async with asyncio.timeout(30):
            while await committed(own) < 8:
                await asyncio.sleep(0.1)
    assert (failed, sorted(collector.values)) == ([], [b'{"a":1}', b"{}"])
    assert sorted(letter.value for letter in await kept_letters(own)) == sorted(value for _, value in odd)


async def test_an_odd_letter_does_not_hide_the_others(settings: SettingsFactory, pool: Pool, topics: list[str]) -> None:
    own = settings()
    async with Publisher(own) as publisher:
        await publisher.publish(DEAD_LETTERS, [(ANA, MAGIC + b"odd"), (BEN, b"not JSON")])
    letters = await kept_letters(own)
    assert sorted((letter.key, letter.value) for letter in letters) == [("tea/cus_ana", b""), ("tea/cus_ben", b"")]
    assert all("can't be read" in letter.reason for letter in letters)
