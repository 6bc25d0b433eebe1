"""The preference page: what somebody gets, and that what they choose holds when it is acknowledged."""

import re
from collections.abc import Collection, Iterable
from datetime import timedelta

import httpx
import msgspec
import pytest

from relevo_contracts.consents import LINK, Consent
from relevo_contracts.contact import Contact
from relevo_contracts.payloads import ConsentChanged
from relevo_contracts.policy import Policy, Purpose
from relevo_ingest.core.preferences import AGREES_WITHIN, PAGE
from relevo_ingest.entrypoints.preference_texts import PREFERENCE_TEXTS
from relevo_runtime.clock import SystemClock
from relevo_runtime.links import Preferences, token_of
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import Ingest

NOW = SystemClock().now()
LONG_AGO = NOW - timedelta(days=100)
POLICY = Policy(
    version="1",
    purposes={
        "newsletter": Purpose(covered_by="marketing"),
        "tea_club": Purpose(label={"en": "The tea club", "de": "Der Teeclub"}),
        "similar_products": Purpose(kind="soft_opt_in"),
        "receipt": Purpose(kind="transactional"),
    },
)
GRANTED = Consent(state="granted", at=LONG_AGO, source="form")
ANA = Contact(email="ana@example.com", phone="+34600111222", email_consent=GRANTED, bought_at=LONG_AGO)
BOX = re.compile(r'<input type="checkbox" name="get" value="([^"]*)"( checked)?( disabled)?>')
SHOWED = re.compile(r'name="showed" value="([^"]*)"')


async def known(pool: Pool, contact: Contact = ANA, policy: Policy | None = POLICY, key: str = "cus_1") -> None:
    """What the notifier knows already."""
    await pool.execute("insert into notifier.contact values ('tea', $1, $2)", key, contact)
    if policy is not None:
        await pool.execute(
            "insert into notifier.policy (shop, revision, version, source, compiled, active, deployed_at)"
            " values ('*', 1, '1', '', $1, true, now())",
            msgspec.json.encode(policy).decode(),
        )


async def contact_of(pool: Pool, key: str = "cus_1") -> Contact:
    row = await pool.fetchval("select contact from notifier.contact where shop = 'tea' and key = $1", key)
    return msgspec.convert(row, Contact)


def path(ingest: Ingest, address: str = "a•••@example.com", days: int = 0, key: str = "cus_1") -> str:
    link = Preferences("tea", key, "email", address, NOW - timedelta(days=days))
    return f"/preferences/{token_of(ingest.settings.link_secret.get_secret_value(), link)}"


def boxes(page: httpx.Response) -> dict[str, str]:
    """What each box of the page says."""
    return {name: "on" if on else "locked" if locked else "off" for name, on, locked in BOX.findall(page.text)}


def wanted(page: httpx.Response) -> dict[str, str]:
    """The same of what may be sent."""
    return {name: state for name, state in boxes(page).items() if name != "email/tracking"}


async def save(
    ingest: Ingest, page: httpx.Response, ticked: Iterable[str], preferred: str = "", where: str = ""
) -> httpx.Response:
    """Sends the form of the page with these boxes ticked."""
    form: dict[str, str | list[str]] = {"get": list(ticked), "showed": SHOWED.findall(page.text), "do": "save"}
    if preferred:
        form["preferred"] = preferred
    return await ingest.client.post(where or page.url.path, data=form)


async def said(ingest: Ingest) -> list[ConsentChanged]:
    return [msgspec.convert(event.data, ConsentChanged) for event in await ingest.stored()]


def states(said: Collection[ConsentChanged]) -> dict[str, str]:
    return {f"{one.channel}/{one.topic or one.purpose}": one.state for one in said}


async def test_the_page_says_what_the_person_gets_and_a_look_changes_nothing(ingest: Ingest, pool: Pool) -> None:
    await known(pool)
    page = await ingest.client.get(path(ingest))
    assert page.status_code == 200
    assert wanted(page) == {
        "email/marketing": "on",
        "email/newsletter": "on",
        "email/tea_club": "off",
        "email/similar_products": "on",
        "sms/marketing": "locked",
        "sms/newsletter": "locked",
        "sms/tea_club": "locked",
        "sms/similar_products": "on",
    }
    assert "The tea club" in page.text
    assert "a•••@example.com" in page.text
    assert "ana@" not in page.text
    assert "600111" not in page.text
    assert "receipt" not in page.text
    for name, value in (
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ):
        assert page.headers[name] == value
    rules = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(rules)  # not in another's frame
    assert '<meta name="robots" content="noindex">' in page.text
    assert "set-cookie" not in page.headers
    assert await ingest.stored() == []
    assert await contact_of(pool) == ANA


