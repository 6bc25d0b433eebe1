"""Mails that providers post: read as those of a mailbox are, believed by the provider's proof, and always harmless.

`posted_mails` has what was published: Amazon's example of a received mail (SES developer guide), SendGrid's of its
Inbound Parse (sendgrid-nodejs, examples/inbound-parse-docker), and a mail of Brevo's inbound parsing as a user keeps it
among their tests (gip-inclusion/immersion-facile, shortened). Names and addresses of people are replaced. Of Mailgun
only the fields are published.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relevo_contracts.payloads import MessageReceived
from relevo_notifier.adapters.feedback import FeedbackTable
from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, Webhook, WebhookRequest
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.core.mail_reading import CustomerMail, read_mail
from relevo_notifier.core.posted_mail import PostedMail, TakenApart, form_fields, put_together, whole
from relevo_notifier.entrypoints.webhooks_http import webhooks_app
from relevo_notifier.providers.brevo.options import BrevoOptions
from relevo_notifier.providers.brevo.webhook import BrevoWebhook
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.webhook import MailgunWebhook
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.sendgrid.webhook import SendGridWebhook
from relevo_runtime.clock import ManualClock
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.notifier.inbound import LATER, Published, add_shop, hearing
from tests.notifier.mails import ANA, SERVICE, mail, quoting
from tests.notifier.test_feedback_webhooks import EC_KEY, SENDGRID_KEY, notification, ses_of
from tests.notifier.test_mail_intake import taking

PUBLISHED = Path(__file__).parent / "posted_mails"
FORM = "multipart/form-data; boundary=xYzZY"
Posted = tuple[Webhook, WebhookRequest]


def sendgrid(body: bytes) -> Posted:
    signed = EC_KEY.sign(b"1772453100" + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "content-type": FORM,
        "x-twilio-email-event-webhook-signature": base64.b64encode(signed).decode(),
        "x-twilio-email-event-webhook-timestamp": "1772453100",
    }
    return SendGridWebhook(SendGridOptions(parse_key=SENDGRID_KEY)), WebhookRequest(headers, body)


def ses(told: Mapping[str, Any]) -> Posted:
    body = notification("2", Message=msgspec.json.encode(told).decode())
    return ses_of(), WebhookRequest({}, msgspec.json.encode(body))


def brevo(told: Any) -> Posted:
    body = told if isinstance(told, bytes) else msgspec.json.encode(told)
    request = WebhookRequest({"authorization": "Bearer secret"}, body)
    return BrevoWebhook(BrevoOptions(webhook_token=SecretStr("secret"))), request


def mailgun(fields: Mapping[str, bytes], content_type: str = FORM) -> Posted:
    body = form(fields) if content_type == FORM else "&".join(f"{n}={quote_from_bytes(v)}" for n, v in fields.items())
    content = body if isinstance(body, bytes) else body.encode()
    webhook = MailgunWebhook(MailgunOptions(webhook_key=SecretStr("signing")))
    return webhook, WebhookRequest({"content-type": content_type}, content)


def form(fields: Mapping[str, bytes]) -> bytes:
    """A form, and a file behind it."""
    parts = [f'Content-Disposition: form-data; name="{n}"\r\n\r\n'.encode() + v for n, v in fields.items()]
    parts.append(b'Content-Disposition: form-data; name="attachment-1"; filename="a.pdf"\r\n\r\n%PDF')
    return b"".join(b"--xYzZY\r\n" + part + b"\r\n" for part in parts) + b"--xYzZY--\r\n"


def of_mailgun(content: bytes, token: bytes = b"t1") -> dict[str, bytes]:
    proof = hmac.new(b"signing", b"1772453100" + token, "sha256").hexdigest().encode()
    signed = {"timestamp": b"1772453100", "token": token, "signature": proof}
    return {"recipient": SERVICE.encode(), "sender": ANA.encode(), **signed, "body-mime": content}


def received(content: str) -> dict[str, Any]:
    """What SES tells of a mail."""
    told: dict[str, Any] = msgspec.json.decode((PUBLISHED / "ses.json").read_bytes())
    return told | {"content": content, "receipt": {"recipients": [SERVICE], "action": {"type": "SNS"}}}


def of_brevo(one: EmailMessage) -> dict[str, Any]:
    plain, html = one.get_body(("plain",)), one.get_body(("html",))
    files = [{"Name": part.get_filename(), "ContentType": "application/pdf"} for part in one.iter_attachments()]
    item = {
        "Headers": {name: str(value) for name, value in one.items()},
        "To": [{"Name": None, "Address": SERVICE}],
        "Attachments": files,
    }
    bodies = {"RawTextBody": plain and plain.get_content(), "RawHtmlBody": html and html.get_content()}
    return {"items": [item | bodies]}


def in_parts(one: EmailMessage) -> dict[str, bytes]:
    """As SendGrid takes it apart."""
    plain, html = one.get_body(("plain",)), one.get_body(("html",))
    files = {f"attachment{n}": {"filename": part.get_filename()} for n, part in enumerate(one.iter_attachments(), 1)}
    fields = {
        "headers": "\n".join(f"{name}: {value}" for name, value in one.items()).encode(),
        "envelope": msgspec.json.encode({"to": [SERVICE], "from": ANA}),
        "attachment-info": msgspec.json.encode(files),
    }
    bodies = {"text": plain, "html": html}
    return fields | {name: part.get_content().encode() for name, part in bodies.items() if part is not None}


WAYS: dict[str, Callable[[EmailMessage], Posted]] = {
    "ses": lambda one: ses(received(one.as_bytes().decode())),
    "ses-base64": lambda one: ses(received(base64.b64encode(one.as_bytes()).decode())),
    "sendgrid": lambda one: sendgrid(form({"email": one.as_bytes(), "envelope": b'{"to":["%s"]}' % SERVICE.encode()})),
    "sendgrid-parts": lambda one: sendgrid(form(in_parts(one))),
    "mailgun": lambda one: mailgun(of_mailgun(one.as_bytes())),
    "mailgun-encoded": lambda one: mailgun(of_mailgun(one.as_bytes()), "application/x-www-form-urlencoded"),
    "brevo": lambda one: brevo(of_brevo(one)),
}


async def read(posted: Posted) -> CustomerMail:
    webhook, request = posted
    [found] = await webhook.read(request)
    assert isinstance(found, PostedMail)
    said = read_mail(found.content)
    assert said is not None
    return said


def with_page() -> EmailMessage:
    one = mail("¿Sigue ahí? Gracias, José", Subject="Pregunta nº 3", From=f"José <{ANA}>")
    one.add_alternative("<p>¿Sigue ahí?</p>", subtype="html")
    one.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="factura nº 3.pdf")
    return one


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "one",
    [
        mail(),
        with_page(),
        mail(quoting("Thanks"), In_Reply_To=f"<{'0f' * 20}@acme.example.com>", References="<0@x.example>"),
        mail(Auto_Submitted="auto-replied"),
        mail(Message_ID=""),
    ],
)
async def test_a_mail_that_is_posted_is_read_as_one_in_a_mailbox_is(way: str, one: EmailMessage) -> None:
    wanted, found = read_mail(one.as_bytes()), await read(WAYS[way](one))
    assert wanted is not None
    assert found.recipients[0] == SERVICE
    for name in ("address", "name", "subject", "text", "references", "attachments", "machine"):
        assert getattr(found, name) == getattr(wanted, name), name
    assert not one["Message-ID"] or (found.message_id, found.thread) == (wanted.message_id, wanted.thread)


async def test_what_amazon_publishes() -> None:
    said = await read(ses(msgspec.json.decode((PUBLISHED / "ses.json").read_bytes())))
    assert (said.address, said.subject, said.text) == ("sender@example.com", "Example subject", "Example content")
    assert (said.recipients[0], said.machine) == ("recipient@example.com", "")


async def test_what_sendgrid_publishes() -> None:
    said = await read(sendgrid((PUBLISHED / "sendgrid.txt").read_bytes().replace(b"\n", b"\r\n")))
    assert (said.name, said.address, said.subject) == ("Ana Example", "ana@example.org", "Fwd: testing webhook parse")
    assert said.message_id.startswith("CAGsruKuAJk58E07")
    assert (said.recipients[0], said.thread[:12]) == ("test@parse.example.com", "CAGsruKux7HK")


async def test_what_brevo_posts() -> None:
    said = await read(brevo((PUBLISHED / "brevo.json").read_bytes()))
    assert (said.name, said.address, said.subject) == ("Ana Example", "ana@example.org", "Fwd: Hey !")
    assert said.text.startswith("Comment ça va ?")
    assert (said.attachments, said.recipients[0]) == (("IMG_20230617_151239.jpg",), "service@reply.example.com")
    assert said.thread.startswith("CADYedJvULotGuHgo")


@pytest.mark.parametrize("verdict", ["spamVerdict", "virusVerdict", "dmarcVerdict"])
async def test_what_ses_takes_for_spam_or_forged_is_no_message(verdict: str) -> None:
    told = received(mail().as_bytes().decode())
    told["receipt"][verdict] = {"status": "FAIL"}
    assert (await read(ses(told))).machine == "spam"
    told["receipt"][verdict] = {"status": "GRAY"}
    assert (await read(ses(told))).machine == ""


@pytest.mark.parametrize("way", WAYS)
async def test_a_mail_without_proof_is_refused(way: str) -> None:
    webhook, request = WAYS[way](mail())
    body = request.body.replace(b"1772453100", b"1772453101").replace(b'"Signature":"', b'"Signature":"AAAA')
    headers = {name: value for name, value in request.headers.items() if name == "content-type"}
    with pytest.raises(NotAuthenticError):
        await webhook.read(WebhookRequest(headers, body))


async def test_mailgun_says_a_mail_again_but_no_other_with_the_same_token() -> None:
    webhook, request = mailgun(of_mailgun(mail().as_bytes()))
    assert await webhook.read(request) == await webhook.read(request)
    _, forged = mailgun(of_mailgun(mail("STOP").as_bytes()))
    with pytest.raises(NotAuthenticError, match="used already"):
        await webhook.read(forged)


@pytest.mark.parametrize(
    "posted",
    [
        ses({"notificationType": "Received", "receipt": {"action": {"type": "S3"}}}),
        ses(received("%")),
        sendgrid(form({"text": b"no head"})),
        mailgun(of_mailgun(b"")),
    ],
)
async def test_what_has_no_mail_says_what_to_do(posted: Posted) -> None:
    webhook, request = posted
    with pytest.raises(UnreadableError):
        await webhook.read(request)


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=3))
def test_whatever_is_posted_is_a_mail_or_none(content: bytes, odd: dict[str, str]) -> None:
    assert set(form_fields(FORM, form({"email": content}))) == {"email"} or b"--xYzZY" in content
    form_fields(odd.get("", "multipart/form-data; boundary="), content)
    parts = TakenApart(head=tuple(odd.items()), text="".join(odd), html="".join(odd.values()), files=tuple(odd))
    for posted in (whole(content, odd), put_together(parts, odd.values())):
        read_mail(posted.content)
        message_from_bytes(posted.content)


@pytest.mark.parametrize("parts", [("X-A", "a\r\nFrom: eve@example.org"), ("X-A: b\r\nFrom", "eve@example.org")])
def test_no_field_makes_another_one(parts: tuple[str, str]) -> None:
    put = put_together(TakenApart(head=(("From", ANA), parts), text="x"))
    said = read_mail(put.content)
    assert said is not None
    assert (said.address, b"\nFrom: eve" in put.content) == (ANA, False)


async def test_a_posted_mail_is_a_message_once_and_waits_until_addresses_are_set(pool: Pool) -> None:
    await add_shop(pool)
    published = Published()
    reading = {"sendgrid": sendgrid(b"")[0], "mailgun": mailgun({})[0]}
    take = TakeFeedback(FeedbackTable(pool), published, ManualClock(LATER), Metrics("test"))

    async def posts(intake: Any, path: str, request: WebhookRequest) -> httpx.Response:
        transport = httpx.ASGITransport(webhooks_app(reading, take, hearing(pool, published), intake))
        async with httpx.AsyncClient(transport=transport, base_url="http://relevo") as door:
            return await door.post(path, content=request.body, headers=dict(request.headers))

    raw, forwarded = WAYS["sendgrid"](mail())[1], WAYS["mailgun"](mail(Message_ID="<2@x.example>"))[1]
    early = await posts(None, "/providers/sendgrid", raw)
    assert (early.status_code, "RELEVO_NOTIFIER_MAIL_ADDRESSES" in early.text) == (503, True)
    intake = taking(pool, published)
    assert (await posts(intake, "/providers/sendgrid", raw)).json() == {"taken": 1}
    assert (await posts(intake, "/providers/mailgun/mime", forwarded)).json() == {"taken": 1}
    await posts(intake, "/providers/sendgrid", raw)
    assert len({one.id for one in published.events}) == 2
    said = published.events[0].payload()
    assert isinstance(said, MessageReceived)
    assert (said.text, said.to, said.provider) == ("Is it still there?", SERVICE, "sendgrid")
    large = WebhookRequest({"content-type": FORM}, b"x" * 3_000_000)
    assert (await posts(intake, "/providers/mailgun/mime", large)).status_code == 400
