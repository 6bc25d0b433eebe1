"""Signing up in two steps: only whoever reads the mailbox agrees, once, with the proof of what was asked."""

import re
from typing import Any

import httpx
import msgspec
import pytest

from relevo_contracts.payloads import ConsentChanged
from relevo_ingest.entrypoints.page_texts import TEXTS
from relevo_ingest.entrypoints.sign_up_texts import SIGN_UP_TEXTS
from relevo_runtime.links import Confirm, Unsubscribe, token_of
from tests.ingest.test_visitors import Shop, page, shop
from tests.ingest.visits import ORIGIN, VISITOR

__all__ = ["shop"]
WORDS = SIGN_UP_TEXTS["en"]
DETAILS = {
    "email": "Ana@Example.com",
    "form": "footer",
    "form_url": f"{ORIGIN}/tea?a=1",
    "wording": "Yes, news by e-mail.",
    "wording_version": "3",
    "list_id": "news",
}


async def asked(shop: Shop, number: int = 1, **details: Any) -> str:
    """The link that the owner of the address gets."""
    hit = {"id": f"ask {number}", "type": "consent.requested", "data": DETAILS | details}
    assert await shop.tell(hit) == 202
    [*_, event] = [one for one in await shop.stored() if one.type == "consent.requested"]
    return str(event.data["confirm_url"]).removeprefix(shop.ingest.settings.public_url)


async def click(shop: Shop, link: str, answer: str = "yes") -> httpx.Response:
    return await shop.ingest.client.post(link, data={"confirm": answer})


async def consents(shop: Shop) -> list[ConsentChanged]:
    return [
        msgspec.convert(event.data, ConsentChanged) for event in await shop.stored() if event.type == "consent.changed"
    ]


async def test_the_owner_confirms_and_the_proof_is_kept(shop: Shop) -> None:
    link = await asked(shop)
    shown = await shop.ingest.client.get(link)
    assert WORDS.ask in shown.text
    assert "a•••@example.com" in shown.text
    assert "ana@example.com" not in shown.text
    assert await consents(shop) == []
    done = await click(shop, link)
    assert WORDS.done in done.text
    [consent] = await consents(shop)
    assert (consent.state, consent.channel, consent.double_opt_in) == ("granted", "email", True)
    assert consent.customer.email == "ana@example.com"
    assert (consent.form, consent.wording, consent.wording_version, consent.list_id) == (
        *("footer", "Yes, news by e-mail.", "3", "news"),
    )
    assert consent.form_url == DETAILS["form_url"]
    assert len(consent.ip_hash) == 32
    assert consent.requested_at is not None
    row = await shop.pool.fetchrow("select state, asked_ip, ended_ip from ingest.opt_in")
    assert row is not None
    assert (row["state"], len(row["asked_ip"]), len(row["ended_ip"])) == ("confirmed", 32, 32)


async def test_a_second_click_changes_nothing(shop: Shop) -> None:
    link = await asked(shop)
    await click(shop, link)
    for again in (await click(shop, link), await click(shop, link, "no"), await shop.ingest.client.get(link)):
        assert again.status_code == 200
        assert WORDS.already in again.text
    assert len(await consents(shop)) == 1


async def test_who_did_not_sign_up_says_so_and_is_not_asked_again(shop: Shop) -> None:
    link = await asked(shop)
    assert WORDS.declined in (await click(shop, link, "no")).text
    assert WORDS.declined in (await click(shop, link)).text
    assert await consents(shop) == []
    assert await shop.tell({"id": "2", "type": "consent.requested", "data": DETAILS}) == 204


async def test_a_sign_up_can_be_confirmed_for_a_week(shop: Shop) -> None:
    link = await asked(shop)
    await shop.pool.execute("update ingest.opt_in set asked_at = asked_at - interval '8 days'")
    for late in (await shop.ingest.client.get(link), await click(shop, link)):
        assert WORDS.late in late.text
    assert await consents(shop) == []


async def test_another_link_is_not_one_of_ours(shop: Shop) -> None:
    secret = shop.ingest.settings.link_secret.get_secret_value()
    for link in (Confirm("tea", "unknown"), Confirm("nowhere", "1"), Unsubscribe("tea", "cus_1", "email")):
        answer = await shop.ingest.client.get(f"/c/{token_of(secret, link)}")
        assert answer.status_code == 404
        assert TEXTS["en"].bad in answer.text
    made_up = await click(shop, "/c/made-up")
    assert made_up.status_code == 404
    confirm = await asked(shop)
    as_unsubscribing = await shop.ingest.client.post(confirm.replace("/c/", "/u/"))
    assert as_unsubscribing.status_code == 404


async def test_the_visitor_who_signed_up_is_the_owner_with_what_they_did(shop: Shop) -> None:
    ana = await shop.customer("7", "ana@example.com")
    await shop.tell(page(1))
    browser = (await shop.names())[f"anonymous:{VISITOR}"]
    await click(shop, await asked(shop))
    merged, consent = (await shop.stored())[-2:]
    assert (merged.type, merged.key, merged.data["merged_keys"]) == ("customer.merged", ana, [browser])
    assert (consent.type, consent.key) == ("consent.changed", ana)
    assert (await shop.names())[f"anonymous:{VISITOR}"] == ana


async def test_a_browser_of_somebody_else_stays_theirs(shop: Shop) -> None:
    ana, bob = await shop.customer("7", "ana@example.com"), await shop.customer("8", "bob@example.com")
    await shop.tell(page(1))
    await shop.sign_in("8")
    await click(shop, await asked(shop))
    names = await shop.names()
    assert (names[f"anonymous:{VISITOR}"], names["customer:7"]) == (bob, ana)


async def test_the_way_back_to_the_shop_says_who_it_is(shop: Shop) -> None:
    ana = await shop.customer("7", "ana@example.com")
    done = await click(shop, await asked(shop))
    found = re.search(r'href="([^"]+)"', done.text)
    assert found
    url = found[1].replace("&amp;", "&")
    assert url.startswith(f"{ORIGIN}/tea?a=1&rlv=")
    token = url.partition("rlv=")[2]
    other = "b-the-telephone-of-ana"
    assert await shop.tell({"type": "visit", "data": {"token": token}}, visitor=other) == 202
    assert (await shop.names())[f"anonymous:{other}"] == ana


async def test_the_proof_stays_when_the_person_is_erased(shop: Shop) -> None:
    await shop.customer("7", "ana@example.com")
    await click(shop, await asked(shop))
    await asked(shop, 2)
    body = (
        b'{"specversion": "1.0", "id": "e", "source": "s", "type": "customer.redacted",'
        b' "data": {"customer": {"id": "7"}}}'
    )
    assert (await shop.ingest.send(body, content_type="application/cloudevents+json")).status_code == 200
    [row] = await shop.pool.fetch("select * from ingest.opt_in")
    assert (row["state"], row["address"], row["asked_ip"], row["visitor"]) == ("confirmed", None, "", "")
    assert row["details"]["wording"] == DETAILS["wording"]


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_of_the_pages_has_all_words(language: str) -> None:
    words = SIGN_UP_TEXTS[language]
    assert all(getattr(words, name) for name in words.__struct_fields__)
    assert all("{shop}" in text for text in (words.email, words.done_more, words.declined_more))
