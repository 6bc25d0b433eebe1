"""Links in mails say who reads them: to the shop's own pages, and in mails to the customer's own address alone."""

import re
from datetime import timedelta
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts.consents import Consent
from relevo_contracts.contact import Contact
from relevo_contracts.link_rules import LinkRules
from relevo_contracts.storefront import with_visit
from relevo_notifier.app.message_links import MessageLinks
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.link_rewriting import host_of, in_html, in_text, own_host
from relevo_notifier.core.mime import MailContent
from relevo_notifier.core.tracking import Rewriting, Shape, sent_of
from relevo_notifier.core.work import Work
from relevo_runtime.catalog import Shop
from relevo_runtime.links import Link, Opening, Redirect, Visit, read_token, token_of
from relevo_runtime.storefronts import Storefront
from relevo_templates.addresses import web_address
from tests.notifier.support import CONTEXT, NOON, SHOP, customer, delivery, work
from tests.notifier.test_malformed_values import Known

SECRET = "0123456789abcdef"
RELEVO = "https://acme.example.com/relevo/"
UNSUBSCRIBE = f"{RELEVO}u/1"
CART = "https://acme.example.com/cart?a=1&b=2"
FRONT = Storefront(shop="acme", key="pk_1", domains=["acme.example.com", "*.acme.example.com"])


UNFOLLOWED = LinkRules(tracking="off", utm=None)


class Shops(Known):
    """The shop with other rules for its links."""

    def __init__(self, rules: LinkRules) -> None:
        super().__init__()
        self._rules = rules

    def shop(self, name: str) -> Shop | None:
        return structs.replace(SHOP, links=self._rules)


class Fronts:
    """One storefront, without a database; `None` is a shop without."""

    def __init__(self, front: Storefront | None = FRONT) -> None:
        self._front = front

    async def load(self) -> None:
        """It is there."""

    def is_at(self, shop: str, host: str) -> bool:
        return self._front is not None and shop == self._front.shop and self._front.is_at(host)


def mail(one: Work, front: Storefront | None = FRONT) -> tuple[str, str]:
    """The text and the HTML of a delivery, whose links are not followed."""
    return sent(one, UNFOLLOWED, front)


def sent(one: Work, rules: LinkRules, front: Storefront | None = FRONT) -> tuple[str, str]:
    """The text and the HTML of a delivery by these rules of the shop."""
    links = MessageLinks(Fronts(front), lambda link: token_of(SECRET, link), RELEVO)
    message = Prepare(Shops(rules), lambda *_: UNSUBSCRIBE, links=links).message(one, NOON)
    assert not hasattr(message, "state"), message
    content = message.content
    if isinstance(content, str):
        return content, ""
    assert isinstance(content, MailContent)
    return content.text, content.html


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
    assert with_visit(url, "T") == marked


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


@given(
    st.sampled_from(["https://", "http://", "HTTPS://", " https://", "https:/", "ftp://"]),
    st.one_of(st.sampled_from(["a.example", "a-b.example:443"]), st.text("aB.-:@[]\\%09é \t", max_size=12)),
    st.text("/?#:@\\[]a\n", max_size=6),
)
def test_a_host_is_what_the_library_for_addresses_says(scheme: str, host: str, rest: str) -> None:
    url = scheme + host + rest
    try:
        parts = urlsplit(url)
        expected = "" if parts.username is not None or "\\" in url else (parts.hostname or "").lower()
    except ValueError:
        expected = ""
    assert host_of(url) == expected


def test_what_ends_a_sentence_is_no_part_of_an_address() -> None:
    text = "See https://a.example/p. Or (https://a.example/q), <https://a.example/r>! Not https://b.example/."
    marked = in_text(text, lambda url: with_visit(url, "T") if "a.example" in url else url)
    assert marked == (
        "See https://a.example/p?rlv=T. Or (https://a.example/q?rlv=T), <https://a.example/r?rlv=T>!"
        " Not https://b.example/."
    )


def test_pictures_and_styles_are_not_links() -> None:
    html = '<img src="https://a.example/i.png"><link href="https://a.example/s.css" rel="stylesheet"><p>href="x"</p>'
    assert in_html(html, lambda url: with_visit(url, "T")) == html


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

    text = in_text("\n".join([*urls, more]), lambda url: with_visit(url, "T") if own(url) else url)
    after = text.split("\n")
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


