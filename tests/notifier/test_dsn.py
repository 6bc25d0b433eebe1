"""Mails that come back: what a report says, whose it is, and that no mail can do harm."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from relevo_notifier.adapters.bounce_inbox import Inbox, inbox_served
from relevo_notifier.adapters.feedback import FeedbackTable
from relevo_notifier.app.ports import Message
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.core.dsn import Recipient, feedback_of, recipients_of, reference_of, return_address
from relevo_notifier.core.mime import reference
from relevo_notifier.core.provider_results import Sent
from relevo_notifier.providers.smtp.client import SmtpProvider
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.clock import ManualClock
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.conftest import SettingsFactory
from tests.notifier.inbound import Published
from tests.notifier.support import NOON
from tests.notifier.test_feedback import rows, sent
from tests.notifier.test_mime import mail_content

SECRET = "sixteen characters"
DOMAIN = "bounces.example.com"
REF = reference("acme", "run1/send-reminder/1")

POSTFIX = """\
Reporting-MTA: dns; mail.example.net
X-Postfix-Queue-ID: 4AB
Arrival-Date: Mon, 2 Mar 2026 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; ana@example.com
Original-Recipient: rfc822;ana@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 <ana@example.com>: Recipient address rejected:
    User unknown
"""
EXCHANGE = """\
Reporting-MTA: dns;mail.example.net

Final-Recipient: RFC822;ana@example.com
Action: FAILED
Status: 5.0.0
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found
X-Display-Name: ana
"""
FULL = POSTFIX.replace("5.1.1", "5.2.2").replace("User unknown", "mailbox full")
POLICY = POSTFIX.replace("5.1.1", "5.7.1").replace("User unknown", "blocked")
DELAYED = POSTFIX.replace("failed", "delayed").replace("5.1.1", "4.4.1")
DELIVERED = POSTFIX.replace("failed", "delivered (to the mailbox)").replace("5.1.1", "2.0.0")
TWO = POSTFIX + "\nFinal-Recipient: rfc822; list@example.com\nAction: expanded\nStatus: 2.0.0\n"


def report(status: str, *, encoded: bool = False, kind: str = "delivery-status") -> bytes:
    """A report as mail servers write it."""
    encoding = "Content-Transfer-Encoding: base64\n" if encoded else ""
    text = base64.encodebytes(status.encode()).decode() if encoded else status
    return f"""\
From: MAILER-DAEMON@example.net
To: x@{DOMAIN}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

This is a MIME-encapsulated message.

--=_b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--=_b
Content-Type: message/{kind}
{encoding}
{text}
--=_b
Content-Type: message/rfc822

Subject: Your cart
Status: 5.1.1
Action: failed

