"""What providers post: what is believed, what it says, and that no post can do harm."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, Webhook, WebhookRequest
from relevo_notifier.core.feedback import Feedback, is_permanent
from relevo_notifier.core.mime import reference
from relevo_notifier.providers.brevo.options import BrevoOptions
from relevo_notifier.providers.brevo.webhook import BrevoWebhook
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.webhook import MailgunWebhook
from relevo_notifier.providers.postmark.options import PostmarkOptions
from relevo_notifier.providers.postmark.webhook import PostmarkWebhook
from relevo_notifier.providers.registry import registered
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.sendgrid.webhook import SendGridWebhook
from relevo_notifier.providers.ses.options import SesOptions
from relevo_notifier.providers.ses.webhook import SesWebhook
from relevo_notifier.providers.twilio.options import TwilioOptions
from relevo_notifier.providers.twilio.webhook import TwilioWebhook, signature
from relevo_notifier.providers.whatsapp.options import WhatsAppOptions
from relevo_notifier.providers.whatsapp.webhook import WhatsAppWebhook

REF = reference("acme", "run1/send-reminder/1")
AT = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
INSTANT = "2026-03-02T12:05:00Z"
METADATA = {"Metadata": {"relevo-message": REF}, "MessageID": "pm"}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:relevo"
CALLBACK = "https://relevo.example.com/providers/twilio"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
CERTIFICATE = (
    x509.CertificateBuilder(_NAME, _NAME, RSA_KEY.public_key(), 1, AT, AT + timedelta(days=1))
    .sign(RSA_KEY, hashes.SHA256())
    .public_bytes(Encoding.PEM)
)
SENDGRID_KEY = base64.b64encode(
    EC_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


def sendgrid(*events: Any) -> tuple[Webhook, WebhookRequest]:
    body, timestamp = msgspec.json.encode(events), "1772453100"
    signed = EC_KEY.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signed).decode(),
        "x-twilio-email-event-webhook-timestamp": timestamp,
    }
    return SendGridWebhook(SendGridOptions(webhook_key=SENDGRID_KEY)), WebhookRequest(headers, body)


def postmark(event: Any) -> tuple[Webhook, WebhookRequest]:
    headers = {"authorization": "Basic " + base64.b64encode(b"any:secret").decode()}
    return (
        PostmarkWebhook(PostmarkOptions(webhook_password=SecretStr("secret"))),
        WebhookRequest(headers, msgspec.json.encode(event)),
    )


def mailgun(event: Any, token: str = "t1") -> tuple[Webhook, WebhookRequest]:
    proof = hmac.new(b"signing", f"1772453100{token}".encode(), "sha256").hexdigest()
    signed = {"timestamp": "1772453100", "token": token, "signature": proof}
    body = msgspec.json.encode({"signature": signed, "event-data": event})
    return MailgunWebhook(MailgunOptions(webhook_key=SecretStr("signing"))), WebhookRequest({}, body)


def brevo(event: Any) -> tuple[Webhook, WebhookRequest]:
    return (
        BrevoWebhook(BrevoOptions(webhook_token=SecretStr("secret"))),
        WebhookRequest({"authorization": "Bearer secret"}, msgspec.json.encode(event)),
    )


def twilio(form: dict[str, str]) -> tuple[Webhook, WebhookRequest]:
    query = f"message={REF}"
    proof = signature("token", f"{CALLBACK}?{query}", list(form.items()))
    return (
        TwilioWebhook(TwilioOptions(account="AC1", token=SecretStr("token"), callback=CALLBACK)),
        WebhookRequest({"x-twilio-signature": proof}, urlencode(form).encode(), query),
    )


def whatsapp(status: str, code: int = 0, **more: Any) -> tuple[Webhook, WebhookRequest]:
    """Meta's example of a status, of which `code` is the error."""
    told = {
        "id": "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjVBOTE3MDk5QUVFM0YA",
        "status": status,
        "timestamp": "1772453100",
        "recipient_id": "12025550123",
        "biz_opaque_callback_data": REF,
        **({"errors": [{"code": code, "title": "Title", "error_data": {"details": "Details."}}]} if code else {}),
        **more,
    }
    metadata = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [told]}
    entry = {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}
    body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [entry]})
    proof = f"sha256={hmac.new(b'secret', body, 'sha256').hexdigest()}"
    options = WhatsAppOptions(app_secret=SecretStr("secret"), verify_token=SecretStr("verify"))
    return WhatsAppWebhook(options), WebhookRequest({"x-hub-signature-256": proof}, body)