async def test_what_was_chosen_holds_when_it_is_acknowledged_and_is_proven(ingest: Ingest, pool: Pool) -> None:
    await known(pool)
    page = await ingest.client.get(path(ingest))
    answer = await save(ingest, page, ["email/newsletter", "email/tea_club", "sms/similar_products", "email/tracking"])
    assert PREFERENCE_TEXTS["en"].saved_more in answer.text
    assert boxes(answer) | {"email/marketing": "off", "email/similar_products": "off"} == boxes(answer)
    assert (boxes(answer)["email/newsletter"], boxes(answer)["email/tea_club"]) == ("on", "on")
    contact = await contact_of(pool)
    assert contact.email_consent.state == "withdrawn"
    assert contact.topic_consent("email", "tea_club").state == "granted"
    events = await ingest.stored()
    assert states(await said(ingest)) == {
        "email/marketing": "withdrawn",
        "email/newsletter": "granted",
        "email/tea_club": "granted",
        "email/similar_products": "withdrawn",
    }
    assert len({event.time for event in events}) == 1
    club = next(one for one in await said(ingest) if one.topic == "tea_club")
    assert (club.source, club.form, club.wording, club.wording_version) == (PAGE, PAGE, "The tea club", "1/en/1")
    assert (club.customer.email, club.double_opt_in, len(club.ip_hash)) == ("ana@example.com", True, 32)
    assert await pool.fetchval("select count(*) from notifier.consent_log where source = $1", PAGE) == 4
    assert await pool.fetchval("select count(*) from engine.outbox") == 0


async def test_whoever_objects_to_being_followed_is_heard(ingest: Ingest, pool: Pool) -> None:
    await known(pool)
    page = await ingest.client.get(path(ingest))
    assert boxes(page)["email/tracking"] == "on"
    answer = await save(ingest, page, [one for one in SHOWED.findall(page.text) if one != "email/tracking"])
    assert boxes(answer) == {**boxes(page), "email/tracking": "off"}
    assert {(one.channel, one.topic, one.state) for one in await said(ingest)} == {
        ("email", "tracking", "withdrawn"),
        ("sms", "tracking", "withdrawn"),
    }
    again = await save(ingest, answer, [*SHOWED.findall(answer.text), "email/tracking"])
    assert boxes(again) == boxes(page)
    assert (await contact_of(pool)).topic_consent("email", "tracking").state == "granted"


async def test_who_leaves_a_channel_leaves_it_for_the_address(ingest: Ingest, pool: Pool) -> None:
    await known(pool)
    page = await ingest.client.get(path(ingest))
    answer = await save(ingest, page, ["sms/similar_products", "email/tracking"])
    assert [one for one, state in wanted(answer).items() if state == "on"] == ["sms/similar_products"]
    [only] = await said(ingest)
    assert (only.state, only.purpose, only.source) == ("withdrawn", "marketing", LINK)
    assert await pool.fetchval("select array_agg(address) from notifier.unsubscribed") == ["ana@example.com"]
    again = await save(ingest, answer, ["email/newsletter", "sms/similar_products", "email/tracking"])
    assert boxes(again)["email/newsletter"] == "on", "agreed to anew, after it was left"
    assert boxes(again)["email/marketing"] == "off"


@pytest.mark.parametrize("form", [{"do": "leave"}, {"List-Unsubscribe": "One-Click"}])
async def test_one_button_leaves_everything(ingest: Ingest, pool: Pool, form: dict[str, str]) -> None:
    await known(pool)
    answer = await ingest.client.post(path(ingest), data=form)
    assert answer.status_code == 200
    assert set(wanted(answer).values()) == {"off", "locked"}
    assert states(await said(ingest)) == {"email/marketing": "withdrawn", "sms/marketing": "withdrawn"}


async def test_the_preferred_channel(ingest: Ingest, pool: Pool) -> None:
    await known(pool)
    page = await ingest.client.get(path(ingest))
    answer = await save(ingest, page, SHOWED.findall(page.text), preferred="sms")
    assert 'value="sms" checked' in answer.text
    contact = await contact_of(pool)
    assert (contact.preferred, contact.email_consent) == ("sms", GRANTED)
    assert boxes(answer) == boxes(page)
    await save(ingest, answer, SHOWED.findall(page.text), preferred="fax")
    assert len(await ingest.stored()) == 1


