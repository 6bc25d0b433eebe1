"""The unsubscribe page: whom it is about, in the visitor's language, and back again with one button."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.consents import LINK
from relevo_contracts.payloads import ConsentChanged
from relevo_ingest.entrypoints import pages
from relevo_ingest.entrypoints.page_texts import TEXTS
from relevo_ingest.entrypoints.pages import Visit, language_of
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.links import Undo, Unsubscribe, token_of, unsubscribe_token
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import Ingest, tea_shop

TOKEN = re.compile(r'action="([A-Za-z0-9_-]+)"')


def token_for(ingest: Ingest, address: str = "ana@example.com") -> str:
    return unsubscribe_token(ingest.settings.link_secret.get_secret_value(), "tea", "cus_1", "email", address)


async def post(ingest: Ingest, token: str, language: str = "en") -> httpx.Response:
    return await ingest.client.post(f"/u/{token}", data={"confirm": "yes"}, headers={"Accept-Language": language})


def offered(answer: httpx.Response) -> str:
    """The link that the page's button leads to."""
    found = TOKEN.search(answer.text)
    assert found, answer.text
    return found[1]


async def said(ingest: Ingest) -> list[ConsentChanged]:
    return [msgspec.convert(event.data, ConsentChanged) for event in await ingest.stored()]


async def test_the_page_names_the_shop_and_the_masked_address(ingest: Ingest) -> None:
    page = await ingest.client.get(f"/u/{token_for(ingest)}")
    assert "tea" in page.text
    assert "a•••@example.com" in page.text
    assert "ana@example.com" not in page.text
    old = await ingest.client.get(f"/u/{token_for(ingest, '')}")
    assert old.status_code == 200
    assert 'class="address"' not in old.text


async def test_what_was_unsubscribed_is_restored_by_one_button(ingest: Ingest) -> None:
    done = await post(ingest, token_for(ingest))
    assert done.status_code == 200
    undo = offered(done)
    shown = await ingest.client.get(f"/u/{undo}")
    assert offered(shown) == undo, "opening the link offers it, and changes nothing"
    assert len(await said(ingest)) == 1
    undone = await post(ingest, undo)
    assert TEXTS["en"].undone_more in undone.text
    again = await post(ingest, undo)
    assert again.status_code == 200
    [withdrawn, restored, same] = await ingest.stored()
    assert (restored.id, restored.key) == (same.id, withdrawn.key)
    payload = msgspec.convert(restored.data, ConsentChanged)
    assert (payload.state, payload.source, payload.undoes) == ("restored", LINK, withdrawn.time)
    assert [one.state for one in await said(ingest)].count("granted") == 0
    assert (await post(ingest, offered(undone))).status_code == 200
    assert (await said(ingest))[-1].state == "withdrawn"


async def test_it_can_be_undone_for_a_day(ingest: Ingest) -> None:
    secret = ingest.settings.link_secret.get_secret_value()
    long_ago = SystemClock().now() - timedelta(days=1, minutes=1)
    token = token_of(secret, Undo(Unsubscribe("tea", "cus_1", "email", "a•••@example.com"), long_ago))
    for answer in (await post(ingest, token), await ingest.client.get(f"/u/{token}")):
        assert answer.status_code == 200
        assert TEXTS["en"].late in answer.text
    assert await said(ingest) == []


async def test_the_page_speaks_the_language_of_the_visitor_or_of_the_shop(ingest: Ingest, pool: Pool) -> None:
    for given_, spoken in (("ja", "ja"), ("xx, pl;q=0.8, de;q=0.9", "de"), ("", "en")):
        page = await ingest.client.get(f"/u/{token_for(ingest)}", headers={"Accept-Language": given_})
        assert f'lang="{spoken}"' in page.text
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(
            connection, msgspec.structs.replace(tea_shop(), shop="thee", name="Thé & Co", locale="nl-BE")
        )
    token = unsubscribe_token(ingest.settings.link_secret.get_secret_value(), "thee", "cus_1", "email")
    page = await ingest.client.get(f"/u/{token}", headers={"Accept-Language": "xx"})
    assert 'lang="nl"' in page.text
    assert "Thé &amp; Co" in page.text


@given(st.text(max_size=80), st.text(max_size=12))
def test_any_header_gives_a_language_that_the_page_speaks(header: str, locale: str) -> None:
    assert language_of(header, locale) in TEXTS


def test_a_language_that_is_refused_is_not_spoken() -> None:
    assert language_of("de;q=0, fr;q=0.1") == "fr"
    assert language_of("de;q=0", "sv-SE") == "sv"


class Outline(HTMLParser):
    """What a screen reader meets: the language, the headings, the buttons and their names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.texts: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes[tag] = dict(attrs)

    def handle_data(self, data: str) -> None:
        self.texts[self.tags[-1]] = data


@pytest.mark.parametrize("language", TEXTS)
def test_every_page_is_usable_without_a_mouse_and_by_ear(language: str) -> None:
    assert len(TEXTS) >= 10
    visit = Visit(language, "<b>Tea</b>", "email", "a•••@example.com")
    buttons = 0
    for html in (
        pages.confirmation(visit),
        pages.confirmation(Visit(language, "Tea", "sms", "•••23")),
        pages.done(visit, "token"),
        pages.undone(visit, "token"),
        pages.too_late(visit),
        pages.bad_link(Visit(language)),
        pages.busy(visit),
    ):
        outline = Outline(html)
        assert outline.attributes["html"]["lang"] == language
        assert (outline.tags.count("h1"), outline.tags.count("main")) == (1, 1)
        assert outline.texts["title"].startswith(outline.texts["h1"])
        assert "script" not in outline.tags
        assert "<b>" not in html
        assert "{shop}" not in html
        buttons += outline.tags.count("button")
    assert buttons == 4
