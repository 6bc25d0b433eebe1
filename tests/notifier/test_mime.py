"""Every mail is well-formed, whatever its texts are."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.mime import MailContent, build_mail, message_id
from tests.notifier.support import NOON

HEADERS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "X-Relevo-Effect",
    "Feedback-ID",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]
UNSUBSCRIBE = ["List-Unsubscribe", "List-Unsubscribe-Post"]
NASTY = st.text(max_size=60) | st.sampled_from(
    ["a\r\nBcc: x@example.com", "a\nX: y\n\nbody", "=?utf-8?q?x?=", "a\u2028b", "é" * 300, "x" * 2000, '"\\', "\ud800"]
)


def mail_content(**changes: str) -> MailContent:
    values = {
        "effect": "run1/send-reminder/1",
        "shop": "acme",
        "workflow": "abandoned-cart",
        "sender": "Acme & Sons <hello@acme.example.com>",
        "recipient": "ana@example.com",
        "recipient_name": "Ana",
        "subject": "Your cart",
        "text": "Hello\n.\nFrom here\n",
        "html": "<p>Hello = 1</p>",
        "locale": "en",
        **changes,
    }
    return MailContent(date=NOON, **values)


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("Acme <a@example.com>", "Acme", "a@example.com"),
        ("Acme, Inc. <a@example.com>", "Acme, Inc.", "a@example.com"),
        ('"Acme, Inc." <a@example.com>', "Acme, Inc.", "a@example.com"),
        ('"Müller: Söhne" <post@example.com>', "Müller: Söhne", "post@example.com"),
        ("Müller: Söhne; Co <post@example.com>", "Müller: Söhne; Co", "post@example.com"),
        ('Bob "B" <b@example.com>', 'Bob "B"', "b@example.com"),
        (r'"Bob \"B\" \\" <b@example.com>', 'Bob "B" \\', "b@example.com"),
        ("Acme (shoes) @ home <a@example.com>", "Acme (shoes) @ home", "a@example.com"),
        ("日本の店 <a@example.com>", "日本の店", "a@example.com"),
        (" a@example.com ", "", "a@example.com"),
        ("<a@example.com>", "", "a@example.com"),
    ],
)
def test_who_a_mail_comes_from(written: str, name: str, address: str) -> None:
    (sender,) = parsed(build_mail(mail_content(sender=written)))["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, address)
    assert message_id("acme", "e", written).endswith("@example.com>")


@given(st.text(max_size=60))
def test_any_name_of_a_sender_leaves_its_address(name: str) -> None:
    mail = parsed(build_mail(mail_content(sender=f"{name} <a@example.com>")))
    assert mail["From"].addresses[-1].addr_spec == "a@example.com"
    assert len(mail["From"].addresses) == 1


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def test_the_headers_of_a_marketing_mail() -> None:
    url = "https://shop.example.com/u/" + "t" * 400
    content = build_mail(mail_content(unsubscribe_url=url, reply_to="help@acme.example.com"))
    mail = parsed(content)
    assert mail["From"] == "Acme & Sons <hello@acme.example.com>"
    assert mail["To"] == "Ana <ana@example.com>"
    assert mail["Reply-To"] == "help@acme.example.com"
    assert parsedate_to_datetime(mail["Date"]) == NOON
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in content
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Relevo-Effect"] == "run1/send-reminder/1"
    assert mail["Feedback-ID"] == "abandoned-cart:acme:en:relevo"
    assert mail.get_content_type() == "multipart/alternative"


def test_the_message_id_comes_from_shop_and_effect_alone() -> None:
    first, second = parsed(build_mail(mail_content())), parsed(build_mail(mail_content(subject="Other", text="Other")))
    assert (
        first["Message-ID"] == second["Message-ID"] == message_id("acme", "run1/send-reminder/1", "x@acme.example.com")
    )
    assert parsed(build_mail(mail_content(shop="other")))["Message-ID"] != first["Message-ID"]


def test_a_transactional_mail_has_no_unsubscribe_link() -> None:
    assert parsed(build_mail(mail_content()))["List-Unsubscribe"] is None


@given(subject=NASTY, name=NASTY, sender=NASTY, effect=NASTY, workflow=NASTY, locale=NASTY, recipient=NASTY)
def test_no_text_gets_into_the_headers(
    subject: str, name: str, sender: str, effect: str, workflow: str, locale: str, recipient: str
) -> None:
    content = build_mail(
        mail_content(
            subject=subject,
            recipient_name=name,
            sender=f"{sender} <hello@acme.example.com>",
            effect=effect,
            workflow=workflow,
            locale=locale,
            recipient=f"ana@example.com{recipient}",
        )
    )
    head = content.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    lines = head.decode().split("\r\n")
    assert [line.split(":")[0] for line in lines if not line.startswith((" ", "\t"))] == HEADERS
    assert not any("\r" in line or "\n" in line or len(line) > 998 for line in lines)
    assert parsed(content).get_content_type() == "multipart/alternative"


@given(st.text(max_size=200))
def test_a_short_subject_arrives_as_it_was(subject: str) -> None:
    plain = " ".join(subject.split())
    if not plain.isprintable() or "=?" in plain:
        plain = "Ofertas de otoño: 10 % (año)"
    assert str(parsed(build_mail(mail_content(subject=plain)))["Subject"]) == plain


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=400))
def test_texts_arrive_as_they_were(text: str) -> None:
    content = build_mail(mail_content(text=text, html=f"<p>{text}</p>"))
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    mail = parsed(content)
    for kind, sent in (("plain", text), ("html", f"<p>{text}</p>")):
        part = mail.get_body((kind,))
        assert part is not None
        got = part.get_payload(decode=True)
        assert isinstance(got, bytes)
        assert got.decode().replace("\r\n", "\n").removesuffix("\n") == sent.removesuffix("\n")
