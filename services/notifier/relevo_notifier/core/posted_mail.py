"""Mails that a provider posts: whole, or taken apart, which are put together again. One reading for all. Pure.

Sources: RFC 5322 (the head), RFC 2047 (encoded words), RFC 7578 (multipart/form-data).
"""

import re
from collections.abc import Iterable, Mapping
from email.header import Header
from email.message import EmailMessage, Message

from msgspec import Struct

from relevo_contracts.text import clean
from relevo_notifier.core.mail_reading import is_mail_address

LARGEST_FORM = 40 * 1024 * 1024
"""Bytes of a form that has a mail with its attachments: providers take mails of 20 to 30 MB."""
_READ = 1024 * 1024
"""Bytes of a mail that are read: what people write comes before what they attach."""
_LONGEST = 100_000
_FORMING = re.compile(r"(content-.*|mime-version|lines)", re.IGNORECASE)
_NAME = re.compile(r"[!-9;-~]{1,76}")
_ATOM = r'[^\s"<>(),;:@]*'
_WORD = rf"{_ATOM}[^\x00-\x7f]{_ATOM}"
_BEYOND_ASCII = re.compile(rf"{_WORD}(?: {_WORD})*")
"""Whole words: between encoded ones, and beside them, a space would be lost or found."""


class PostedMail(Struct, frozen=True):
    """A mail as its bytes, as a mailbox has it."""

    content: bytes


class TakenApart(Struct, frozen=True, kw_only=True):
    """What a provider posts of a mail that it has taken apart. `files` are the names of what came with it."""

    head: tuple[tuple[str, str], ...]
    text: str = ""
    html: str = ""
    files: tuple[str, ...] = ()


def whole(content: bytes, recipients: Iterable[str] = (), *, spam: bool = False) -> PostedMail:
    """A mail that is posted as it came. `recipients` are those of the envelope, which its head need not name."""
    known = [f"Delivered-To: {one}\r\n" for one in recipients if one.isascii() and is_mail_address(one.lower())]
    found = "".join([*known, "X-Spam-Flag: YES\r\n" if spam else ""])
    return PostedMail(found.encode() + content[:_READ])


def put_together(mail: TakenApart, recipients: Iterable[str] = ()) -> PostedMail:
    """A mail that is posted in parts, as the one that it was made of as far as it is read."""
    body = EmailMessage()
    body.set_content(clean(mail.text, _LONGEST) if mail.text or not mail.html else "")
    if mail.html:
        page = clean(mail.html, _LONGEST)
        body.add_alternative(page, subtype="html") if mail.text else body.set_content(page, subtype="html")
    for name in mail.files:
        body.add_attachment(b"", "application", "octet-stream", filename=_line(name) or "file")
    head = [f"{name}: {_encoded(value)}\r\n" for name, value in mail.head if _is_of_head(name)]
    return whole("".join(head).encode() + body.as_bytes(), recipients)


def form_fields(content_type: str, body: bytes) -> Mapping[str, bytes]:
    """The fields of a form, without its files. A part that can't be read costs itself only."""
    told = Message()
    told["Content-Type"] = _line(content_type)
    boundary = told.get_boundary()
    found: dict[str, bytes] = {}
    if not boundary:
        return found
    mark = b"--" + boundary.encode("utf-8", "replace")
    for part in (b"\r\n" + body).split(b"\r\n" + mark)[1:]:
        head, between, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _name_of(head)
        if between and name:
            found.setdefault(name, value)
    return found


def _name_of(head: bytes) -> str:
    """The field that a part of a form is; empty if it is a file, or none."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            told = Message()
            told["Content-Disposition"] = _line(value)
            field, file = (told.get_param(one, header="content-disposition") for one in ("name", "filename"))
            return field if isinstance(field, str) and file is None else ""
    return ""


def _is_of_head(name: str) -> bool:
    """Whether it says something of the mail: how its body was made is ours now."""
    return _NAME.fullmatch(name) is not None and _FORMING.fullmatch(name) is None


def _encoded(value: str) -> str:
    return _BEYOND_ASCII.sub(lambda found: Header(found[0], "utf-8").encode(maxlinelen=0), _line(value))


def _line(value: str) -> str:
    return " ".join(clean(value, 10_000).split())