FOLLOWED = LinkRules(tracking="all", utm=None)
SAID = {"email/tracking:ana1@example.com": Consent(state="withdrawn", at=NOON - timedelta(hours=1), source="test")}
AGREED = {"email/tracking:ana1@example.com": Consent(state="granted", at=NOON - timedelta(hours=1), source="test")}


def tokens_in(text: str) -> list[Link]:
    return [read_token(SECRET, token) for token in re.findall(rf"{RELEVO}[lo]/([\w-]+)", text)]


def objecting(topics: dict[str, Consent]) -> Work:
    return work(delivery(recipient=structs.replace(customer("ana1@example.com"), topics=topics)))


def test_followed_links_lead_by_relevo_to_where_they_led_and_say_which_message_it_was() -> None:
    text, html = sent(work(), FOLLOWED)
    [link] = tokens_in(text)
    assert isinstance(link, Redirect)
    assert (link.url, link.visit, link.of.at) == (CART, True, int(NOON.timestamp()))
    assert (link.of.shop, link.of.key, link.of.delivery) == ("acme", "customer-1", "run1/send-reminder/1")
    assert (link.of.workflow, link.of.template, link.of.purpose) == ("abandoned-cart", "reminder", "marketing")
    assert tokens_in(html) == [link, Opening(link.of)], (
        "one link is one, wherever it stands; the picture is the last part"
    )
    assert f'href="{UNSUBSCRIBE}"' in html
    assert "rlv" not in text + html, "the proof is added when the link is followed"
    assert html.index("<img") > html.index("href")
    assert html.endswith("</body></html>") or "</body>" in html


def test_clicks_alone_have_no_picture_and_openings_alone_change_no_link() -> None:
    assert "<img" not in sent(work(), LinkRules(tracking="clicks", utm=None))[1]
    text, html = sent(work(), LinkRules(tracking="opens", utm=None), None)
    assert [type(one) for one in tokens_in(html)] == [Opening]
    assert tokens_in(text) == []


def test_whoever_objects_gets_the_mail_as_it_was_written() -> None:
    written = sent(objecting(SAID), LinkRules(tracking="off", utm=None), None)
    assert sent(objecting(SAID), LinkRules(tracking="all")) == written
    assert sent(work(), LinkRules(tracking="off", utm=None), None) == written


def test_where_consent_is_required_silence_is_not_consent() -> None:
    rules = LinkRules(tracking="all", consent="required", utm=None)
    assert tokens_in("".join(sent(objecting({}), rules))) == []
    assert "rlv" not in "".join(sent(objecting({}), rules))
    assert len(tokens_in("".join(sent(objecting(AGREED), rules)))) == 3


@pytest.mark.parametrize(("transactional", "links"), [(False, 0), (True, 3)])
def test_transactional_messages_are_followed_only_if_the_shop_says_so(transactional: bool, links: int) -> None:
    item = work(delivery(purpose="transactional"))
    rules = LinkRules(tracking="all", transactional=transactional, utm=None)
    assert len(tokens_in("".join(sent(item, rules)))) == links


def test_links_of_texts_are_changed_only_if_the_shop_says_so() -> None:
    item = work(delivery(channel="sms", context={**CONTEXT, "trigger": {"number": "https://acme.example.com/o/1"}}))
    assert tokens_in(sent(item, FOLLOWED)[0]) == []
    [link] = tokens_in(sent(item, structs.replace(FOLLOWED, sms=True))[0])
    assert isinstance(link, Redirect)
    assert (link.url, link.visit, link.of.channel) == ("https://acme.example.com/o/1", False, "sms")


def test_nothing_is_learnt_of_a_customer_from_what_a_friend_does() -> None:
    rules = LinkRules(tracking="all", transactional=True)
    item = delivery(purpose="transactional", to="contact", recipient=Contact(email="friend@example.com"))
    assert sent(work(item), rules) == sent(work(item), UNFOLLOWED)


