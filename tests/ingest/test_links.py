"""The links of messages: where they lead, whose click counts, and what is never recorded. Real HTTP and Kafka."""

import asyncio
from datetime import timedelta

import httpx
import msgspec
import pytest
from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import MessageEngagement
from relevo_contracts.sending import Sent
from relevo_runtime.clock import SystemClock
from relevo_runtime.links import Link, Opening, Redirect, Visit, read_token, token_of, unsubscribe_token
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import Ingest

CART = "https://tea.example.com/cart?a=1&utm_source=relevo#top"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605"
LONG_AGO = timedelta(hours=1)


def sent(ago: timedelta = LONG_AGO, *, run: str = "run1", **changes: object) -> Sent:
    at = int((SystemClock().now() - ago).timestamp())
    one = Sent(
        "tea", "cus_1", f"{run}/send-reminder/1", "abandoned-cart", "0123456789abcdef", "reminder", "marketing",
        "email", at,
    )  # fmt: skip
    return structs.replace(one, **changes)


class Reader:
    """Whoever reads a mail, by a browser of their own."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    async def asks(self, link: Link, *, method: str = "GET", agent: str = SAFARI, **headers: str) -> httpx.Response:
        kind = "o" if isinstance(link, Opening) else "l"
        given = {"User-Agent": agent} | {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/{kind}/{token_of(self._secret, link)}"
        return await self._ingest.client.request(method, path, headers=given)

    @property
    def _secret(self) -> str:
        return self._ingest.settings.link_secret.get_secret_value()

    async def heard(self, number: int) -> list[MessageEngagement]:
        """What was recorded, once there are so many events."""
        return [msgspec.convert(event.data, MessageEngagement) for event in await self.events(number)]

    async def events(self, number: int) -> list[Event]:
        for _ in range(150):
            found = [event for event in await self._ingest.stored() if event.type.startswith("message.")]
            if len(found) >= number:
                break
            await asyncio.sleep(0.1)
        assert len(found) == number, found
        return found


@pytest.fixture
async def reader(ingest: Ingest) -> Reader:
    return Reader(ingest)


async def test_a_link_leads_on_and_the_click_is_an_event_of_the_run_that_sent_it(reader: Reader) -> None:
    of = sent()
    answer = await reader.asks(Redirect(of, CART, 2))
    assert (answer.status_code, answer.headers["location"]) == (302, CART)
    assert answer.headers["cache-control"].startswith("no-store")
    [event] = await reader.events(1)
    assert (event.type, event.shop, event.key, event.hops) == ("message.clicked", "tea", "cus_1", 1)
    heard = msgspec.convert(event.data, MessageEngagement)
    assert (heard.delivery_id, heard.run_id, heard.step) == ("run1/send-reminder/1", "run1", "send-reminder")
    assert (heard.workflow, heard.version, heard.template) == ("abandoned-cart", "0123456789abcdef", "reminder")
    assert (heard.channel, heard.purpose, heard.url, heard.machine) == ("email", "marketing", CART, "")
    assert heard.sent_at is not None
    assert int(heard.sent_at.timestamp()) == of.at


async def test_a_second_tap_is_the_same_click_and_another_link_is_another(reader: Reader) -> None:
    of = sent()
    for number in (1, 1, 2, 1):
        assert (await reader.asks(Redirect(of, f"{CART}{number}", number))).status_code == 302
    assert sorted(one.url for one in await reader.heard(2)) == [f"{CART}1", f"{CART}2"]


async def test_what_one_request_gives_away_is_told_and_leads_on_all_the_same(reader: Reader) -> None:
    asked = [
        await reader.asks(Redirect(sent(run="head"), CART, 1), method="HEAD"),
        await reader.asks(Redirect(sent(run="fetch"), CART, 1), Sec_Purpose="prefetch;prerender"),
        await reader.asks(Redirect(sent(run="scan"), CART, 1), agent="BarracudaCentral/1.0"),
        await reader.asks(Redirect(sent(timedelta(0), run="soon"), CART, 1)),
    ]
    assert {one.headers["location"] for one in asked} == {CART}
    found = {one.run_id: (one.machine, one.action) for one in await reader.heard(4)}
    assert found == {
        "head": ("head", "clicked"), "fetch": ("prefetch", "clicked"), "scan": ("scanner", "clicked"),
        "soon": ("early", "clicked"),
    }  # fmt: skip
    assert {event.type for event in await reader.events(4)} == {"message.scanned"}


async def test_who_follows_all_links_at_once_reads_none_of_them(reader: Reader) -> None:
    of = sent()
    for number in (1, 2, 3, 4):
        await reader.asks(Redirect(of, f"{CART}{number}", number))
    assert {one.machine for one in await reader.heard(4)} == {"burst"}


async def test_only_a_person_is_known_to_the_page_that_a_link_leads_to(ingest: Ingest, reader: Reader) -> None:
    of = sent()
    there = await reader.asks(Redirect(of, CART, 1, visit=True))
    address, _, fragment = there.headers["location"].partition("#")
    before, _, token = address.partition("&rlv=")
    assert f"{before}#{fragment}" == CART
    visit = read_token(ingest.settings.link_secret.get_secret_value(), token)
    assert isinstance(visit, Visit)
    assert (visit.shop, visit.key, int(visit.at.timestamp())) == ("tea", "cus_1", of.at)
    machine = await reader.asks(Redirect(of, CART, 1, visit=True), agent="curl/8.0")
    assert machine.headers["location"] == CART


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/\r\nSet-Cookie: a=b", "//a.example/", ""])
async def test_a_link_leads_to_pages_of_the_web_alone(reader: Reader, url: str) -> None:
    answer = await reader.asks(Redirect(sent(), url, 1))
    assert (answer.status_code, "location" in answer.headers) == (404, False)


async def test_a_changed_link_and_one_of_another_kind_lead_nowhere(ingest: Ingest) -> None:
    secret = ingest.settings.link_secret.get_secret_value()
    token = token_of(secret, Redirect(sent(), CART, 1))
    half = len(token) // 2
    changed = token[:half] + ("A" if token[half] != "A" else "B") + token[half + 1 :]
    forged = token_of("another-secret-of-16", Redirect(sent(), CART, 1))
    unsubscribe = unsubscribe_token(secret, "tea", "cus_1", "email")
    for wrong in (changed, token[:-4], forged, unsubscribe, "x", token_of(secret, Opening(sent()))):
        answer = await ingest.client.get(f"/l/{wrong}", headers={"Accept-Language": "en"})
        assert (answer.status_code, "location" in answer.headers) == (404, False)
        assert "This link is not valid" in answer.text
    pixel = await ingest.client.get("/o/x")
    assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")


async def test_neither_who_objects_nor_who_was_erased_is_recorded(pool: Pool, reader: Reader, ingest: Ingest) -> None:
    said = {
        "id": "o-1", "source": "/erp", "specversion": "1.0", "type": "consent.changed",
        "data": {
            "customer": {"id": "7", "email": "ana@example.com"}, "channel": "email", "purpose": "newsletter",
            "topic": "tracking", "state": "withdrawn",
        },
    }  # fmt: skip
    answer = await ingest.send(msgspec.json.encode(said), content_type="application/cloudevents+json")
    assert answer.status_code == 200, answer.text
    key = answer.json()["events"][0]["key"]
    await pool.execute("insert into ingest.unfollowed values ('tea', 'gone', 'erased', now())")
    for of in (sent(key=key), sent(key="gone"), sent(key="other", run="other"), sent(-LONG_AGO, key="gone", run="new")):
        assert (await reader.asks(Redirect(of, CART, 1))).status_code == 302
    assert {one.run_id for one in await reader.heard(2)} == {"other", "new"}
    granted = said | {"id": "o-2", "data": {**said["data"], "state": "granted"}}  # type: ignore[dict-item]  # a mapping
    await ingest.send(msgspec.json.encode(granted), content_type="application/cloudevents+json")
    assert await pool.fetchval("select count(*) from ingest.unfollowed where reason <> 'erased'") == 0


async def test_links_lead_on_while_kafka_is_away(ingest_without_kafka: Ingest) -> None:
    answer = await Reader(ingest_without_kafka).asks(Redirect(sent(), CART, 1))
    assert (answer.status_code, answer.headers["location"]) == (302, CART)
