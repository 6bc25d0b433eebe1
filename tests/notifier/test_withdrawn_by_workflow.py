"""What a workflow withdraws is withdrawn: no marketing leaves, and the log of consents says who withdrew it and why."""

import msgspec

from relevo_contracts.messages import SendDelivery
from relevo_contracts.payloads import Buyer, ConsentChanged
from relevo_contracts.policy import Skip
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Pool
from relevo_workflow import Emit, load_workflow
from tests.notifier.support import NOON, customer, delivery
from tests.notifier.test_contacts import known, record, update_contacts
from tests.notifier.test_withdrawal import verdict
from tests.workflow.shop import Customer
from tests.workflow.shop import known as known_customer
from tests.workflow.test_library import workflow_files

AGREED = ConsentChanged(customer=Buyer(id="1", email="ana@example.com"), channel="email", state="granted")


def mail(number: int) -> SendDelivery:
    return delivery(number, key="ana", recipient=customer(email="ana@example.com"))


def withdrawal() -> Record:
    """What the library's sunset publishes about whoever answers nothing, as the engine puts it on the topic."""
    sunset = load_workflow(workflow_files("sunset"))
    who = Customer(sunset, facts=known_customer(last_seen_at=NOON), at=NOON).waits("220d")
    [told] = who.effects_of(Emit)
    event = msgspec.structs.replace(told.event, shop="acme", key="ana")
    return Record("relevo.events", 0, 9, b"acme/ana", msgspec.json.encode(event))


async def test_a_withdrawal_by_a_workflow_is_kept_once_with_its_origin_and_ends_marketing(pool: Pool) -> None:
    await update_contacts([record("consent.changed", AGREED)], pool)
    before = await verdict(pool, mail(1))
    await update_contacts([withdrawal()], pool)
    await update_contacts([withdrawal()], pool)
    rows = await pool.fetch(
        """select state, channel, purpose, address, source, form, wording, wording_version
        from notifier.consent_log where state = 'withdrawn'"""
    )
    version = load_workflow(workflow_files("sunset")).version
    assert [tuple(row) for row in rows] == [
        (
            "withdrawn",
            "email",
            "marketing",
            "ana@example.com",
            "workflow",
            "sunset",
            "no answer to three mails",
            version,
        )
    ]
    assert (await known(pool))["acme", "ana"].email_consent.state == "withdrawn"
    after = await verdict(pool, mail(2))
    assert not isinstance(before, Skip)
    assert isinstance(after, Skip)
    assert after.rule == "no_consent"
