"""Web push: what browsers can read, who signs it, where it may go, and what becomes of several devices."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from pydantic import SecretStr, ValidationError

from relevo_contracts.contact import Contact, apply_event, join, merge
from relevo_contracts.devices import KEPT_DEVICES
from relevo_contracts.payloads import Buyer, PushChanged
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown
from relevo_notifier.core.push import PushContent, Recipient, devices_of, mark_of, payload_of
from relevo_notifier.providers.webpush.client import WebPushProvider
from relevo_notifier.providers.webpush.encryption import LARGEST, RECORD, encrypted
from relevo_notifier.providers.webpush.options import SERVICES, Services, WebPushOptions
from relevo_notifier.providers.webpush.replies import of_all, read_push
from relevo_notifier.providers.webpush.vapid import Vapid, private_key_of, public_bytes
from tests.notifier.push_browser import PUBLIC, SECRET, raw, read

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
"""The example of RFC 8291, section 5 and appendix A."""


def test_the_example_of_the_rfc() -> None:
    text = b"When I grow up, I want to be a watermelon"
    salt, key = raw("DGv6ra1nlYgDCS1FRnbzlw"), private_key_of(SENDER)
    assert encrypted(text, raw(PUBLIC), raw(SECRET), key=key, salt=salt) == raw(MESSAGE)


@given(st.binary(max_size=LARGEST))
def test_the_browser_reads_what_was_sent_and_every_service_takes_it(plain: bytes) -> None:
    body = encrypted(plain, raw(PUBLIC), raw(SECRET))
    assert len(body) <= RECORD
    assert read(body) == plain


def test_what_is_too_large_or_no_key_is_told() -> None:
    with pytest.raises(ValueError, match="3993 can be sent"):
        encrypted(b"a" * (LARGEST + 1), raw(PUBLIC), raw(SECRET))
    for key in (b"", b"\x04" + b"\0" * 64, raw(PUBLIC)[:-1]):
        with pytest.raises(ValueError):
            encrypted(b"a", key, raw(SECRET))


async def test_what_is_too_large_is_refused_and_no_browser_is_given_up_for_it() -> None:
    options = WebPushOptions(private_key=SecretStr(SENDER), subject="mailto:ops@example.com")
    provider = WebPushProvider(options)
    devices = (Recipient("https://fcm.googleapis.com/a", PUBLIC, SECRET),)
    push = PushContent(title="a", text="a" * 5000, link="", tag="t", urgency="high", devices=devices)
    large = await provider.send(Message("e", "acme", "", push))
    unknown = structs.replace(push, text="", devices=(Recipient("https://10.0.0.1/a", PUBLIC, SECRET),))
    elsewhere = await provider.send(Message("e", "acme", "", unknown))
    broken = structs.replace(push, text="", devices=(Recipient("https://fcm.googleapis.com/a", "x", SECRET),))
    odd = await provider.send(Message("e", "acme", "", broken))
    await provider.close()
    assert [type(one) for one in (large, elsewhere, odd)] == [Rejected] * 3
    assert [one.gone for one in (large, elsewhere, odd)] == [(), (), ("https://fcm.googleapis.com/a",)]


def test_vapid_is_a_token_for_one_service_signed_with_the_key() -> None:
    key = private_key_of(SENDER)
    said = Vapid(key, "mailto:ops@example.com").authorization("https://push.example.net", AT)
    token, public = said.removeprefix("vapid t=").split(", k=")
    head, claims, signature = token.split(".")
    assert msgspec.json.decode(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    told = msgspec.json.decode(raw(claims))
    assert (told["aud"], told["sub"]) == ("https://push.example.net", "mailto:ops@example.com")
    assert timedelta(0) < datetime.fromtimestamp(told["exp"], UTC) - AT <= timedelta(hours=24)
    assert raw(public) == public_bytes(key)
    r, s = (int.from_bytes(raw(signature)[half : half + 32], "big") for half in (0, 32))
    signed, algorithm = f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256())
    key.public_key().verify(encode_dss_signature(r, s), signed, algorithm)
    with pytest.raises(InvalidSignature):
        key.public_key().verify(encode_dss_signature(r, s), signed + b"x", algorithm)


def test_a_token_is_made_anew_before_it_ends_and_for_each_service() -> None:
    vapid = Vapid(private_key_of(SENDER), "mailto:ops@example.com")
    first = vapid.authorization("https://push.example.net", AT)
    assert vapid.authorization("https://push.example.net", AT + timedelta(hours=10)) == first
    assert vapid.authorization("https://push.example.net", AT + timedelta(hours=11)) != first
    assert vapid.authorization("https://other.example.net", AT) != first


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:APA91b", "https://fcm.googleapis.com"),
        ("https://wns2-par02p.notify.windows.com/w/?token=a", "https://wns2-par02p.notify.windows.com"),
        ("https://web.push.apple.com/QGuQyavXutnMH", "https://web.push.apple.com"),
        ("http://fcm.googleapis.com/x", ""),
        ("https://fcm.googleapis.com:8443/x", ""),
        ("https://fcm.googleapis.com@10.0.0.1/x", ""),
        ("https://user:pw@fcm.googleapis.com/x", ""),
        ("https://10.0.0.1/x", ""),
        ("https://[::1]/x", ""),
        ("https://localhost/x", ""),
        ("https://fcm.googleapis.com.evil.example/x", ""),
        ("https://evilnotify.windows.com/x", ""),
        ("file:///etc/passwd", ""),
        ("https://[bad/x", ""),
        ("https://fcm.googleapis.com:port/x", ""),
        ("", ""),
    ],
)
def test_messages_go_to_known_push_services_alone(endpoint: str, origin: str) -> None:
    assert Services(SERVICES).origin(endpoint) == origin


@pytest.mark.parametrize(
    ("status", "kind", "gone"),
    [
        (201, Sent, False),
        (404, Rejected, True),
        (410, Rejected, True),
        (400, Rejected, False),
        (413, Rejected, False),
        (401, TryLater, False),
        (403, TryLater, False),
        (429, TryLater, False),
        (503, TryLater, False),
        (500, Unknown, False),
    ],
)
def test_statuses(status: int, kind: type, gone: bool) -> None:
    answer = read_push("https://push.example.net/a", status, {"location": "https://push.example.net/m/1"}, 5.0)
    assert type(answer) is kind
    assert bool(answer.gone) == gone
    assert getattr(answer, "wait", 5.0) == 5.0


ANSWER = st.one_of(
    st.builds(Sent, st.just("id")),
    st.builds(Rejected, st.just("no"), gone=st.sampled_from([(), ("gone",)])),
    st.builds(TryLater, st.just("later"), st.floats(0, 100)),
    st.builds(Unknown, st.just("open")),
)


@given(st.lists(ANSWER, max_size=6), st.integers(0, 3))
def test_a_device_that_may_have_it_gets_it_no_more_and_one_that_wants_it_later_does(
    answers: list[ProviderResult], reached: int
) -> None:
    marked = [(str(number), answer) for number, answer in enumerate(answers)]
    found = of_all(marked, reached)
    assert len(found.gone) == sum(len(answer.gone) for answer in answers)
    have = {mark for mark, answer in marked if isinstance(answer, Sent | Unknown)}
    waits = [answer.wait for answer in answers if isinstance(answer, TryLater)]
    if waits:
        assert isinstance(found, TryLater)
        assert set(found.reached) == have
        assert found.wait == max(waits)
    elif reached or any(isinstance(answer, Sent) for answer in answers):
        assert isinstance(found, Sent)
    else:
        assert isinstance(found, Unknown if have else Rejected)


def told(endpoint: str, minutes: int = 0, *, keys: bool = True, asked: bool = False) -> tuple[PushChanged, datetime]:
    said = PushChanged(
        customer=Buyer(anonymous_id="b"),
        endpoint=endpoint,
        p256dh=PUBLIC if keys else "",
        auth=SECRET if keys else "",
        asked=asked,
    )
    return said, AT + timedelta(minutes=minutes)


TOLD = st.builds(told, st.sampled_from("abcdefghi"), st.integers(0, 30), keys=st.booleans(), asked=st.booleans())


@given(st.lists(TOLD, max_size=9), st.randoms())
def test_devices_are_those_that_were_told_of_last_in_whatever_order(said: list[Any], random: Any) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    one = two = Contact()
    for payload, at in said:
        one = apply_event(one, payload, at)
    for payload, at in shuffled:
        two = apply_event(two, payload, at)
    assert one.devices == two.devices
    assert one.push_consent.state == two.push_consent.state
    assert merge(one, two).devices == one.devices


def test_a_person_has_the_browsers_of_whom_they_turned_out_to_be() -> None:
    one, other = apply_event(Contact(), *told("a")), apply_event(Contact(), *told("b", 1, asked=True))
    both = join(one, other)
    assert [device.endpoint for device in devices_of(both)] == ["b", "a"]
    assert (one.push_consent.state, both.push_consent.state) == ("unknown", "granted")
    assert [device.endpoint for device in devices_of(both, without={"a"})] == ["b"]
    assert [device.endpoint for device in devices_of(both, reached={mark_of("b")})] == ["a"]
    assert not apply_event(one, *told("a", 1, keys=False)).reachable("push")


def test_no_more_browsers_are_kept_than_matter() -> None:
    contact = Contact()
    for number in range(30):
        contact = apply_event(contact, *told(f"e{number}", number))
    assert len(contact.devices) == KEPT_DEVICES
    assert "e29" in contact.devices


def test_what_the_service_worker_is_given() -> None:
    link = "https://acme.example.com/"
    push = PushContent(title="Hello", text="Teapot", link=link, tag="t", urgency="high", devices=())
    assert msgspec.json.decode(payload_of(push)) == {"title": "Hello", "body": "Teapot", "url": link, "tag": "t"}


@pytest.mark.parametrize("key", ["x", base64.b64encode(b"short").decode(), "=" * 5])
def test_a_key_that_is_none_stops_the_start(key: str) -> None:
    with pytest.raises(ValidationError, match="relevo push-keys"):
        WebPushOptions(private_key=SecretStr(key))
    with pytest.raises(ValidationError, match="mailto:"):
        WebPushOptions(subject="ops@example.com")
