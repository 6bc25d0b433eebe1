"""What the providers of SMS post, in one suite for all: receipts and messages, good and forged, again and in any order.

Fixtures are what their libraries test themselves with (twilio-python, nexmo-python and vonage-python-sdk, messagebird's
python-rest-api, plivo-python, of whose version 3 the values were computed by its own function), and their pages.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relevo_notifier.app.ports import Message, NotAuthenticError, Provider, UnreadableError, Webhook, WebhookRequest
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.core.mime import reference
from relevo_notifier.core.posted_mail import PostedMail
from relevo_notifier.providers.messagebird.client import MessageBirdProvider
from relevo_notifier.providers.messagebird.options import MessageBirdOptions
from relevo_notifier.providers.messagebird.webhook import MessageBirdWebhook
from relevo_notifier.providers.plivo.client import PlivoProvider
from relevo_notifier.providers.plivo.options import PlivoOptions
from relevo_notifier.providers.plivo.webhook import PlivoWebhook, signature_v2, signature_v3
from relevo_notifier.providers.registry import registered
from relevo_notifier.providers.sms_webhooks import public_addresses
from relevo_notifier.providers.twilio.client import TwilioProvider
from relevo_notifier.providers.twilio.options import TwilioOptions
from relevo_notifier.providers.twilio.webhook import TwilioWebhook
from relevo_notifier.providers.twilio.webhook import signature as twilio_signature
from relevo_notifier.providers.vonage.client import VonageProvider
from relevo_notifier.providers.vonage.options import VonageOptions
from relevo_notifier.providers.vonage.webhook import VonageWebhook
from relevo_notifier.providers.vonage.webhook import signature as vonage_signature
from relevo_runtime.clock import ManualClock
from tests.notifier.inbound import ANA, OWN

REF = reference("acme", "run1/send-reminder/1")
HOST = "https://relevo.example.com/providers/"
NOW = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
BIRDS = msgspec.json.decode((Path(__file__).parent / "messagebird_signatures.json").read_bytes())
SECRET = SecretStr("secret")


def jwt(claims: Mapping[str, Any], key: str = "secret", alg: str = "HS256") -> str:
    parts = [base64.urlsafe_b64encode(msgspec.json.encode(one)).rstrip(b"=") for one in ({"alg": alg}, claims)]
    proof = base64.urlsafe_b64encode(hmac.digest(key.encode(), b".".join(parts), "sha256")).rstrip(b"=")
    return b".".join([*parts, proof]).decode()


def by_twilio(query: str, told: dict[str, str]) -> WebhookRequest:
    url = f"{HOST}twilio{'?' if query else ''}{query}"
    proof = twilio_signature("secret", url, list(told.items()))
    return WebhookRequest({"x-twilio-signature": proof, **FORM}, urlencode(told).encode(), query)


def by_vonage(query: str, told: dict[str, str]) -> WebhookRequest:
    signed = {**told, "timestamp": "1772453100", "nonce": "n1"}
    signed["sig"] = vonage_signature("secret", "sha256", signed).upper()
    return WebhookRequest(JSON, msgspec.json.encode(signed), query)


def by_vonage_get(query: str, told: dict[str, str]) -> WebhookRequest:
    signed = msgspec.json.decode(by_vonage(query, told).body)
    return WebhookRequest({}, b"", urlencode(signed), "GET")


def by_messagebird(query: str, told: dict[str, str]) -> WebhookRequest:
    return bird(urlencode(told), b"", "GET") if "status" in told else bird(query, msgspec.json.encode(told), "POST")


def bird(query: str, body: bytes, method: str, url: str = f"{HOST}messagebird") -> WebhookRequest:
    asked = f"{url}?{query}" if query else url
    claims = {
        "iss": "MessageBird",
        "nbf": NOW.timestamp(),
        "exp": NOW.timestamp() + 60,
        "jti": "j1",
        "url_hash": hashlib.sha256(asked.encode()).hexdigest(),
    }
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    return WebhookRequest({"messagebird-signature-jwt": jwt(claims), **JSON}, body, query, method)


def by_plivo(query: str, told: dict[str, str]) -> WebhookRequest:
    url = f"{HOST}plivo{'?' if query else ''}{query}"
    proof = signature_v3("secret", url, "123", told)
    headers = {"x-plivo-signature-v3": f"{proof},other", "x-plivo-signature-v3-nonce": "123", **FORM}
    return WebhookRequest(headers, urlencode(told).encode(), query)


def by_plivo_v2(query: str, told: dict[str, str]) -> WebhookRequest:
    nonce = str(sum(urlencode(told).encode()))
    proof = signature_v2("secret", f"{HOST}plivo", nonce)
    headers = {"x-plivo-signature-v2": proof, "x-plivo-signature-v2-nonce": nonce, **FORM}
    return WebhookRequest(headers, urlencode(told).encode(), query)


def webhook_of(name: str) -> Webhook:
    callback = f"{HOST}{name}"
    match name:
        case "twilio":
            return TwilioWebhook(TwilioOptions(token=SECRET, callback=callback))
        case "vonage":
            return VonageWebhook(VonageOptions(signature_secret=SECRET, signature_method="sha256"))
        case "messagebird":
            return MessageBirdWebhook(MessageBirdOptions(signing_key=SECRET, callback=callback), ManualClock(NOW))
        case _:
            return PlivoWebhook(PlivoOptions(token=SECRET, callback=callback))


def receipt(name: str, status: str, code: str) -> tuple[str, dict[str, str]]:
    """The query and the parameters of a receipt, as the provider's page has them."""
    match name:
        case "twilio":
            told = {"MessageSid": "SM1", "MessageStatus": status, "To": ANA, "From": OWN}
            return f"message={REF}", told | ({"ErrorCode": code} if code else {})
        case "vonage":
            numbers = {"msisdn": ANA[1:], "to": OWN[1:], "network-code": "310010", "price": "0.03330000"}
            times = {"scts": "2603021205", "message-timestamp": "2026-03-02 12:05:00"}
            told = {"messageId": "0A0000000123ABCD1", "status": status, "err-code": code or "0", "client-ref": REF}
            return "", {**numbers, **times, **told}
        case "messagebird":
            told = {"id": "b6aae1b5", "reference": REF, "recipient": ANA[1:], "status": status}
            times = {"statusDatetime": "2026-03-02T12:05:00+00:00", "mccmnc": "310010", "ported": "0"}
            return "", {**told, **times, **({"statusErrorCode": code} if code else {})}
        case _:
            told = {"MessageUUID": "u1", "To": ANA[1:], "From": OWN[1:], "Status": status, "Units": "1"}
            return f"message={REF}", told | ({"ErrorCode": code} if code else {})