def notification(version: str = "1", **changes: Any) -> dict[str, Any]:
    told = {
        "Type": "Notification",
        "MessageId": "sns-1",
        "TopicArn": TOPIC,
        "Message": "{}",
        "Timestamp": "2026-03-02T12:05:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0f1e.pem",
        **changes,
    }
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    told["Signature"] = base64.b64encode(RSA_KEY.sign(signed.encode(), padding.PKCS1v15(), algorithm)).decode()
    return told


class Fetched:
    """What lies at Amazon, and what was asked for."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.urls.append(url)
        return CERTIFICATE


def ses_of(fetched: Callable[[str], Awaitable[bytes]] | None = None) -> SesWebhook:
    return SesWebhook(SesOptions(topic=TOPIC), fetched or Fetched())


def ses(event: Any, version: str = "2") -> tuple[Webhook, WebhookRequest]:
    told = {"mail": {"messageId": "0102", "tags": {"relevo-message": [REF]}}, **event}
    body = notification(version, Message=msgspec.json.encode(told).decode())
    return ses_of(), WebhookRequest({}, msgspec.json.encode(body))


def bounced_by_ses(type_: str, status: str, words: str = "") -> dict[str, Any]:
    one = {"emailAddress": "ana@example.com", "status": status, "diagnosticCode": words}
    told = {"bounceType": type_, "bounceSubType": "General", "timestamp": INSTANT, "bouncedRecipients": [one]}
    return {"eventType": "Bounce", "bounce": told}


def complained_by_ses(**more: str) -> dict[str, Any]:
    told = {"timestamp": INSTANT, "complainedRecipients": [{"emailAddress": "ana@example.com"}], **more}
    return {"eventType": "Complaint", "complaint": told}


def delivered_by_ses() -> dict[str, Any]:
    told = {"timestamp": INSTANT, "recipients": ["ana@example.com"], "smtpResponse": "250 2.0.0 OK"}
    return {"eventType": "Delivery", "delivery": told}


def event(kind: str, **more: Any) -> dict[str, Any]:
    named = {"sg_event_id": "e1", "relevo_message": REF}
    return {"event": kind, "email": "ana@example.com", "timestamp": 1772453100, **named, **more}


def record(kind: str, **more: Any) -> dict[str, Any]:
    times = {"DeliveredAt": INSTANT} if kind == "Delivery" else {"BouncedAt": INSTANT}
    return {"RecordType": kind, "ID": 7, "Email": "ana@example.com", **METADATA, **times, **more}


def subscription(**more: Any) -> dict[str, Any]:
    told = {"RecordType": "SubscriptionChange", "Recipient": "ana@example.com", "ChangedAt": INSTANT}
    return {**told, **METADATA, **more}


def gun(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind,
        "id": "m1",
        "timestamp": 1772453100.5,
        "recipient": "ana@example.com",
        "user-variables": {"relevo-message": REF},
        **more,
    }


def bird(kind: str, **more: Any) -> dict[str, Any]:
    return {"event": kind, "email": "ana@example.com", "ts_epoch": 1772453100000, "X-Mailin-custom": REF, **more}


def refused_by_mailgun(reason: str, code: int, words: str = "", severity: str = "permanent") -> dict[str, Any]:
    return gun("failed", severity=severity, reason=reason, **{"delivery-status": {"code": code, "message": words}})


def text(status: str, code: str = "") -> dict[str, str]:
    return {"MessageSid": "SM1", "MessageStatus": status, "To": "+12025550123"} | ({"ErrorCode": code} if code else {})


BY_HAND = {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}
TABLE = [
    # what was posted, the kind, whether it is permanent, whether it suppresses
    (sendgrid(event("delivered", response="250 OK")), "delivered", False, False),
    (sendgrid(event("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 unknown")), "bounced", True, True),
    (sendgrid(event("bounce", type="bounce", status="5.0.0")), "bounced", True, True),
    (sendgrid(event("bounce", type="blocked", status="5.7.1")), "bounced", False, False),
    (sendgrid(event("bounce", type="blocked", status="4.2.2")), "bounced", False, False),
    (sendgrid(event("bounce", type="bounce", status="5.2.2")), "bounced", False, False),
    (sendgrid(event("dropped", reason="Bounced Address")), "bounced", True, True),
    (sendgrid(event("dropped", reason="Unsubscribed Address")), "bounced", False, False),
    (sendgrid(event("spamreport")), "complained", False, True),
    (sendgrid(event("unsubscribe")), "unsubscribed", False, False),
    (sendgrid(event("open")), None, False, False),
    (postmark(record("Delivery", Recipient="ana@example.com")), "delivered", False, False),
    (postmark(record("Bounce", Type="HardBounce", Details="smtp;550 5.1.1 no such user")), "bounced", True, True),
    (postmark(record("Bounce", Type="HardBounce", Details="550 5.7.1 blocked")), "bounced", False, False),
    (postmark(record("Bounce", Type="SoftBounce", Details="mailbox full")), "bounced", False, False),
    (postmark(record("Bounce", Type="Transient")), None, False, False),
    (postmark(record("SpamComplaint")), "complained", False, True),
    (postmark(subscription(**BY_HAND)), "unsubscribed", False, False),
    (postmark(subscription(SuppressSending=False)), None, False, False),
    (ses(delivered_by_ses()), "delivered", False, False),
    (ses(bounced_by_ses("Permanent", "5.1.1", "550 5.1.1 unknown")), "bounced", True, True),
    (ses(bounced_by_ses("Permanent", "5.7.1"), "1"), "bounced", False, False),
    (ses(bounced_by_ses("Transient", "4.2.2")), "bounced", False, False),
    (ses(bounced_by_ses("Undetermined", "")), "bounced", False, False),
    (ses(complained_by_ses()), "complained", False, True),
    (ses(complained_by_ses(complaintFeedbackType="not-spam")), None, False, False),
    (ses({"eventType": "Send", "send": {}}), None, False, False),
    (mailgun(gun("delivered")), "delivered", False, False),
    (mailgun(refused_by_mailgun("bounce", 550, "5.1.1 no")), "bounced", True, True),
    (mailgun(refused_by_mailgun("suppress-bounce", 605)), "bounced", True, True),
    (mailgun(refused_by_mailgun("generic", 552)), "bounced", False, False),
    (mailgun(refused_by_mailgun("generic", 451, severity="temporary")), None, False, False),
    (mailgun(gun("complained")), "complained", False, True),
    (mailgun(gun("unsubscribed")), "unsubscribed", False, False),
    (brevo(bird("delivered")), "delivered", False, False),
    (brevo(bird("hard_bounce", reason="550 5.1.1 unknown")), "bounced", True, True),
    (brevo(bird("soft_bounce", reason="552 5.2.2 full")), "bounced", False, False),
    (brevo(bird("blocked")), "bounced", False, False),
    (brevo(bird("spam")), "complained", False, True),
    (brevo([bird("unsubscribed")]), "unsubscribed", False, False),
    (brevo(bird("opened")), None, False, False),
    (twilio(text("delivered")), "delivered", False, False),
    (twilio(text("undelivered", "30005")), "bounced", True, False),
    (twilio(text("undelivered", "30003")), "bounced", False, False),
    (twilio(text("failed", "21610")), "bounced", True, True),
    (twilio(text("sent")), None, False, False),
    (whatsapp("sent"), None, False, False),
    (whatsapp("delivered"), "delivered", False, False),
    (whatsapp("read"), "delivered", False, False),
    (whatsapp("failed", 131026), "bounced", True, True),
    (whatsapp("failed", 131047), "bounced", False, False),
    (whatsapp("failed", 131049), "bounced", False, False),
]
POSTED = [
    sendgrid(event("spamreport")),
    postmark(record("SpamComplaint")),
    ses(bounced_by_ses("Permanent", "5.1.1")),
    ses(bounced_by_ses("Permanent", "5.1.1"), "1"),
    mailgun(gun("complained")),
    brevo(bird("spam")),
    twilio(text("failed", "21610")),
    whatsapp("failed", 131026),
]


@pytest.mark.parametrize(("posted", "kind", "permanent", "suppress"), TABLE)
async def test_what_a_provider_tells(posted: Any, kind: str | None, permanent: bool, suppress: bool) -> None:
    webhook, request = posted
    found = await webhook.read(request)
    if kind is None:
        assert found == []
        return
    [one] = found
    assert (one.kind, one.permanent, one.suppress, one.reference) == (kind, permanent, suppress, REF)
    assert one.address in ("ana@example.com", "+12025550123", "")
    assert one.event_id
    if not isinstance(webhook, TwilioWebhook):
        assert abs(one.at - AT) < timedelta(seconds=1)


async def test_who_stopped_marketing_by_whatsapp_is_unsubscribed_as_well() -> None:
    webhook, request = whatsapp("failed", 131050)
    found = [one for one in await webhook.read(request) if isinstance(one, Feedback)]
    assert [(one.kind, one.suppress) for one in found] == [("bounced", False), ("unsubscribed", False)]
    assert len({one.event_id for one in found}) == 2


def test_every_provider_of_mails_has_a_webhook_and_none_is_believed_before_it_is_set_up() -> None:
    for name, one in registered().items():
        assert one.webhook is not None or name == "smtp" or one.options.channel in ("sms", "push")
        if one.webhook is not None:
            assert "RELEVO_NOTIFIER_" in one.webhook(one.options.model_construct()).missing()


@pytest.mark.parametrize("posted", POSTED)
async def test_the_same_twice_has_one_id_and_another_request_is_not_needed(posted: Any) -> None:
    webhook, request = posted
    first, second = await webhook.read(request), await webhook.read(request)
    assert [one.event_id for one in first] == [one.event_id for one in second]


@pytest.mark.parametrize("posted", POSTED)
@pytest.mark.parametrize("how", ["body", "proof", "nothing"])
async def test_what_is_not_the_providers_is_refused(posted: Any, how: str) -> None:
    webhook, request = posted
    proof = request.body.replace(b'"signature":"', b'"signature":"0').replace(b'"Signature":"', b'"Signature":"AAAA')
    changed = {
        "body": msgspec.structs.replace(request, body=request.body.replace(b"ana@", b"bob@").replace(b"0123", b"0124")),
        "proof": msgspec.structs.replace(
            request,
            headers={name: f"{value[:-9]}AAAAAAAAA" for name, value in request.headers.items()},
            body=proof,
        ),
        "nothing": WebhookRequest({}, b"{}"),
    }[how]
    if how == "body" and isinstance(webhook, PostmarkWebhook | BrevoWebhook | MailgunWebhook):
        assert changed.body != request.body  # a password, or a signature of something else, covers no body: see below
        return
    with pytest.raises(NotAuthenticError):
        await webhook.read(changed)


async def test_a_token_of_mailgun_is_believed_once() -> None:
    webhook, request = mailgun(gun("delivered"))
    assert len(await webhook.read(request)) == 1
    assert len(await webhook.read(request)) == 1  # the same again is a repeat
    forged = msgspec.structs.replace(request, body=request.body.replace(b'"delivered"', b'"complained"'))
    with pytest.raises(NotAuthenticError, match="used already"):
        await webhook.read(forged)


@pytest.mark.parametrize(
    "changes",
    [
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"},
        {"SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem"},
        {"SigningCertURL": "https://evil@sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:444/SimpleNotificationService-1.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/../bucket/mine.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x=.pem"},
        {"SigningCertURL": "https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"},
        {"SigningCertURL": ""},
        {"TopicArn": "arn:aws:sns:eu-west-1:210987654321:relevo"},
        {"TopicArn": [TOPIC]},
    ],
)
async def test_nothing_is_fetched_from_anywhere_but_sns_and_for_no_other_topic(changes: dict[str, Any]) -> None:
    fetched = Fetched()
    body = msgspec.json.encode(notification("1", **changes))
    with pytest.raises(NotAuthenticError):
        await ses_of(fetched).read(WebhookRequest({}, body))
    assert fetched.urls == []


async def test_a_subscription_is_confirmed_at_sns_alone() -> None:
    fetched = Fetched()
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    wanted = notification("2", Type="SubscriptionConfirmation", Token="x", SubscribeURL=url)
    assert await ses_of(fetched).read(WebhookRequest({}, msgspec.json.encode(wanted))) == []
    assert fetched.urls[-1] == url
    elsewhere = notification("2", Type="SubscriptionConfirmation", Token="x", SubscribeURL="https://evil.example/")
    with pytest.raises(UnreadableError):
        await ses_of(fetched).read(WebhookRequest({}, msgspec.json.encode(elsewhere)))
    assert fetched.urls[-1] != "https://evil.example/"


async def test_a_certificate_is_fetched_once() -> None:
    fetched = Fetched()
    webhook = ses_of(fetched)
    for _ in range(3):
        await webhook.read(WebhookRequest({}, msgspec.json.encode(notification("2"))))
    assert len(fetched.urls) == 1


def test_twilio_signs_as_its_own_library_does() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, list(form.items())) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_a_key_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="webhook_key"):
        SendGridOptions(webhook_key="bm90IGEga2V5")
    with pytest.raises(ValidationError, match="topic"):
        SesOptions(topic="arn:aws:sns:eu-west-1:1:x")


@pytest.mark.parametrize(
    ("status", "otherwise", "expected"),
    [
        ("5.1.1", False, True),
        ("5.1.10", False, True),
        ("5.2.2", True, False),
        ("4.1.1", True, False),
        ("5.7.1", True, False),
        ("5.7.515", True, False),
        ("5.0.0", True, True),
        ("5.0.0", False, False),
        ("", True, True),
        ("30005", False, False),
    ],
)
def test_what_never_will_take_anything(status: str, otherwise: bool, expected: bool) -> None:
    assert is_permanent(status, otherwise=otherwise) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
SHAPES: list[tuple[Callable[[Any], tuple[Webhook, WebhookRequest]], dict[str, Any]]] = [
    (sendgrid, event("bounce", type="bounce", reason="x", status="5.1.1")),
    (postmark, record("Bounce", Type="HardBounce", Details="x")),
    (ses, bounced_by_ses("Permanent", "5.1.1", "x")),
    (mailgun, refused_by_mailgun("bounce", 550)),
    (brevo, bird("hard_bounce", reason="x")),
]


@given(st.sampled_from(SHAPES), st.data())
async def test_an_odd_value_costs_its_statement_only(shape: Any, data: st.DataObject) -> None:
    make, told = shape
    field = data.draw(st.sampled_from(sorted(told)))
    webhook, request = make({**told, field: data.draw(JSON)})
    found: list[Feedback] = await webhook.read(request)
    assert all(one.kind == "bounced" and one.at.tzinfo is not None for one in found)


@given(JSON)
async def test_whatever_is_posted_in_the_name_of_a_provider_is_read_or_refused(value: Any) -> None:
    for make, _ in SHAPES:
        if make is ses and not isinstance(value, dict):
            continue
        webhook, request = make(value)
        try:
            assert await webhook.read(request) == []
        except UnreadableError as error:
            assert str(error)


async def test_one_odd_event_of_a_batch_costs_itself_only() -> None:
    webhook, request = sendgrid(event("spamreport"), 5, None, {}, event("bounce", timestamp="soon"), event("delivered"))
    found = await webhook.read(request)
    assert [one.kind for one in found if isinstance(one, Feedback)] == ["complained", "delivered"]


async def test_what_names_no_message_of_ours_is_left_out() -> None:
    for named in ("", "x", REF.upper(), REF + "0", None, [REF]):
        webhook, request = sendgrid(event("spamreport", relevo_message=named))
        assert await webhook.read(request) == []


def test_the_reference_is_a_hash_of_shop_and_effect() -> None:
    assert hashlib.sha256(b"acme\nrun1/send-reminder/1").hexdigest()[:40] == REF
