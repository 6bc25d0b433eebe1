"""What was said about consent is kept with its proof, and what is left of an erased person tells nobody of them."""

from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, PrivacyRequested, ShopChanged
from relevo_contracts.policy import Skip
from relevo_notifier.adapters import privacy
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.policy import MaySend
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Pool
from tests.notifier.support import NOON, customer, delivery
from tests.notifier.test_contacts import ANA, known, record, update_contacts
from tests.notifier.test_withdrawal import incoming, verdict

AGREED = ConsentChanged(
    customer=Buyer(email="ana@example.com"),
    channel="email",
    state="granted",
    source="footer form",
    wording="Yes, send me news.",
    form_url="https://acme.example/news",
    ip_hash="5d41402abc4b2a76",
    double_opt_in=True,
    form="footer",
    wording_version="2026-01",
    requested_at=NOON - timedelta(hours=1),
)
ASKED = [
    record("customer.created", CustomerChanged(customer=ANA)),
    record("consent.changed", AGREED),
    record("consent.changed", msgspec.structs.replace(AGREED, state="withdrawn", source="preferences"), minutes=4),
]
ERASED = {
    "customer": record("customer.redacted", PrivacyRequested(customer=Buyer()), minutes=9),
    "shop": record("shop.redacted", ShopChanged(), minutes=9),
}


async def statements(pool: Pool, key: str = "ana") -> list[privacy.Consent]:
    async with pool.acquire() as connection:
        return await privacy.consents(connection, "acme", key, NOON - timedelta(days=1))


async def everything(pool: Pool) -> str:
    """All that the notifier keeps, as text."""
    tables = ("contact", "delivery", "place", "call", "suppression", "unsubscribed", "redaction", "consent_log")
    rows = [row[0] for table in tables for row in await pool.fetch(f"select t::text from notifier.{table} as t")]
    return "\n".join(rows)


async def test_each_statement_about_consent_is_kept_with_its_proof_once(pool: Pool) -> None:
    await update_contacts(ASKED, pool)
    await update_contacts(ASKED, pool)
    agreed, withdrawn = await statements(pool)
    assert (agreed.state, agreed.source, agreed.wording, agreed.form_url, agreed.ip_hash, agreed.double_opt_in) == (
        *("granted", "footer form", "Yes, send me news.", "https://acme.example/news", "5d41402abc4b2a76", True),
    )
    assert (withdrawn.state, withdrawn.at) == ("withdrawn", NOON + timedelta(minutes=4))
    assert agreed.address == "ana@example.com"
    assert (agreed.form, agreed.wording_version, agreed.requested_at) == (
        *("footer", "2026-01", NOON - timedelta(hours=1)),
    )


@pytest.mark.parametrize("who", ["customer", "shop"])
async def test_the_proof_outlives_the_person_as_a_hash(pool: Pool, who: str) -> None:
    await update_contacts([*ASKED, ERASED[who]], pool)
    assert await statements(pool) == []
    rows = await pool.fetch("select key, address, wording, ip_hash, state from notifier.consent_log order by at")
    assert [row["state"] for row in rows] == ["granted", "withdrawn"]
    assert {row["address"] for row in rows} == {
        await pool.fetchval("select notifier.hashed('acme', 'ana@example.com')")
    }
    assert {row["key"] for row in rows} == {await pool.fetchval("select notifier.hashed('acme', 'ana')")}
    assert {(row["ip_hash"], row["wording"]) for row in rows} == {("", "Yes, send me news.")}