def incoming(name: str, text: str, number: str = "1", **more: str) -> tuple[str, dict[str, str]]:
    match name:
        case "twilio":
            told = {"MessageSid": f"SM{number}", "From": ANA, "To": OWN, "Body": text, "NumMedia": "0"}
        case "vonage":
            told = {"messageId": f"0{number}", "msisdn": ANA[1:], "to": OWN[1:], "text": text, "type": "text"}
            told |= {"keyword": text.upper()[:10], "message-timestamp": "2026-03-02 12:05:00"}
        case "messagebird":
            told = {
                "receiver": OWN[1:],
                "sender": ANA[1:],
                "message": text,
                "recipient": OWN[1:],
                "originator": ANA[1:],
            }
            told |= {
                "id": f"b{number}",
                "message_id": "3b53c137",
                "body": text,
                "createdDatetime": "2026-03-02T12:05:00Z",
            }
        case _:
            told = {
                "MessageUUID": f"u{number}",
                "From": ANA[1:],
                "To": OWN[1:],
                "Text": text,
                "Type": "sms",
                "Units": "1",
            }
    return "", told | more


SIGNED: dict[str, Callable[[str, dict[str, str]], WebhookRequest]] = {
    "twilio": by_twilio,
    "vonage": by_vonage,
    "vonage-get": by_vonage_get,
    "messagebird": by_messagebird,
    "plivo": by_plivo,
    "plivo-v2": by_plivo_v2,
}
WAYS = list(SIGNED)


def provider_of(way: str) -> str:
    return way.partition("-")[0]


def posted(way: str, what: tuple[str, dict[str, str]]) -> WebhookRequest:
    return SIGNED[way](*what)