Hello
--=_b--
""".encode()


@pytest.mark.parametrize(
    ("status", "kind", "suppress", "code"),
    [
        (POSTFIX, "bounced", True, "5.1.1"),
        (EXCHANGE, "bounced", True, "5.1.10"),
        (FULL, "bounced", False, "5.2.2"),
        (POLICY, "bounced", False, "5.7.1"),
        (DELIVERED, "delivered", False, "2.0.0"),
        (TWO, "bounced", True, "5.1.1"),
        (POSTFIX.replace("\n", "\r\n"), "bounced", True, "5.1.1"),
        (POSTFIX.replace("5.1.1", "5.0.0"), "bounced", False, "5.0.0"),
        (POSTFIX.replace("Status: 5.1.1\n", ""), "bounced", True, "5.1.1"),
        (POSTFIX.replace("Action: failed", "ACTION:Failed"), "bounced", True, "5.1.1"),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_what_a_report_says(status: str, kind: str, suppress: bool, code: str, encoded: bool) -> None:
    [one] = feedback_of(report(status, encoded=encoded), REF, NOON)
    assert (one.kind, one.suppress, one.permanent, one.status) == (kind, suppress, suppress, code)
    assert (one.reference, one.at, one.address) == (REF, NOON, "")


def test_words_are_the_servers_own() -> None:
    [one] = recipients_of(report(POSTFIX))
    words = "550 5.1.1 <ana@example.com>: Recipient address rejected: User unknown"
    assert one == Recipient("ana@example.com", "failed", "5.1.1", words)
    assert recipients_of(report(POSTFIX, kind="global-delivery-status")) == [one]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: Out of office\r\n\r\nI am on holiday; Status: 5.1.1",
        report(DELAYED),
        report("Reporting-MTA: dns; x\n"),
        report(POSTFIX.replace("Action: failed", "Action: pondered")),
        report(POSTFIX.replace("rfc822; ana@example.com", "").replace("rfc822;ana@example.com", "")),
        report(POSTFIX).partition(b"Final-Recipient")[0],
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n",
        b"Content-Type: message/delivery-status\r\n\r\n\xff\xfe\x00",
    ],
)
def test_what_is_not_a_failure_says_nothing(content: bytes) -> None:
    assert feedback_of(content, REF, NOON) == []


def test_the_same_report_twice_has_one_id() -> None:
    first, second = feedback_of(report(POSTFIX), REF, NOON), feedback_of(report(POSTFIX), REF, NOON)
    assert {one.event_id for one in first} == {one.event_id for one in second}


@given(st.binary(max_size=400), st.integers(0, 2000), st.integers(0, 20))
def test_any_mail_is_read_or_says_nothing(noise: bytes, at: int, cut: int) -> None:
    good = report(POSTFIX, encoded=bool(cut % 2))
    for content in (noise, good[:at] + noise + good[at + cut :]):
        for one in feedback_of(content, REF, NOON):
            assert one.kind in ("bounced", "delivered")
            assert len(one.reason) <= 500


FIELD = st.sampled_from(["Action", "Status", "Final-Recipient", "Diagnostic-Code", "X-Odd", "action"])


@given(st.lists(st.lists(st.tuples(FIELD, st.text(max_size=30)), max_size=5), max_size=5), st.booleans())
def test_any_fields_are_read_or_say_nothing(blocks: list[list[tuple[str, str]]], encoded: bool) -> None:
    status = "\n\n".join("\n".join(f"{name}: {value}" for name, value in block) for block in blocks)
    for one in recipients_of(report(status, encoded=encoded)):
        assert one.action in ("failed", "delayed", "delivered", "relayed", "expanded")


@given(st.text(), st.text(st.characters(codec="ascii", categories=["L"]), min_size=1))
def test_a_return_address_is_proven(effect: str, secret: str) -> None:
    named = reference("acme", effect)
    address = return_address(named, DOMAIN, SECRET)
    assert len(address.rpartition("@")[0]) <= 64  # RFC 5321 section 4.5.3.1.1
    assert reference_of(address, SECRET) == reference_of(f"<{address.upper()}>", SECRET) == named
    assert reference_of(address, SECRET + secret) is None
    assert reference_of(address.replace("bounce-", "bounce-0"), SECRET) is None


@given(st.text())
def test_no_other_address_is_one(text: str) -> None:
    assert reference_of(text, SECRET) is None


@pytest.fixture
async def inbox(pool: Pool) -> AsyncIterator[tuple[int, Published]]:
    published = Published(fails=1)
    clock = ManualClock(NOON)
    take = TakeFeedback(FeedbackTable(pool), published, clock, Metrics("test"))
    async with inbox_served(Inbox("127.0.0.1", 0, DOMAIN, SECRET), take, clock) as port:
        yield port, published


async def posted(port: int, to: str, content: bytes) -> int:
    """The code by which the inbox answers."""
    try:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=10) as client:
            await client.sendmail("", [to], content)
    except aiosmtplib.SMTPRecipientsRefused as error:
        return error.recipients[0].code
    except aiosmtplib.SMTPResponseException as error:
        return error.code
    return 250


class Relay:
    """Notes the envelope senders."""

    def __init__(self) -> None:
        self.senders: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        self.senders.append(envelope.mail_from)
        return "250 2.0.0 OK"


async def test_from_a_mail_that_was_sent_to_one_that_came_back(pool: Pool, inbox: tuple[int, Published]) -> None:
    port, published = inbox
    named, relay = await sent(pool, provider="smtp"), Relay()
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(relay), "127.0.0.1", 0)
    options = SmtpOptions(
        port=listening.sockets[0].getsockname()[1], return_domain=DOMAIN, return_secret=SecretStr(SECRET)
    )
    provider = SmtpProvider(options)
    mail = Message("e", "hello@acme.example.com", "ana1@example.com", mail_content(), reference=named)
    assert isinstance(await provider.send(mail), Sent)
    await provider.close()
    listening.close()
    [sender] = relay.senders
    assert await posted(port, sender, report(POSTFIX)) == 451  # Kafka did not take it: the server comes again
    assert await posted(port, sender, report(POSTFIX)) == 250
    assert [row[:3] for row in await rows(pool, "suppression")] == [("acme", "email", "ana1@example.com")]
    assert [one.type for one in published.events] == ["message.bounced"]


async def test_only_what_comes_back_is_taken(pool: Pool, inbox: tuple[int, Published]) -> None:
    port, published = inbox
    named = await sent(pool, provider="smtp")
    right = return_address(named, DOMAIN, SECRET)
    assert await posted(port, f"postmaster@{DOMAIN}", report(POSTFIX)) == 550
    assert await posted(port, return_address(named, DOMAIN, "another secret!!"), report(POSTFIX)) == 550
    assert await posted(port, right.replace(DOMAIN, "example.org"), report(POSTFIX)) == 550
    assert await posted(port, right, b"x" * (1024 * 1024 + 100)) == 552
    assert await posted(port, right, b"Subject: Out of office\r\n\r\nI am on holiday") in (250, 451)
    assert published.events == []
    assert await rows(pool, "suppression") == []


def test_a_return_domain_needs_a_secret_and_an_inbox_a_domain(settings: SettingsFactory) -> None:
    with pytest.raises(ValidationError, match="RETURN_SECRET must have at least 16"):
        SmtpOptions(return_domain=DOMAIN, return_secret=SecretStr("short"))
    with pytest.raises(ValidationError, match="needs RELEVO_NOTIFIER_SMTP_RETURN_DOMAIN"):
        settings(NotifierSettings, notifier_inbox_port=2500)
    with pytest.raises(ValidationError, match="IMAP_HOST needs RELEVO_NOTIFIER_SMTP_RETURN_DOMAIN"):
        settings(NotifierSettings, notifier_imap_host="imap.example.com")


@pytest.mark.parametrize("folder", ["", "Zurückgekommen", "a\r\nb LOGOUT"])
def test_a_folder_is_named_as_imap_sends_it(settings: SettingsFactory, folder: str) -> None:
    with pytest.raises(ValidationError, match="notifier_imap_folder"):
        settings(NotifierSettings, notifier_imap_folder=folder)