@pytest.mark.parametrize("who", ["customer", "shop"])
async def test_a_suppressed_address_stays_so_and_nobody_can_read_it(pool: Pool, who: str) -> None:
    """An erased person must not be written to again by mistake."""
    await update_contacts(ASKED, pool)
    await pool.execute(
        """insert into notifier.suppression values ('acme', 'email', 'ana@example.com', 'ana@example.com: 550', now());
           insert into notifier.unsubscribed values ('acme', 'email', 'ana@example.com', now())"""
    )
    await update_contacts([ERASED[who]], pool)
    assert "example.com" not in await everything(pool)
    later = NOON + timedelta(hours=1)
    fresh = msgspec.structs.replace(customer(email="ana@example.com"), updated_at=later)
    again = msgspec.structs.replace(delivery(1, recipient=fresh), decided_at=later, not_after=later + timedelta(days=1))
    told = await verdict(pool, again)
    assert isinstance(told, Skip)
    assert told.rule == "suppressed"
    other = msgspec.structs.replace(
        again, id="run9/send/9", recipient=msgspec.structs.replace(fresh, email="bo@example.com")
    )
    assert isinstance(await verdict(pool, other), MaySend)


async def test_what_was_sent_keeps_that_it_was_and_nothing_else(pool: Pool) -> None:
    await Deliveries(pool).accept(
        [incoming(delivery(1)), incoming(delivery(2, key="customer-1")), incoming(delivery(3, key="bo"))], NOON
    )
    await pool.execute(
        """update notifier.delivery set state = 'failed', reason = '550 ana@example.com is unknown',
           provider_id = 'SM1',
           put_off = '{ana@example.com is busy}', wake_at = null"""
    )
    gone = record("customer.redacted", PrivacyRequested(customer=Buyer()), key="customer-1", minutes=9)
    await update_contacts([gone], pool)
    rows = await pool.fetch("select state, reason, provider_id, put_off, body from notifier.delivery order by key, id")
    kept, *left = [tuple(row) for row in rows]
    assert kept[1:4] == ("550 ana@example.com is unknown", "SM1", ["ana@example.com is busy"])
    assert left == [("failed", "", "", [], None)] * 2


@pytest.mark.parametrize("who", ["customer", "shop"])
async def test_what_was_said_before_comes_too_late(pool: Pool, who: str) -> None:
    await update_contacts([ERASED[who]], pool)
    await update_contacts(ASKED, pool)
    assert await known(pool) == {}
    assert await statements(pool) == []
    await update_contacts([later(ASKED[1])], pool)
    assert len(await statements(pool)) == 1


@pytest.mark.parametrize("who", ["customer", "shop"])
async def test_an_erasure_that_comes_again_spares_what_was_learnt_since(pool: Pool, who: str) -> None:
    await update_contacts([*ASKED, ERASED[who]], pool)
    await update_contacts([later(one) for one in ASKED[:2]], pool)
    once = await known(pool)
    assert once["acme", "ana"].email == "ana@example.com"
    await update_contacts([ERASED[who]], pool)
    await update_contacts([*ASKED, ERASED[who]], pool)
    assert await known(pool) == once
    assert len(await statements(pool)) == 1


@pytest.mark.parametrize("who", ["customer", "shop"])
async def test_an_erasure_that_comes_late_leaves_what_was_said_about_consent_since(pool: Pool, who: str) -> None:
    await update_contacts([*ASKED, later(ASKED[1])], pool)
    await update_contacts([ERASED[who]], pool)
    assert len(await statements(pool)) == 1
    assert await pool.fetchval("select count(*) from notifier.consent_log where key like 'sha256:%'") == 2


async def test_a_customer_is_erased_though_their_shop_was(pool: Pool) -> None:
    await Deliveries(pool).accept([incoming(delivery(1, key="ana"))], NOON)
    await pool.execute("update notifier.delivery set state = 'failed', reason = 'ana@example.com', wake_at = null")
    await update_contacts([ERASED["shop"]], pool)
    await update_contacts([ERASED["customer"]], pool)
    assert await pool.fetchval("select reason from notifier.delivery") == ""


def later(one: Record) -> Record:
    event = msgspec.json.decode(one.value)
    return msgspec.structs.replace(
        one, value=msgspec.json.encode({**event, "time": "2099-03-02T00:00:00Z", "id": "again"})
    )
