"""Who unsubscribes, or asks to be erased: no mail of theirs goes out, whatever is queued or known otherwise."""

from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.consents import Consent
from relevo_contracts.envelope import Event
from relevo_contracts.messages import CallAnswered, DeliveryOutcome, SendDelivery
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, PrivacyRequested, ShopChanged
from relevo_contracts.policy import Skip
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.policy import MaySend, may_send
from relevo_notifier.core.work import Incoming
from relevo_runtime.postgres import Pool
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, customer, delivery
from tests.notifier.test_contacts import ANA, known, record, update_contacts
from tests.notifier.test_requests import call

HELD = NOON + timedelta(minutes=2)
CLICK = record(
    "consent.changed",
    ConsentChanged(customer=Buyer(), channel="email", state="withdrawn", source="unsubscribe-link"),
    minutes=5,
)


def incoming(item: SendDelivery) -> Incoming[SendDelivery]:
    return Incoming(item, msgspec.json.encode(item), False, HELD)


async def verdict(pool: Pool, item: SendDelivery) -> MaySend | Skip:
    """What is decided of a delivery that is begun now."""
    deliveries = Deliveries(pool)
    [work] = await deliveries.begin(await deliveries.accept([incoming(item)], NOON), HELD)
    told = may_send(
        item, work.contact(), work.suppressed, NOON, unsubscribed=work.unsubscribed, redacted_at=work.redacted_at
    )
    assert isinstance(told, MaySend | Skip)
    return told


async def test_an_unsubscribed_address_gets_no_marketing_whoever_has_it(pool: Pool) -> None:
    await update_contacts([record("customer.created", CustomerChanged(customer=ANA)), CLICK], pool)
    same = customer(email="ana@example.com")
    told = await verdict(pool, delivery(2, recipient=same))
    assert isinstance(told, Skip)
    assert told.rule == "unsubscribed"
    assert isinstance(await verdict(pool, delivery(3, recipient=same, purpose="transactional")), MaySend)
    assert isinstance(await verdict(pool, delivery(4)), MaySend)
    agreed = Consent(state="granted", at=NOON + timedelta(minutes=6), source="form")
    again = msgspec.structs.replace(same, email_consent=agreed)
    assert isinstance(await verdict(pool, delivery(5, recipient=again)), MaySend)


@pytest.mark.parametrize(
    "event",
    [
        record("customer.redacted", PrivacyRequested(customer=ANA), key="customer-1", minutes=1),
        record("shop.redacted", ShopChanged(), minutes=1),
    ],
)
async def test_what_is_queued_ends_with_the_redaction(post: Post, event: object) -> None:
    context = {**delivery().context, "customer": {"first_name": "A\0na"}}
    await Deliveries(post.pool).accept([incoming(delivery(context=context))], NOON)
    asked = call(key="customer-1")
    await Calls(post.pool).accept([Incoming(asked, msgspec.json.encode(asked), False, HELD)], NOON)
    await post.pool.execute("update notifier.delivery set put_off = '{451 ana@example.com is busy}'")
    await update_contacts([event], post.pool)  # type: ignore[list-item]  # both are records
    for table in ("delivery", "call"):
        row = await post.pool.fetchrow(f"select state, body, outcome from notifier.{table}")
        assert row is not None
        assert (row[0], row[1]) == ("skipped", None)
        if table == "call":
            assert msgspec.json.decode(row[2], type=CallAnswered).call_id == asked.id
        else:
            told = msgspec.json.decode(row[2], type=DeliveryOutcome)
            assert (told.status, told.run_id, told.detail) == ("skipped", "run1", {"rule": "redacted"})
            assert await post.pool.fetchval("select put_off from notifier.delivery") == []
    async with post.notifier():
        [outcome] = await post.outcomes(1)
        await post.settled(1)
    assert (outcome.delivery_id, post.sent()) == (delivery().id, [])


async def test_what_was_decided_before_the_redaction_does_not_go_out(pool: Pool) -> None:
    gone = record("customer.redacted", PrivacyRequested(customer=ANA), key="customer-1", minutes=1)
    await update_contacts([gone], pool)
    old = await verdict(pool, delivery())
    stale = await verdict(pool, delivery(2, key="customer-1", at=NOON + timedelta(minutes=2)))
    assert [told.rule for told in (old, stale) if isinstance(told, Skip)] == ["redacted", "redacted"]
    fresh = msgspec.structs.replace(customer(), updated_at=NOON + timedelta(minutes=2))
    later = delivery(3, key="customer-1", at=NOON + timedelta(minutes=3), recipient=fresh)
    assert isinstance(await verdict(pool, later), MaySend)
    assert isinstance(await verdict(pool, delivery(4)), MaySend)


async def test_a_registration_after_the_redaction_survives_in_the_same_batch(pool: Pool) -> None:
    back = Buyer(id="1", email="new@example.com")
    await update_contacts(
        [
            record("customer.created", CustomerChanged(customer=ANA)),
            record("customer.redacted", PrivacyRequested(customer=ANA), minutes=1),
            record("customer.created", CustomerChanged(customer=back), minutes=2),
        ],
        pool,
    )
    contact = (await known(pool))["acme", "ana"]
    assert (contact.email, contact.first_name) == ("new@example.com", "")


UNDONE = record(
    "consent.changed",
    ConsentChanged(
        customer=Buyer(),
        channel="email",
        state="restored",
        source="unsubscribe-link",
        undoes=NOON + timedelta(minutes=5),
    ),
    minutes=6,
)


@pytest.mark.parametrize("together", [True, False])
async def test_an_unsubscription_that_was_undone_holds_for_nobody(pool: Pool, *, together: bool) -> None:
    agreed = ConsentChanged(customer=ANA, channel="email", state="granted", source="form")
    learnt = [record("customer.created", CustomerChanged(customer=ANA)), record("consent.changed", agreed, minutes=1)]
    for batch in [[*learnt, CLICK, UNDONE]] if together else [learnt, [CLICK], [UNDONE], [CLICK], [UNDONE]]:
        await update_contacts(batch, pool)
    same = customer(email="ana@example.com")
    assert isinstance(await verdict(pool, delivery(2, recipient=same)), MaySend)
    assert await pool.fetchval("select count(*) from notifier.unsubscribed") == 0
    assert (await known(pool))["acme", "ana"].email_consent.state == "granted"


async def test_an_undo_leaves_what_was_unsubscribed_at_another_time(pool: Pool) -> None:
    again = msgspec.structs.replace(
        msgspec.json.decode(CLICK.value, type=Event), id="e-again", time=NOON + timedelta(minutes=9)
    )
    later = msgspec.structs.replace(CLICK, value=msgspec.json.encode(again))
    await update_contacts([record("customer.created", CustomerChanged(customer=ANA)), CLICK, later, UNDONE], pool)
    told = await verdict(pool, delivery(2, recipient=customer(email="ana@example.com")))
    assert isinstance(told, Skip)
    assert await pool.fetchval("select array_agg(at) from notifier.unsubscribed") == [NOON + timedelta(minutes=9)]