async def read(way: str, what: tuple[str, dict[str, str]]) -> list[Feedback | Inbound]:
    found = await webhook_of(provider_of(way)).read(posted(way, what))
    return [one for one in found if not isinstance(one, PostedMail)]


def test_every_provider_of_sms_is_in_the_suite() -> None:
    names = {name for name, one in registered().items() if one.options.channel == "sms"}
    assert names == {provider_of(way) for way in WAYS}
    assert all(registered()[name].webhook is not None for name in names)


RECEIPTS = [
    ("twilio", "delivered", "", "delivered", False, False),
    ("twilio", "undelivered", "30003", "bounced", False, False),
    ("twilio", "failed", "21610", "bounced", True, True),
    ("twilio", "sent", "", None, False, False),
    ("vonage", "delivered", "0", "delivered", False, False),
    ("vonage", "failed", "3", "bounced", True, False),
    ("vonage", "rejected", "9", "bounced", True, False),
    ("vonage", "expired", "2", "bounced", False, False),
    ("vonage", "buffered", "", None, False, False),
    ("messagebird", "delivered", "", "delivered", False, False),
    ("messagebird", "delivery_failed", "1", "bounced", True, False),
    ("messagebird", "delivery_failed", "103", "bounced", True, True),
    ("messagebird", "expired", "", "bounced", False, False),
    ("messagebird", "buffered", "", None, False, False),
    ("plivo", "delivered", "", "delivered", False, False),
    ("plivo", "undelivered", "30", "bounced", False, False),
    ("plivo", "failed", "50", "bounced", True, False),
    ("plivo", "failed", "200", "bounced", True, True),
    ("plivo", "queued", "", None, False, False),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "status", "code", "kind", "permanent", "suppress"), RECEIPTS)
async def test_what_became_of_a_text(
    way: str, name: str, status: str, code: str, kind: str | None, permanent: bool, suppress: bool
) -> None:
    if provider_of(way) != name:
        name, status, code, kind, permanent, suppress = provider_of(way), "delivered", "", "delivered", False, False
    found = await read(way, receipt(name, status, code))
    said = [(one.kind, one.permanent, one.suppress) for one in found if isinstance(one, Feedback)]
    assert said == ([] if kind is None else [(kind, permanent, suppress)])
    assert [one.reference for one in found if isinstance(one, Feedback)] == [REF] * len(found)
    assert [one.address for one in found if isinstance(one, Feedback)] == [ANA] * len(found)


@pytest.mark.parametrize("way", WAYS)
async def test_receipts_in_any_order_and_again_are_each_themselves(way: str) -> None:
    name = provider_of(way)
    failed = {"twilio": "undelivered", "vonage": "failed", "messagebird": "delivery_failed", "plivo": "undelivered"}[
        name
    ]
    late, early = await read(way, receipt(name, "delivered", "")), await read(way, receipt(name, failed, ""))
    again = await read(way, receipt(name, "delivered", ""))
    ids = [one.event_id for one in (*late, *early, *again) if isinstance(one, Feedback)]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", ["STOP", "Où est ma commande ? ✓ & = + %", "", "a" * 1600])
async def test_a_message_that_somebody_wrote(way: str, text: str) -> None:
    [one] = await read(way, incoming(provider_of(way), text))
    assert isinstance(one, Inbound)
    assert (one.address, one.text) == (ANA, text)
    assert one.own.removeprefix("+") == OWN[1:]
    assert one.message_id
    assert (one.keyword is not None) == (text == "STOP")


def forgeries(genuine: WebhookRequest) -> list[WebhookRequest]:
    """Another number, another proof, none, and nothing at all; as far as that differs from the genuine one."""
    replace = msgspec.structs.replace
    headers = {name: f"AAAA{value[4:-4]}AAAA" for name, value in genuine.headers.items() if "signature" in name}
    found = [
        replace(
            genuine,
            body=genuine.body.replace(ANA[1:].encode(), b"12025559999"),
            query=genuine.query.replace(ANA[1:], "12025559999"),
        ),
        replace(
            genuine,
            headers={**genuine.headers, **headers},
            body=genuine.body.replace(b'"sig":"', b'"sig":"0'),
            query=genuine.query.replace("sig=", "sig=0"),
        ),
        replace(
            genuine,
            headers=FORM,
            body=genuine.body.replace(b'"sig"', b'"sag"'),
            query=genuine.query.replace("sig=", "sag="),
        ),
        WebhookRequest({}, b"", "", genuine.method),
    ]
    return [one for one in found if one != genuine]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", ["receipt", "message"])
