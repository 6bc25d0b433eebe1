"""Two customers turn out to be one: what is known of how to reach them is joined, for what was decided before too."""

from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, CustomerMerged, Payload, PrivacyRequested
from relevo_contracts.policy import Skip
from relevo_notifier.adapters import past_deliveries, privacy
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.policy import MaySend
from relevo_notifier.core.work import Incoming
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Pool
from tests.notifier.support import NOON, delivery
from tests.notifier.test_contacts import known, record, update_contacts
from tests.notifier.test_requests import call
from tests.notifier.test_withdrawal import HELD, incoming, verdict

BO = Buyer(id="2", email="bo@example.com", first_name="Bo")


def agreed(buyer: Buyer, key: str, minutes: int = 0, state: str = "granted") -> Record:
    said = ConsentChanged(customer=buyer, channel="email", state=state)  # type: ignore[arg-type]  # given as plain text
    return record("consent.changed", said, key=key, minutes=minutes)


def about(type_: str, payload: Payload, key: str, minutes: int) -> Record:
    return record(type_, payload, key=key, minutes=minutes)


BEFORE = [
    record("customer.created", CustomerChanged(customer=Buyer(id="1", email="ana@example.com")), key="kept"),
    agreed(BO, "gone"),
]
MERGE = about("customer.merged", CustomerMerged(customer=Buyer(id="1"), merged_keys=["gone"]), "kept", 1)


@pytest.mark.parametrize("batches", [[[*BEFORE, MERGE]], [BEFORE, [MERGE], [MERGE]]])
async def test_the_contacts_are_joined_under_both_keys(pool: Pool, batches: list[list[Record]]) -> None:
    for batch in batches:
        await update_contacts(batch, pool)
    contacts = await known(pool)
    assert contacts["acme", "kept"] == contacts["acme", "gone"]
    assert (contacts["acme", "kept"].email, contacts["acme", "kept"].first_name) == ("ana@example.com", "Bo")
    assert contacts["acme", "kept"].email_consent.state == "unknown"
    assert contacts["acme", "kept"].consents["email:bo@example.com"].state == "granted"


async def test_a_withdrawal_reaches_what_was_decided_under_the_old_key(pool: Pool) -> None:
    kept = Buyer(id="1", email="ana@example.com")
    await update_contacts([*BEFORE, agreed(kept, "kept"), MERGE], pool)
    assert isinstance(await verdict(pool, delivery(1, key="gone")), MaySend)
    await update_contacts([agreed(kept, "kept", 5, "withdrawn")], pool)
    told = await verdict(pool, delivery(2, key="gone"))
    assert isinstance(told, Skip)
    assert told.rule == "no_consent"


async def test_what_still_comes_for_the_old_key_is_about_the_kept_customer(pool: Pool) -> None:
    await update_contacts([*BEFORE, MERGE], pool)
    link = ConsentChanged(customer=Buyer(), channel="email", state="withdrawn", source="unsubscribe-link")
    await update_contacts([about("consent.changed", link, "gone", 9)], pool)
    contact = (await known(pool))["acme", "kept"]
    assert contact.email_consent.state == "withdrawn"
    assert contact.consents["email:bo@example.com"].state == "withdrawn"


ERASURE = about("customer.redacted", PrivacyRequested(customer=Buyer(id="1")), "kept", 9)


@pytest.mark.parametrize(
    "batches",
    [
        [[*BEFORE, MERGE], [ERASURE]],
        [[*BEFORE, MERGE, ERASURE]],
        [BEFORE, [MERGE, ERASURE]],
        [[BEFORE[0], ERASURE], [BEFORE[1], MERGE]],
        [[BEFORE[0]], [ERASURE], [BEFORE[1]], [MERGE]],
        [[BEFORE[1]], [ERASURE, MERGE, BEFORE[0]]],
    ],
)
async def test_whoever_is_erased_is_erased_under_every_key(pool: Pool, batches: list[list[Record]]) -> None:
    for batch in batches:
        await update_contacts(batch, pool)
    assert await known(pool) == {}
    # And they are still one: what is said under the old key later is known of the kept customer.
    await update_contacts([agreed(BO, "gone", 20)], pool)
    contacts = await known(pool)
    assert contacts["acme", "kept"].email == "bo@example.com"
    assert contacts["acme", "gone"] == contacts["acme", "kept"]


async def test_who_was_merged_before_is_joined_with_a_further_customer(pool: Pool) -> None:
    await update_contacts([*BEFORE, MERGE], pool)
    further = about("customer.merged", CustomerMerged(customer=Buyer(id="3"), merged_keys=["gone"]), "third", 3)
    await update_contacts([further], pool)
    contacts = await known(pool)
    assert contacts["acme", "third"].email == "ana@example.com"
    assert contacts["acme", "kept"] == contacts["acme", "gone"] == contacts["acme", "third"]


async def test_what_was_said_and_sent_before_the_merge_is_told_of_the_kept_customer(pool: Pool) -> None:
    earlier = about("customer.merged", CustomerMerged(customer=Buyer(id="2"), merged_keys=["first"]), "gone", 0)
    await update_contacts([*BEFORE, earlier, MERGE], pool)
    keys = ("first", "gone", "kept", "other")
    await Deliveries(pool).accept([incoming(delivery(n, key=key)) for n, key in enumerate(keys)], NOON)
    calls = [call(id=f"call-{key}", key=key) for key in keys]
    await Calls(pool).accept([Incoming(one, msgspec.json.encode(one), False, HELD) for one in calls], NOON)
    since = NOON - timedelta(hours=1)
    async with pool.acquire() as connection:
        told = await privacy.of_customer(connection, "acme", "kept")
        sent = await past_deliveries.of_customer(connection, "acme", "kept", since)
        called = await past_deliveries.calls_of_customer(connection, "acme", "kept", since)
        said = await privacy.consents(connection, "acme", "kept", since)
    assert {name: {row["key"] for row in told[name]} for name in ("consents", "messages", "calls")} == {
        "consents": {"gone"},
        "messages": {"first", "gone", "kept"},
        "calls": {"first", "gone", "kept"},
    }
    assert {one.id for one in sent} == {delivery(n).id for n in range(3)}
    assert {one.id for one in called} == {"call-first", "call-gone", "call-kept"}
    assert [(one.state, one.address) for one in said] == [("granted", "bo@example.com")]
