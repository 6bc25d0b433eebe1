"""Links in messages: only we can make them, and they say no more than they must."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.links import (
    BadToken,
    SecretTooShort,
    Undo,
    Unsubscribe,
    check_secret,
    masked,
    read_token,
    token_of,
    unsubscribe_token,
)

SECRET = "a secret that is long enough"


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_token_says_what_it_was_made_for(shop: str, key: str) -> None:
    token = unsubscribe_token(SECRET, shop, key, "sms")
    assert read_token(SECRET, token) == Unsubscribe(shop, key, "sms")
    assert token.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("address", "shown"),
    [("ana@example.com", "a•••@example.com"), ("@odd", "•••@odd"), ("+12025550123", "•••23"), ("", "")],
)
def test_a_link_shows_no_more_of_an_address_than_its_owner_needs(address: str, shown: str) -> None:
    assert masked(address) == shown
    token = unsubscribe_token(SECRET, "acme", "customer-1", "email", address)
    assert read_token(SECRET, token) == Unsubscribe("acme", "customer-1", "email", shown)


def test_a_link_of_an_older_message_still_works() -> None:
    token = "WyJ1bnN1YnNjcmliZSIsImFjbWUiLCJjdXN0b21lci0xIiwiZW1haWwiXeUHk9P9y5KBUdzsqM_GHo4"
    assert read_token(SECRET, token) == Unsubscribe("acme", "customer-1", "email", "")


def test_the_link_that_takes_it_back_names_the_very_withdrawal() -> None:
    link = Undo(Unsubscribe("acme", "customer-1", "email", "a•••@example.com"), datetime(2026, 3, 2, 8, 0, 1, 5, UTC))
    assert read_token(SECRET, token_of(SECRET, link)) == link


@given(st.data())
def test_a_token_with_any_change_is_refused(data: st.DataObject) -> None:
    token = unsubscribe_token(SECRET, "acme", "customer-1", "email")
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCabc019-_"))
    changed = token[:place] + other + token[place + 1 :]
    try:
        assert read_token(SECRET, changed) == Unsubscribe("acme", "customer-1", "email")
        # base64 has spare bits in its last character: the same bytes in another spelling.
        assert changed == token or place == len(token) - 1
    except BadToken:
        assert changed != token


@pytest.mark.parametrize("token", ["", "x", "not a token", "ä", "AAAA" * 20, "%00"])
def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        read_token(SECRET, token)


def test_another_secret_does_not_read_it() -> None:
    with pytest.raises(BadToken):
        read_token("another secret, as long", unsubscribe_token(SECRET, "acme", "customer-1", "email"))


def test_links_of_the_secret_before_work_while_it_stands_behind_the_new_one() -> None:
    new, link = "another secret that is long", Unsubscribe("tea", "c1", "email")
    both = f"{new}, {SECRET}"
    assert read_token(both, token_of(SECRET, link)) == link
    assert read_token(new, token_of(both, link)) == link
    with pytest.raises(BadToken):
        read_token(new, token_of(SECRET, link))


@pytest.mark.parametrize("secret", ["a long secret with, a comma somewhere", "long enough, but in short parts"])
def test_links_of_a_secret_that_has_a_comma_in_it_still_work(secret: str) -> None:
    older = Unsubscribe("tea", "c1", "email")
    body = b'["unsubscribe","tea","c1","email"]'
    mac = hmac.new(secret.encode(), b"relevo link\0" + body, hashlib.sha256).digest()[:16]
    assert read_token(secret, base64.urlsafe_b64encode(body + mac).decode().rstrip("=")) == older


def test_a_short_secret_is_refused() -> None:
    token = unsubscribe_token(SECRET, "acme", "customer-1", "email")
    check_secret(SECRET)
    for secret in ("", "short"):
        with pytest.raises(SecretTooShort, match="RELEVO_LINK_SECRET"):
            check_secret(secret)
        with pytest.raises(SecretTooShort, match="RELEVO_LINK_SECRET"):
            unsubscribe_token(secret, "acme", "customer-1", "email")
        with pytest.raises(SecretTooShort, match="RELEVO_LINK_SECRET"):
            read_token(secret, token)
