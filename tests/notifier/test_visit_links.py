"""Links in mails say who reads them: to the shop's own pages, and in mails to the customer's own address alone."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.contact import Contact
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.app.visit_links import VisitLinks
from relevo_notifier.core.visit_links import in_html, in_text, own_host, with_token
from relevo_notifier.core.work import Work
from relevo_runtime.links import Visit, read_token, token_of
from relevo_runtime.storefronts import Storefront
from tests.notifier.support import CONTEXT, NOON, customer, delivery, work
from tests.notifier.test_malformed_values import Known

SECRET = "0123456789abcdef"
RELEVO = "https://acme.example.com/relevo/"
UNSUBSCRIBE = f"{RELEVO}u/1"
CART = "https://acme.example.com/cart?a=1&b=2"
FRONT = Storefront(shop="acme", key="pk_1", domains=["acme.example.com", "*.acme.example.com"])


class Fronts:
    """One storefront, without a database; `None` is a shop without."""

    def __init__(self, front: Storefront | None = FRONT) -> None:
        self._front = front

    async def load(self) -> None:
        """It is there."""

    def is_at(self, shop: str, host: str) -> bool:
        return self._front is not None and shop == self._front.shop and self._front.is_at(host)


def mail(one: Work, front: Storefront | None = FRONT) -> tuple[str, str]:
    """The text and the HTML of a delivery."""
    visits = VisitLinks(Fronts(front), lambda visit: token_of(SECRET, visit), RELEVO)
    prepare = Prepare(Known(), lambda *_: UNSUBSCRIBE, visits=visits)
    message = prepare.message(one, NOON)
    assert not hasattr(message, "state"), message
    return message.content.text, message.content.html  # type: ignore[union-attr]


def token_in(text: str) -> Visit:
    [token] = set(re.findall(r"rlv=([\w-]+)", text))
    found = read_token(SECRET, token)
    assert isinstance(found, Visit)
    return found


def test_links_to_the_shop_say_whose_mail_it_was_and_since_when() -> None:
    text, html = mail(work())
    assert token_in(text) == token_in(unescape(html)) == Visit("acme", "customer-1", NOON)
    [in_mail] = re.findall(r'href="([^"]*cart[^"]*)"', html)
    assert unescape(in_mail).startswith(f"{CART}&rlv=")


def test_what_leads_elsewhere_stays_as_it_is() -> None:
    """The unsubscribe link is of the shop's domain here, and one by which nobody visits it."""
    text, html = mail(work())
    assert re.search(rf"{UNSUBSCRIBE}(\s|$)", text)
    assert f'href="{UNSUBSCRIBE}"' in html
    elsewhere = {**CONTEXT, "trigger": {**CONTEXT["trigger"], "recover_url": "https://tracking.example.net/x"}}
    assert not any("rlv" in part for part in mail(work(delivery(context=elsewhere))))


@pytest.mark.parametrize(
    ("known", "tells"),
    [(None, False), (customer("ana@example.com"), False), (customer("Friend@example.com"), True)],
    ids=["nothing known", "another address", "the same address"],
)
def test_the_contact_of_an_event_is_told_from_the_customer(known: Contact | None, tells: bool) -> None:
    """Whoever gets a mail about somebody else's order must not be taken for them."""
    item = delivery(purpose="transactional", to="contact", recipient=Contact(email="friend@example.com"))
    assert all(("rlv=" in part) == tells for part in mail(work(item, known=known)))


def test_without_a_storefront_links_say_nothing() -> None:
    assert mail(work(), None) == mail(work(), FRONT.__class__(shop="other", key="pk_2", domains=["acme.example.com"]))
    assert not any("rlv" in part for part in mail(work(), None))


@pytest.mark.parametrize(
    ("url", "marked"),
    [
        ("https://a.example/", "https://a.example/?rlv=T"),
        ("https://a.example/p?x=1#top", "https://a.example/p?x=1&rlv=T#top"),
        ("https://a.example/p#a?b", "https://a.example/p?rlv=T#a?b"),
        ("https://a.example/p?", "https://a.example/p?rlv=T"),
        ("https://a.example/p?rlv=", "https://a.example/p?rlv="),  # the author wants none
        ("https://a.example/p?x=rlv=1", "https://a.example/p?x=rlv=1&rlv=T"),
    ],
)
def test_the_rest_of_an_address_stays_and_one_that_has_a_proof_keeps_it(url: str, marked: str) -> None:
    assert with_token(url, "T") == marked


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Shop.Example/x", "shop.example"), ("https://shop.example:8443/x", "shop.example"),
        ("http://shop.example/x", ""), ("http://127.0.0.1:8000/", "127.0.0.1"), ("https://me@shop.example/", ""),
        ("https://shop.example\\@evil.example/", ""), ("https://evil.example/?shop.example", "evil.example"),
        ("https://[bad/", ""), ("mailto:a@shop.example", ""),
    ],
)  # fmt: skip
def test_the_proof_goes_to_no_host_that_could_be_another(url: str, host: str) -> None:
    assert own_host(url) == host


def test_what_ends_a_sentence_is_no_part_of_an_address() -> None:
    text = "See https://a.example/p. Or (https://a.example/q), <https://a.example/r>! Not https://b.example/."
    marked = in_text(text, lambda url: "a.example" in url, "T")
    assert marked == (
        "See https://a.example/p?rlv=T. Or (https://a.example/q?rlv=T), <https://a.example/r?rlv=T>!"
        " Not https://b.example/."
    )


def test_pictures_and_styles_are_not_links() -> None:
    html = '<img src="https://a.example/i.png"><link href="https://a.example/s.css" rel="stylesheet"><p>href="x"</p>'
    assert in_html(html, lambda _: True, "T") == html


HOSTS = st.sampled_from(
    ["a.example", "b.example", "a.example.evil.example", "a.example@b.example", "b.example/a.example"]
)
URLS = st.builds(
    lambda host, path, query: f"https://{host}/{path}{query}",
    HOSTS,
    st.text("abc/%-_", max_size=8),
    st.sampled_from(["", "?x=1", "?x=%26&y", "#f", "?a=b#c", "?&&"]),
)


@given(st.lists(URLS, max_size=5), st.text(max_size=20))
def test_nothing_but_links_to_the_shop_changes_and_each_still_says_what_it_said(urls: list[str], more: str) -> None:
    """`more` is whatever a customer may have typed."""

    def own(url: str) -> bool:
        return own_host(url) == "a.example"

    after = in_text("\n".join([*urls, more]), own, "T").split("\n")
    for old, new in zip(urls, after, strict=False):
        proofs = [value for name, value in parse_qsl(urlsplit(new).query) if name == "rlv"]
        assert proofs == (["T"] if own(old) else [])
        assert new == old or (urlsplit(new).hostname, urlsplit(new).path) == (
            urlsplit(old).hostname,
            urlsplit(old).path,
        )


def test_a_forged_or_changed_proof_is_none() -> None:
    token = token_of(SECRET, Visit("acme", "customer-1", NOON - timedelta(days=1)))
    assert read_token(SECRET, token) == Visit("acme", "customer-1", NOON - timedelta(days=1))
    with pytest.raises(Exception, match="not valid"):
        read_token("another-secret-of-16", token)
