"""The script and the forms on the example page of a shop, in a real browser, against a running ingest."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from relevo_contracts.envelope import Event
from relevo_ingest.core.storefront.proofs import identity_token
from relevo_ingest.entrypoints.script import script
from relevo_runtime import storefronts
from relevo_runtime.clock import SystemClock
from relevo_runtime.http import serve
from relevo_runtime.links import Visit, token_of
from tests.ingest.chromium import Chromium, Page, chromium
from tests.ingest.test_any_request import IDENTITY_SECRET
from tests.ingest.test_visitors import Shop, shop

__all__ = ["shop"]
EXAMPLE = Path(__file__).parents[2] / "storefront/example/index.html"


class Site:
    """The example page of a shop, at an address of its own, and what ingest stored of its visitors."""

    def __init__(self, shop: Shop, address: str) -> None:
        self.shop = shop
        self.address = address

    async def stored(self, kind: str, number: int = 1) -> list[Event]:
        """The first events of a type, once there are so many."""
        async with asyncio.timeout(90):
            while len(found := [one for one in await self.shop.stored() if one.type == kind]) < number:
                await asyncio.sleep(0.1)
        return found

    async def set(self, **changes: Any) -> None:
        """Changes the storefront, which holds from the next request on."""
        async with self.shop.pool.acquire() as connection, connection.transaction():
            front = await storefronts.storefront(connection, "tea")
            assert front
            await storefronts.set_storefront(connection, msgspec.structs.replace(front, **changes))


@pytest.fixture
async def site(shop: Shop) -> AsyncIterator[Site]:
    ingest = str(shop.ingest.client.base_url).rstrip("/")

    async def page(request: Request) -> Response:
        html = EXAMPLE.read_text().replace("http://127.0.0.1:8080", ingest)
        language = request.query_params.get("language", "en")
        consent = "assumed" if "assumed" in request.query_params else "required"
        html = html.replace('lang="en"', f'lang="{language}"', 1)
        return HTMLResponse(html.replace(" data-shop=", f' data-consent="{consent}" data-shop=', 1))

    async with serve(Starlette(routes=[Route("/{path:path}", page)]), "127.0.0.1", 0) as port:
        made = Site(shop, f"http://127.0.0.1:{port}")
        await made.set(domains=["127.0.0.1"], consent="required")
        yield made


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Chromium]:
    async with chromium() as running:
        yield running


@pytest.fixture
async def page(browser: Chromium) -> Page:
    return await browser.page()


KEPT = "Object.keys(localStorage).sort().join()"


async def test_nothing_is_kept_or_sent_before_the_visitor_agrees(site: Site, page: Page) -> None:
    await page.open(site.address)
    assert await page.run(KEPT) == ""
    assert "May we remember your visit" in await page.run("document.getElementById('choice').innerText")
    await page.run("document.querySelector('[data-choice=granted]').click()")
    viewed = await site.stored("page.viewed", 2)
    assert {one.data.get("product_id", "") for one in viewed} == {"", "p-1"}
    assert len({one.data["customer"]["anonymous_id"] for one in viewed}) == 1
    assert viewed[0].data["url"].startswith(site.address)
    await page.until("localStorage['relevo.tea.queue'] === '[]'")
    assert await page.run(KEPT) == "relevo.tea.consent,relevo.tea.id,relevo.tea.queue"
    assert await page.run("document.cookie") == ""
    await page.run("relevo('consent', 'denied')")
    assert await page.run(KEPT) == "relevo.tea.consent"


async def test_a_page_that_changes_by_itself_and_one_that_is_left_are_told(site: Site, page: Page) -> None:
    await site.set(consent="assumed")
    await page.open(f"{site.address}/?assumed=1")
    await page.run("history.pushState({}, '', '/cups?assumed=1')")
    await page.until("localStorage['relevo.tea.queue'] === '[]'")
    await page.run("document.getElementById('save').click()")
    await page.call("Page.navigate", url="about:blank")  # at once: a beacon takes it along
    [wish] = await site.stored("wishlist.updated")
    assert wish.data["added"][0]["product_id"] == "p-1"
    urls = {one.data["url"] for one in await site.stored("page.viewed", 3)}
    assert urls == {f"{site.address}/?assumed=1", f"{site.address}/cups?assumed=1"}


async def test_what_could_not_be_sent_waits_in_the_browser(site: Site, page: Page) -> None:
    await site.set(consent="assumed")
    await page.open(f"{site.address}/?assumed=1")
    await page.until("localStorage['relevo.tea.queue'] === '[]'")
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    await page.call("Network.emulateNetworkConditions", **offline)
    await page.run("relevo('track', 'search.performed', {query: 'cup'}); relevo('flush')")
    await page.until("localStorage['relevo.tea.queue'].includes('search.performed')")
    assert not [one for one in await site.shop.stored() if one.type == "search.performed"]
    await page.call("Network.emulateNetworkConditions", **(offline | {"offline": False, **_FAST}))
    await page.open(f"{site.address}/?assumed=1")
    [found] = await site.stored("search.performed")
    assert found.data["query"] == "cup"


_FAST = {"downloadThroughput": -1, "uploadThroughput": -1}


async def test_somebody_signs_up_by_the_keyboard_alone(site: Site, page: Page) -> None:
    await page.open(f"{site.address}/?language=de")
    await page.until("document.querySelectorAll('.relevo-form form').length === 3")
    form = "document.querySelector('[data-relevo-form=newsletter]')"
    await page.run(f"{form}.querySelector('input[type=email]').focus()")
    await page.key("Enter", 13, "\r")
    await page.until(f"{form}.querySelector('[role=alert]').innerText !== ''")
    assert await page.run(f"{form}.querySelector('[role=alert]').innerText") == (
        "Bitte geben Sie eine E-Mail-Adresse wie name@example.com ein."
    )
    assert await page.run("document.activeElement.getAttribute('aria-invalid')") == "true"
    await page.write("Ana@Example.com")
    await page.key("Tab", 9)
    await page.key(" ", 32, " ")
    await page.key("Tab", 9)
    assert await page.run("document.activeElement.innerText") == "Anmelden", "the trap for programs is passed by"
    await page.key("Enter", 13, "\r")
    await page.until(f"{form}.querySelector('form').hidden")
    assert (await page.run("document.activeElement.innerText")).startswith("Fast fertig")
    [asked] = await site.stored("consent.requested")
    assert asked.data["contact"] == {"email": "ana@example.com", "locale": "de"}
    assert (asked.data["form"], asked.data["wording_version"]) == ("footer", "2026-01")
    assert asked.data["wording"].startswith("Ja, ich möchte")
    assert await page.run(KEPT) == "", "a sign-up is no consent to be remembered"


async def test_forms_of_all_kinds_say_what_they_ask_and_reach_ingest(site: Site, page: Page) -> None:
    await page.open(site.address)
    await page.until("document.querySelectorAll('.relevo-form form').length === 3")
    fields = await page.names("textbox")
    assert (fields.count("E-mail address"), "Why? (optional)" in fields, "" in fields) == (2, True, False)
    assert {"Sign up", "Send", "Tell me when it is back", "Put on my list", "Yes", "No"} == set(
        await page.names("button")
    )
    assert await page.names("radio") == [str(n) for n in range(11)]
    assert "How likely are you to recommend us?" in await page.names("group")
    await page.run(_filled("back-in-stock", "form.elements.email.value = 'bob@example.com'"))
    [wish] = await site.stored("back_in_stock.requested")
    assert (wish.data["variant_id"], wish.data["contact"]["email"]) == ("v-1", "bob@example.com")
    await page.run(_filled("survey", "form.elements.score[9].checked = true; form.elements.comment.value = 'tea'"))
    [answer] = await site.stored("form.submitted")
    assert (answer.data["form"], answer.data["fields"]) == ("nps", {"score": "9", "comment": "tea"})


async def test_a_program_that_fills_in_everything_is_not_heard(site: Site, page: Page) -> None:
    await page.open(site.address)
    await page.until("document.querySelectorAll('.relevo-form form').length === 3")
    trapped = "form.elements.email.value = 'bob@example.com'; form.elements.website.value = 'https://spam.example'"
    await page.run(_filled("back-in-stock", trapped))
    sent = "document.querySelector('[data-relevo-form=back-in-stock] form')"
    await page.until(f"{sent}.hidden")
    assert await page.run(f"getComputedStyle({sent}).display") == "none"
    assert await site.shop.stored() == []


def _filled(form: str, fill: str) -> str:
    found = f"const form = document.querySelector('[data-relevo-form={form}] form');"
    return f"(() => {{ {found} {fill}; form.requestSubmit(); }})()"


async def test_a_visitor_signs_in_once_and_out(site: Site, page: Page) -> None:
    await site.set(consent="assumed")
    await page.open(f"{site.address}/?assumed=1")
    token = identity_token(IDENTITY_SECRET, "cus.7", SystemClock().now())
    assert await page.run(f"relevo('identify', '{token}')") is True
    assert await page.run(f"relevo('identify', '{token}')") is False
    [seen] = await site.stored("customer.logged_in")
    before = seen.data["customer"]["anonymous_id"]
    await page.run("relevo('reset'); relevo('track', 'search.performed', {query: 'x'}); relevo('flush')")
    [later] = await site.stored("search.performed")
    assert later.data["customer"]["anonymous_id"] != before


async def test_a_link_in_a_mail_tells_who_it_is_and_leaves_no_trace(site: Site, page: Page) -> None:
    await site.set(consent="assumed")
    ana = await site.shop.customer("7", "ana@example.com")
    secret = site.shop.ingest.settings.link_secret.get_secret_value()
    token = token_of(secret, Visit("tea", ana, SystemClock().now()))
    await page.open(f"{site.address}/?assumed=1&rlv={token}")
    assert await page.run("location.href") == f"{site.address}/?assumed=1"
    [merged] = await site.stored("customer.merged")
    assert merged.key == ana
    assert all("rlv" not in one.data["url"] for one in await site.stored("page.viewed", 2))


BROWSER = """
const keys = {p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg'};
const found = {endpoint: 'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk',
  toJSON: () => ({keys}), unsubscribe: async () => true};
const worker = {pushManager: {subscribe: async (how) => { window.asked = how; return found; },
  getSubscription: async () => found}};
Object.defineProperty(navigator, 'serviceWorker', {value: {register: async (at) => { window.at = at; return worker; },
  ready: Promise.resolve(worker)}});
Notification.requestPermission = async () => 'granted';
window.PushManager = window.PushManager || function () {};
document.querySelector('script[data-shop]').dataset.pushKey = 'BP4z9KsN6nGRTbVYI';
"""
"""A browser whose push service is not asked: there is none to be reached."""


async def test_a_visitor_who_wants_push_messages_is_known_by_the_browser(site: Site, page: Page) -> None:
    await site.set(consent="assumed")
    await page.open(f"{site.address}/?assumed=1")
    await page.run(f"(() => {{ {BROWSER} return relevo('push').then((ok) => {{ window.said = ok; }}) && 1; }})()")
    [event] = await site.stored("push.subscribed")
    assert event.data["endpoint"] == "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk"
    assert event.data["asked"] is True
    assert event.data["auth"] == "BTBZMqHH6r4Tts7J_aSIgg"
    await page.until("window.said === true")
    assert await page.run("[window.at, asked.userVisibleOnly, asked.applicationServerKey].join()") == (
        "/relevo-push.js,true,BP4z9KsN6nGRTbVYI"
    )
    await page.run("relevo('push', 'off') && 1")
    [event] = await site.stored("push.unsubscribed")
    assert "auth" not in event.data


WORKER = """
const said = {}, shown = [], opened = [];
const self = {location: {hostname: 'tea.example', origin: 'https://tea.example'},
  addEventListener: (kind, then) => { said[kind] = then; },
  registration: {showNotification: (title, how) => shown.push([title, how.body, how.tag, how.data.url])},
  clients: {openWindow: (url) => opened.push(url)}};
SCRIPT
const pushed = (json) => said.push({data: {json}, waitUntil: () => 0});
const clicked = (url) => said.notificationclick({notification: {data: {url}, close: () => 0}, waitUntil: () => 0});
pushed(() => ({title: 'Hello', body: 'Teapot', tag: 't', url: 'https://tea.example/teapot'}));
pushed(() => { throw 1; });
['https://tea.example/teapot', '/cups', 'javascript:alert(1)', undefined].forEach(clicked);
return JSON.stringify([shown, opened]);
"""


async def test_the_worker_shows_what_came_and_leads_to_web_addresses_alone(page: Page) -> None:
    code = WORKER.replace("SCRIPT", script("push.js").plain.decode())
    shown, opened = msgspec.json.decode(await page.run(f"(() => {{ {code} }})()"))
    assert shown == [["Hello", "Teapot", "t", "https://tea.example/teapot"], ["tea.example", "", "relevo", "/"]]
    assert opened == ["https://tea.example/teapot", "https://tea.example/cups", "https://tea.example/"]


async def test_a_page_of_somebody_else_is_not_heard(site: Site, page: Page) -> None:
    await site.set(domains=["tea.example.com"], consent="assumed")
    await page.open(f"{site.address}/?assumed=1")
    assert await page.run("relevo('track', 'search.performed', {query: 'x'}) && relevo('flush')") is None
    answer = await site.shop.ingest.client.post("/t/tea", headers={"Origin": site.address}, content=b"{}")
    assert answer.status_code == 403
    assert await site.shop.stored() == []


async def test_the_scripts_are_small_and_kept_by_browsers(shop: Shop) -> None:
    for path, most in (("/relevo.js", 4_000), ("/relevo-forms.js", 6_000), ("/relevo-push.js", 1_000)):
        answer = await shop.ingest.client.get(path)
        assert answer.headers["content-encoding"] == "gzip"
        assert re.search(r"max-age=\d+", answer.headers["cache-control"])
        again = await shop.ingest.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert int(answer.headers["content-length"]) < most
    assert b" // " not in script("relevo.js").plain, "comments stay in the source"