async def test_what_is_forged_is_refused(way: str, what: str) -> None:
    name = provider_of(way)
    genuine = posted(way, receipt(name, "delivered", "") if what == "receipt" else incoming(name, "STOP"))
    webhook = webhook_of(name)
    assert await webhook.read(genuine)
    found = forgeries(genuine)
    assert len(found) >= 3
    for one in found:
        with pytest.raises((NotAuthenticError, UnreadableError)):
            await webhook.read(one)


@pytest.mark.parametrize("way", ["twilio", "messagebird", "plivo", "plivo-v2"])
async def test_a_signature_for_another_address_is_refused(way: str) -> None:
    name = provider_of(way)
    others: dict[str, Webhook] = {
        "twilio": TwilioWebhook(TwilioOptions(token=SECRET, callback="https://other.example.com/providers/twilio")),
        "messagebird": MessageBirdWebhook(
            MessageBirdOptions(signing_key=SECRET, callback="https://other.example.com/x"), ManualClock(NOW)
        ),
        "plivo": PlivoWebhook(PlivoOptions(token=SECRET, callback="http://relevo.example.com/providers/plivo")),
    }
    with pytest.raises(NotAuthenticError):
        await others[name].read(posted(way, incoming(name, "STOP")))


def test_the_address_is_the_public_one_with_or_without_the_port_of_its_scheme() -> None:
    assert public_addresses("https://a.example.com/x", "b=1") == [
        "https://a.example.com/x?b=1",
        "https://a.example.com:443/x?b=1",
    ]
    assert "https://a.example.com/x" in public_addresses("https://a.example.com:443/x", "")
    assert public_addresses("https://a.example.com:8443/x", "") == ["https://a.example.com:8443/x"]


async def test_a_nonce_of_plivos_older_signature_is_believed_once() -> None:
    webhook = webhook_of("plivo")
    genuine = by_plivo_v2(*incoming("plivo", "hello"))
    assert await webhook.read(genuine) == await webhook.read(genuine)
    with pytest.raises(NotAuthenticError):
        await webhook.read(msgspec.structs.replace(genuine, body=by_plivo_v2(*incoming("plivo", "STOP")).body))


async def test_a_token_of_messagebird_is_good_for_its_time_alone() -> None:
    request = by_messagebird(*incoming("messagebird", "hello"))
    for seconds in (-5, 62):
        clock = ManualClock(datetime.fromtimestamp(NOW.timestamp() + seconds, UTC))
        options = MessageBirdOptions(signing_key=SECRET, callback=f"{HOST}messagebird")
        with pytest.raises(NotAuthenticError):
            await MessageBirdWebhook(options, clock).read(request)


@pytest.mark.parametrize("case", BIRDS, ids=lambda case: case["name"])
async def test_messagebirds_own_cases(case: Mapping[str, Any]) -> None:
    url, _, query = case["url"].partition("?")
    options = MessageBirdOptions(signing_key=SecretStr(case.get("secret", "")), callback=url)
    webhook = MessageBirdWebhook(options, ManualClock(datetime.fromisoformat(case["timestamp"]).astimezone(UTC)))
    body = (case.get("payload") or "").encode()
    request = WebhookRequest({"messagebird-signature-jwt": case["token"]}, body, query, case["method"])
    if case["valid"]:
        assert await webhook.read(request) == []
    else:
        with pytest.raises(NotAuthenticError):
            await webhook.read(request)


