"""A mail as bytes, ready for the wire.

Sources: RFC 5322 (form), RFC 2045 (quoted-printable), RFC 2047 (encoded words), RFC 2369 and 8058 (one-click
unsubscribe), RFC 3834 (Auto-Submitted).
"""

import binascii
import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from msgspec import Struct

from relevo_contracts.mailboxes import read_mailbox

ADDRESS_GREATEST = 320
"""64 characters, the @ and 255 (RFC 5321 section 4.5.3.1); no valid address is longer."""

_CRLF = "\r\n"
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_PLAIN = re.compile(r"[\x20-\x7e]*\Z")
_QUOTED = re.compile(r'(["\\])')
_UNFIT_FOR_URL = re.compile(r"[^\x21-\x7e]|[<>]")
_TAG = re.compile(r"[^A-Za-z0-9_.-]+")
_WORD_BEGIN, _WORD_END = "=?utf-8?q?", "?="
_WORD_GREATEST = 75 - len(_WORD_BEGIN) - len(_WORD_END)
_CHARACTER_GREATEST = 12  # four bytes, each three characters


class MailContent(Struct, frozen=True, kw_only=True):
    """What a mail is made of. `sender` is the shop's ("Acme <hello@example.com>"); texts are any Unicode."""

    effect: str
    shop: str
    workflow: str
    sender: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    locale: str
    date: datetime
    unsubscribe_url: str = ""
    reply_to: str = ""


def message_id(shop: str, effect: str, sender: str) -> str:
    """The Message-ID of an effect: the same whenever it is sent, so that receivers can know a second copy."""
    return f"<{reference(shop, effect)}@{_domain(sender)}>"


def reference(shop: str, effect: str) -> str:
    """What stands for an effect wherever a provider gives something of ours back: 40 hexadecimal digits, the same
    whenever it is sent. It says nothing about the shop or the customer.
    """
    return hashlib.sha256(f"{shop}\n{effect}".encode("utf-8", "replace")).hexdigest()[:40]


@lru_cache(maxsize=1000)
def _domain(sender: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "", read_mailbox(one_line(sender))[1].rpartition("@")[2]) or "relevo.invalid"


@lru_cache(maxsize=1000)  # a shop's own addresses come again with every mail
def _parsed_mailbox(written: str) -> str:
    return mailbox(*read_mailbox(one_line(written)))


def build_mail(mail: MailContent) -> bytes:
    """The mail with its headers and both alternatives, lines ended by CRLF. Any text gives a well-formed mail."""
    boundary = f"=_{reference(mail.shop, mail.effect)}"
    head = (
        f"Date: {_date(mail.date)}\r\nFrom: {_parsed_mailbox(mail.sender)}\r\n"
        f"To: {mailbox(mail.recipient_name, mail.recipient)}\r\nSubject: {encoded(mail.subject, 9)}\r\n"
        f"{''.join(f'{name}: {value}{_CRLF}' for name, value in extra_headers(mail))}MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    )
    return b"".join(
        (
            head.encode("ascii"),
            *_part(boundary, "plain", mail.text),
            *_part(boundary, "html", mail.html),
            f"--{boundary}--\r\n".encode(),
        )
    )


def _date(at: datetime) -> str:
    # Those of a second are the same; in another zone they would only be equal, so just those of UTC are remembered.
    return _date_of_utc(at.replace(microsecond=0)) if at.tzinfo is UTC else format_datetime(at)


@lru_cache(maxsize=64)
def _date_of_utc(second: datetime) -> str:
    return format_datetime(second)


def extra_headers(mail: MailContent) -> list[tuple[str, str]]:
    """The headers beyond sender, recipient, subject and form, as ASCII; a long one is folded by CRLF and a space."""
    headers = [
        ("Message-ID", message_id(mail.shop, mail.effect, mail.sender)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Relevo-Effect", encoded(mail.effect, len("X-Relevo-Effect: "))),
        ("Feedback-ID", f"{_tag(mail.workflow)}:{_tag(mail.shop)}:{_tag(mail.locale)}:relevo"),
        ("Content-Language", _tag(mail.locale)),
    ]
    if mail.reply_to:
        headers.append(("Reply-To", _parsed_mailbox(mail.reply_to)))
    if mail.unsubscribe_url:
        # Never folded nor encoded: a long URL in an encoded word breaks the one-click of RFC 8058.
        headers.append(("List-Unsubscribe", f"<{_url(mail.unsubscribe_url)}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def one_line(text: str) -> str:
    """`text` without line breaks and control characters: nothing in it can begin a header of its own."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _BREAKS.sub(" ", text).encode("utf-8", "replace").decode().strip()


def encoded(text: str, taken: int = 0) -> str:
    """`text` as a header's value: itself if it is short ASCII, else encoded words of legal length, folded."""
    text = one_line(text)
    if _PLAIN.match(text) and len(text) + taken <= 900 and "=?" not in text:
        return text
    return _encoded_words(text, taken)


def _encoded_words(text: str, taken: int) -> str:
    """`text` as encoded words in UTF-8 and "Q" (RFC 2047 sections 2 and 4.2), a line each; no character is split."""
    words: list[str] = []
    pieces: list[str] = []
    left = max(_WORD_GREATEST - taken, _CHARACTER_GREATEST)
    for character in text:
        piece = _q_encoded(character)
        if len(piece) > left:
            words.append("".join(pieces))
            pieces, left = [], _WORD_GREATEST - 1  # of the space that folds
        pieces.append(piece)
        left -= len(piece)
    words.append("".join(pieces))
    return "\r\n ".join(f"{_WORD_BEGIN}{word}{_WORD_END}" for word in words)


@lru_cache(maxsize=10_000)
def _q_encoded(character: str) -> str:
    if character == " ":
        return "_"
    if character.isascii() and (character.isalnum() or character in "!*+-/"):
        return character
    return "".join(f"={byte:02X}" for byte in character.encode())


def mailbox(name: str, address: str) -> str:
    """A name and an address as RFC 5322 writes them; without a name the address alone."""
    address = _url(address)[:ADDRESS_GREATEST]
    name = one_line(name)
    if not name:
        return address
    if _PLAIN.match(name) and "=?" not in name and len(name) < 300:
        quoted = _QUOTED.sub(r"\\\1", name)
        return f'"{quoted}" <{address}>'
    return f"{encoded(name[:300])} <{address}>"


def _url(text: str) -> str:
    return _UNFIT_FOR_URL.sub("", text)


@lru_cache(maxsize=4096)  # of a shop, a workflow or a locale
def _tag(text: str) -> str:
    return _TAG.sub("-", text)[:64]


def _part(boundary: str, kind: str, text: str) -> list[bytes]:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = (
        f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    lines = text.removesuffix("\n").encode("utf-8", "replace").split(b"\n")  # as text that takes twice as long
    return [head.encode(), *map(_quoted_printable, lines), b"\r\n"]


@lru_cache(maxsize=4096)  # most lines of a layout come again with every mail
def _quoted_printable(line: bytes) -> bytes:
    return binascii.b2a_qp(line + b"\r\n", istext=True)
