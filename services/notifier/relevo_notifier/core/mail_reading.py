"""A mail that somebody wrote to a shop: who, about what, in answer to what, without what it quotes. Pure.

Sources: RFC 5322 (Message-ID, In-Reply-To, References), RFC 3834 (automatic answers), RFC 2047 (encoded words).
Whatever the bytes are, they are read, or there is not a message in them.
"""

import hashlib
import re
from collections.abc import Collection
from email import message_from_bytes, policy
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from msgspec import Struct

from relevo_contracts.text import clean, mail_text
from relevo_notifier.core.html_text import text_of_html
from relevo_notifier.core.quoted_text import without_quotes

_LONGEST_TEXT = 20_000
_LONGEST_LINE = 300
_LONGEST_ADDRESS = 254
"""Characters of an address (RFC 5321, erratum 1690)."""
_MOST_ADDRESSES = 100
_MOST_PARTS = 100
_MOST_REFERENCES = 50
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
"""Where mail hosts write to whom a mail went."""
_NAMED = re.compile(r"<([^<>\s]{1,250})>")
_OURS = re.compile(r"([0-9a-f]{40})@", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]+")
_MACHINES = re.compile(
    r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|owner-.*|.*-request|bounce-.*)", re.IGNORECASE
)
_BULK = frozenset(("bulk", "list", "junk", "auto_reply"))
_OF_MACHINES = ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Failed-Recipients")
_OF_OURS = "X-Relevo-Effect"


class CustomerMail(Struct, frozen=True, kw_only=True):
    """A mail. `message_id` is its own name, or made of its bytes if it has none; `thread` is that of the first mail of
    the conversation, `references` are our messages that it answers (`core.mime.reference`), the nearest first.

    `recipients` are those that its head names, in lower case; `attachments` the names of what came with it. `machine`
    says why nobody wrote it; empty: somebody did.
    """

    message_id: str
    address: str
    name: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    thread: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    machine: str = ""


def is_mail_address(text: str) -> bool:
    """Whether it is the address of a mailbox, as mails are written to it."""
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def read_mail(content: bytes, own: Collection[str] = ()) -> CustomerMail | None:
    """The mail; `None` if it can't be read or does not say who wrote it. `own` are our addresses, in lower case."""
    try:
        mail = message_from_bytes(content, policy=policy.compat32)
        return _read(mail, content, own)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # Python's parser raises each of them for some malformed mail


def _read(mail: Message, content: bytes, own: Collection[str]) -> CustomerMail | None:
    name, address = next(iter(_mailboxes(mail, "From")), ("", ""))
    if not address:
        return None
    named = _NAMED.findall(_field(mail, "Message-ID"))
    message_id = named[0] if named else f"sha256:{hashlib.sha256(content).hexdigest()}"
    answered = [*_NAMED.findall(_field(mail, "In-Reply-To")), *reversed(_NAMED.findall(_field(mail, "References")))]
    answered = list(dict.fromkeys(answered))[:_MOST_REFERENCES]
    text, attachments = _contents(mail)
    return CustomerMail(
        message_id=message_id,
        address=address,
        name=name,
        recipients=tuple(one for field in _RECIPIENTS for _, one in _mailboxes(mail, field))[:_MOST_ADDRESSES],
        subject=_field(mail, "Subject"),
        text=without_quotes(text),
        thread=answered[-1] if answered else message_id,
        references=tuple(match[1].lower() for one in answered if (match := _OURS.match(one))),
        attachments=attachments,
        machine=_machine(mail, address, own),
    )


def _machine(mail: Message, address: str, own: Collection[str]) -> str:
    """What says that no person wrote it, or that we did: answering it could go on for ever."""
    said = _field(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    reasons = {
        "automatic": said not in ("", "no"),
        "bulk": _field(mail, "Precedence").lower() in _BULK or any(mail.get(one) is not None for one in _OF_MACHINES),
        "report": mail.get_content_type() in ("multipart/report", "message/delivery-status"),
        "bounce": _field(mail, "Return-Path") == "<>" or bool(_MACHINES.fullmatch(address.rpartition("@")[0])),
        "our own": address in own or mail.get(_OF_OURS) is not None,
        "spam": _field(mail, "X-Spam-Flag").lower() == "yes",
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _field(mail: Message, name: str) -> str:
    """A field of the head on one line, with its encoded words as they are read."""
    raw = mail.get(name)
    if raw is None:
        return ""
    try:
        read = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):
        read = str(raw)
    return clean(" ".join(read.split()), 10_000 if name == "References" else _LONGEST_LINE * 2)


def _mailboxes(mail: Message, field: str) -> list[tuple[str, str]]:
    """Names and addresses that a field has. Encoded words are decoded after the addresses are found."""
    found = getaddresses([str(one) for one in mail.get_all(field, [])])[:_MOST_ADDRESSES]
    known = [(name, mail_text(address)) for name, address in found]
    return [(_words(name), address) for name, address in known if is_mail_address(address)]


def _words(name: str) -> str:
    try:
        return clean(str(make_header(decode_header(name))), _LONGEST_LINE)
    except (HeaderParseError, LookupError, ValueError):
        return clean(name, _LONGEST_LINE)


def _contents(mail: Message) -> tuple[str, tuple[str, ...]]:
    """What it says, as text, and the names of its attachments."""
    plain, html, attachments = "", "", list[str]()
    for number, part in enumerate(mail.walk()):
        if number >= _MOST_PARTS:
            break
        if part.is_multipart():
            continue
        kind, filename = part.get_content_type(), part.get_filename()
        if filename is not None or part.get_content_disposition() == "attachment":
            attachments.append(_words(filename or "") or kind)
        elif kind == "text/plain":
            plain = plain or _decoded(part)
        elif kind == "text/html":
            html = html or _decoded(part)
    return clean(plain or text_of_html(html), _LONGEST_TEXT), tuple(attachments)


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(str(part.get_content_charset() or "utf-8"), "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")