def test_the_libraries_own_signatures() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212"}
    call = [*form.items(), ("Caller", "+14158675309")]
    assert twilio_signature("12345", url, call) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    told = {"a": "1", "b": "2", "timestamp": "1461605396"}
    assert vonage_signature("secret", "md5hash", told) == "6af838ef94998832dbfc29020b564830"
    assert vonage_signature("secret", "md5", told) == "c15c21ced558c93a226c305f58f902f2"
    assert vonage_signature("secret", "sha1", told) == "3e19a4e6880fdc2c1426bfd0587c98b9532f0210"
    special = {"param1": "value&1", "param2": "value=2", "timestamp": "1234567890"}
    assert vonage_signature("signature_secret", "md5", special) == "2bbf0abafb2c55e5af6231513896a2ac"
    assert (
        signature_v2("my_auth_token", "https://answer.url", "12345") == "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="
    )
    called = f"{HOST}plivo?message=abc"
    status = {"Status": "delivered", "To": "12025550123"}
    assert signature_v3("my_auth_token", called, "12345", status) == "EduEkFfYISZIfkMuJcQTNxH6x/YTQbd330QUXjvIPN4="
    text = {"From": "12025550123", "Text": "STOP"}
    assert (
        signature_v3("my_auth_token", f"{HOST}plivo", "12345", text) == "f/EowCRUXnLJa7lXd3gIjxmci1qq/Hi6MF9DUkj9LG0="
    )
    asked = f"{HOST}plivo?b=2&a=1"
    assert signature_v3("my_auth_token", asked, "12345", {}) == "dYo3EdFyRvdC42Yy6SAipEQ7Th2IHFCryqO0+mc7/Kg="


@pytest.mark.parametrize(
    ("way", "more", "command"),
    [
        ("twilio", {"OptOutType": "STOP"}, "stop"),
        ("twilio", {"OptOutType": "START"}, "start"),
        ("plivo", {"MessageIntent": "optout"}, "stop"),
        ("plivo", {"MessageIntent": "help"}, "help"),
        ("plivo", {"MessageIntent": ""}, None),
        ("vonage", {"concat": "true", "concat-part": "2"}, None),
    ],
)
async def test_what_the_provider_itself_takes_it_for(way: str, more: dict[str, str], command: str | None) -> None:
    text = "Yes" if command else "hello"
    [one] = await read(way, incoming(way, text, **more))
    assert isinstance(one, Inbound)
    assert (one.keyword.command if one.keyword else None) == command


async def test_a_part_of_a_longer_message_is_no_keyword() -> None:
    [one] = await read("vonage", incoming("vonage", "stop", **{"concat": "true"}))
    assert isinstance(one, Inbound)
    assert one.keyword is None


@pytest.mark.parametrize("way", WAYS)
@given(more=st.dictionaries(st.text(max_size=6), st.text(max_size=20), max_size=4), text=st.text(max_size=30))
async def test_no_parameters_do_harm(way: str, more: dict[str, str], text: str) -> None:
    name = provider_of(way)
    query, told = incoming(name, text)
    try:
        request = SIGNED[way](query, {**more, **told})
        found = await webhook_of(name).read(request)
    except (NotAuthenticError, UnreadableError, UnicodeEncodeError):
        return  # parameters that a form can't carry as they are
    assert all(isinstance(one, Inbound) for one in found if "status" not in map(str.lower, more))


def sending(name: str, url: str) -> Provider:
    common: dict[str, Any] = {"url": url, "callback": f"{HOST}{name}", "timeout": 2.0, "connections": 1}
    match name:
        case "twilio":
            return TwilioProvider(TwilioOptions(account="AC1", token=SECRET, **common))
        case "vonage":
            return VonageProvider(VonageOptions(key="key", secret=SECRET, **common))
        case "messagebird":
            return MessageBirdProvider(MessageBirdOptions(key=SECRET, **common))
        case _:
            return PlivoProvider(PlivoOptions(account="MA1", token=SECRET, **common))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("twilio", {"StatusCallback": f"{HOST}twilio?message={REF}"}),
        ("vonage", {"callback": f"{HOST}vonage", "client-ref": REF}),
        ("messagebird", {"reportUrl": f"{HOST}messagebird", "reference": REF}),
        ("plivo", {"url": f"{HOST}plivo?message={REF}", "method": "POST"}),
    ],
)
async def test_each_text_names_where_is_told_what_became_of_it(name: str, wanted: dict[str, str]) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        asked.append(await reader.readexactly(int(length)))
        writer.write(b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    provider = sending(name, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        await provider.send(Message("run1/send-reminder/1", OWN, ANA, "Hello", reference=REF))
    finally:
        await provider.close()
        server.close()
    [body] = asked
    found = msgspec.json.decode(body) if body.startswith(b"{") else dict(parse_qsl(body.decode()))
    assert {field: found.get(field) for field in wanted} == wanted