async def test_a_stale_page_and_a_form_made_up_grant_nothing(ingest: Ingest, pool: Pool) -> None:
    await known(pool)
    page = await ingest.client.get(path(ingest))
    await ingest.client.post(path(ingest), data={"do": "leave"})
    stale = await save(ingest, page, SHOWED.findall(page.text))
    assert "on" not in wanted(stale).values(), "what was left as it was shown is not said"
    made_up = await save(ingest, stale, ["sms/marketing", "sms/tea_club", "email/receipt", "fax/any", "x" * 999, "\0"])
    assert "on" not in wanted(made_up).values(), "the link proves who reads the mail, and not whose the phone is"
    for body in ({}, {"do": "anything"}, {"get": "email/marketing"}):
        assert "on" not in wanted(await ingest.client.post(path(ingest), data=body)).values()
    assert {one.state for one in await said(ingest)} == {"withdrawn"}


async def test_an_old_link_and_one_of_another_address_only_stop(ingest: Ingest, pool: Pool) -> None:
    await known(pool)
    page = await ingest.client.get(path(ingest, days=AGREES_WITHIN.days + 1))
    assert boxes(page)["email/tea_club"] == "locked"
    answer = await save(ingest, page, [*SHOWED.findall(page.text), "email/tea_club"])
    assert boxes(answer) == boxes(page)
    other = await ingest.client.get(path(ingest, address="x•••@example.com"))
    answer = await save(ingest, other, ["email/tea_club"])
    for one in (other, answer):
        assert (one.status_code, boxes(one)) == (200, {}), "whoever has the address now learns nothing"
        assert "•••22" not in one.text
    assert await ingest.stored() == []
    answer = await ingest.client.post(path(ingest, days=3000), data={"do": "leave"})
    assert "on" not in wanted(answer).values()


async def test_whoever_was_erased_or_is_unknown_sees_nothing_of_anybody(ingest: Ingest, pool: Pool) -> None:
    await pool.execute("insert into notifier.redaction values ('tea', 'cus_1', now())")
    for answer in (
        await ingest.client.get(path(ingest)),
        await ingest.client.post(path(ingest), data={"do": "leave"}),
    ):
        assert answer.status_code == 200
        assert PREFERENCE_TEXTS["en"].erased in answer.text
        assert "example.com" not in answer.text
    assert await ingest.stored() == []
    assert await pool.fetchval("select count(*) from notifier.contact") == 0
    stranger = await ingest.client.get(path(ingest, key="cus_2"))
    assert (boxes(stranger), 'value="leave"' in stranger.text) == ({}, True)
    await ingest.client.post(path(ingest, key="cus_2"), data={"do": "leave"})
    assert (await contact_of(pool, "cus_2")).email_consent.state == "withdrawn", "for the first that becomes known"


async def test_a_merged_customer_is_who_they_are_by_now(ingest: Ingest, pool: Pool) -> None:
    await known(pool, key="cus_9")
    await pool.execute("insert into notifier.merged values ('tea', 'cus_1', 'cus_9')")
    await ingest.client.post(path(ingest), data={"do": "leave"})
    assert {event.key for event in await ingest.stored()} == {"cus_9"}
    for key in ("cus_1", "cus_9"):
        assert (await contact_of(pool, key)).email_consent.state == "withdrawn"


async def test_the_page_speaks_the_persons_language(ingest: Ingest, pool: Pool) -> None:
    await known(pool, msgspec.structs.replace(ANA, locale="ar-EG"))
    page = await ingest.client.get(path(ingest), headers={"Accept-Language": "de"})
    assert 'lang="ar" dir="rtl"' in page.text
    await pool.execute("update notifier.contact set contact = $1", msgspec.structs.replace(ANA, locale="tlh"))
    page = await ingest.client.get(path(ingest), headers={"Accept-Language": "de"})
    assert 'lang="de" dir="ltr"' in page.text
    assert "Der Teeclub" in page.text


async def test_a_link_that_is_not_ours_and_one_for_something_else(ingest: Ingest) -> None:
    other = path(ingest).replace("/preferences/", "/u/")
    assert [(await ingest.client.get(one)).status_code for one in ("/preferences/nothing", other)] == [404, 404]


async def test_without_kafka_it_holds_and_the_event_waits(ingest_without_kafka: Ingest, pool: Pool) -> None:
    await known(pool)
    answer = await ingest_without_kafka.client.post(path(ingest_without_kafka), data={"do": "leave"})
    assert answer.status_code == 200
    assert (await contact_of(pool)).email_consent.state == "withdrawn"
    assert await pool.fetchval("select array_agg(key) from engine.outbox") == ["cus_1", "cus_1"]