@pytest.mark.parametrize(
    ("utm", "shop_hosts", "query"),
    [
        ({}, [], "utm_source=relevo&utm_medium=email&utm_campaign=abandoned-cart&utm_content=reminder"),
        ({"source": "a & b", "content": ""}, [], "utm_source=a%20%26%20b&utm_medium=email&utm_campaign=abandoned-cart"),
        (None, [], ""),
    ],
)
def test_links_to_the_shop_have_its_campaign(utm: dict[str, str] | None, shop_hosts: list[str], query: str) -> None:
    rules = LinkRules(tracking="off", utm=utm, hosts=shop_hosts)
    text, _ = sent(work(), rules, None)
    assert f"{CART}&{query}".rstrip("&") in text.split()


def test_a_campaign_of_the_author_stays_and_other_hosts_get_none() -> None:
    own = {**CONTEXT, "trigger": {**CONTEXT["trigger"], "recover_url": "https://acme.example.com/?utm_source=x#end"}}
    assert (
        "https://acme.example.com/?utm_source=x&utm_medium=email&utm_campaign=abandoned-cart&utm_content=reminder#end"
        in sent(work(delivery(context=own)), LinkRules(tracking="off"), None)[0].split()
    )
    other = {**CONTEXT, "trigger": {**CONTEXT["trigger"], "recover_url": "https://blog.example.net/a"}}
    item = work(delivery(context=other))
    assert "utm" not in "".join(sent(item, LinkRules(tracking="off")))
    assert "utm" in sent(item, LinkRules(tracking="off", hosts=["blog.example.net"]))[0]


HARD = st.sampled_from(
    [
        "https://a.example/?a=1&copy=2&b=%26", "https://a.example/%E2%82%AC?x=%2F#a&b", "https://bücher.example/straße",
        "HTTPS://A.example/A?B=c", "https://a.example/?q='\"", "https://a.example/;p=1", "https://a.example:8443/(x)[1]",
        "mailto:a@a.example", "tel:+34600111222", "#top", "/relative", "javascript:alert(1)", "https://[bad/",
        "https://a.example/?amp;x=1&amp", "https://a.example/&lt;&#38;", "",
    ]
)  # fmt: skip
ATTRIBUTES = st.sampled_from(['class="x"', "data-href='https://no.example/'", "title='a > b'", "hidden", "STYLE=color"])
ANCHORS = st.tuples(HARD, st.lists(ATTRIBUTES, max_size=3), st.sampled_from(['"', "'"]), st.booleans())


class Anchors(HTMLParser):
    """The tags of a page with their attributes, and all else, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.rest: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.rest.append(data)


@given(st.lists(ANCHORS, max_size=4), st.text("<a href=>'\" xyz/!-", max_size=20))
def test_any_address_comes_out_as_it_went_in_and_nothing_else_changes(
    anchors: list[tuple[str, list[str], str, bool]], more: str
) -> None:
    page = escape(more) + "".join(
        f"<{'A' if upper else 'a'} {' '.join(attributes)} href={quote}{escape(url)}{quote}>{escape(more)}</a>"
        for url, attributes, quote, upper in anchors
    )
    urls: list[str] = []

    def noted(url: str) -> str:
        urls.append(url)
        return f"{RELEVO}l/{len(urls)}" if url.startswith("http") else url

    after = in_html(page, noted)
    assert urls == [url for url, *_ in anchors]
    before, now = Anchors(page), Anchors(after)
    assert now.rest == before.rest
    for (tag, old), (same, new) in zip(before.found, now.found, strict=True):
        assert tag == same
        assert [pair for pair in old if pair[0] != "href"] == [pair for pair in new if pair[0] != "href"]
    assert in_html(after, lambda url: url) == after


@given(st.lists(HARD, max_size=5))
def test_links_are_changed_once_and_lead_where_the_web_address_leads(urls: list[str]) -> None:
    rules = LinkRules(tracking="clicks")
    shape = Shape(
        base=RELEVO, sent=sent_of(delivery(), NOON), clicks=rules.tracking == "clicks", utm={}, visits=False,
        sign=lambda link: token_of(SECRET, link), is_own=bool, is_storefront=bool,
    )  # fmt: skip
    rewriting = Rewriting(shape)
    for url in urls:
        after = rewriting(url)
        assert Rewriting(shape)(after) == after
        if after != url:
            [link] = tokens_in(after)
            assert isinstance(link, Redirect)
            assert link.url == web_address(url)
            assert link.url.isascii()
        else:
            assert not url.lower().startswith("http") or not web_address(url)
