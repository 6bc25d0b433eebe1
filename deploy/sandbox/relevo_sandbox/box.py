"""Everything that arrived: an index in memory, and files that a person can open."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.utils import formatdate
from io import SEEK_END, FileIO
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

_HEADER = re.compile(rb"^(message-id|x-relevo-effect|subject|date|to|from):[ \t]*(.*(?:\r?\n[ \t].*)*)", re.I | re.M)
_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]+")


Kind = Literal["email", "sms", "whatsapp", "push"]


class Message(Struct, frozen=True, kw_only=True):
    """One message that arrived. `number` counts from 1 in order of arrival; `date` is the sender's own date."""

    number: int
    kind: Kind
    to: str
    sender: str
    subject: str
    effect: str
    id: str
    date: str
    received: str
    file: str = ""
    text: str = ""


class Counts(Struct, frozen=True):
    """How much arrived; `duplicates` counts the messages whose effect had arrived before."""

    emails: int
    sms: int
    effects: int
    duplicates: int


class Box:
    """Stores messages below `folder`: each mail as an .eml file, everything else as a line of sms.jsonl.

    What is in the folder already counts, so that a second start goes on where the first ended. One event loop uses it;
    writes are small and synchronous.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._messages: list[Message] = []
        self._effects: Counter[str] = Counter()
        self._arrived = asyncio.Event()
        self._sms = _appendable(folder / "sms.jsonl")
        self._emails = 0
        self._highest = 0
        for message in sorted([*_mails(folder), *_texts(folder)], key=lambda one: one.number):
            self._emails += message.kind == "email"
            self._highest = message.number
            self._add(msgspec.structs.replace(message, number=len(self._messages) + 1))

    def close(self) -> None:
        """Close the file of the texts."""
        self._sms.close()

    def put_mail(self, content: bytes, sender: str, recipients: list[str]) -> Message:
        """Store a mail as it came over the wire. The file's name sorts by arrival and says whom and what."""
        headers = _headers(content)
        self._highest += 1
        name = f"{self._highest:06d}-{_safe(recipients[0], 60)}-{_safe(headers.get('subject', ''), 60)}.eml"
        (self.folder / name).write_bytes(content)
        self._emails += 1
        return self._add(
            _mail(
                headers,
                number=len(self._messages) + 1,
                to=", ".join(recipients),
                sender=sender,
                received=formatdate(usegmt=True),
                file=name,
            )
        )

    def put_sms(self, *, to: str, sender: str, text: str, sid: str, effect: str) -> Message:
        """Store an SMS."""
        return self.put_text(kind="sms", to=to, sender=sender, text=text, sid=sid, effect=effect)

    def put_text(self, *, kind: Kind, to: str, sender: str, text: str, sid: str, effect: str) -> Message:
        """Store what is not a mail."""
        now = formatdate(usegmt=True)
        number = len(self._messages) + 1
        message = Message(
            number=number,
            kind=kind,
            to=to,
            sender=sender,
            subject="",
            effect=effect,
            id=sid,
            date=now,
            received=now,
            file="sms.jsonl",
            text=text,
        )
        self._highest += 1
        self._sms.write(msgspec.json.encode(msgspec.structs.replace(message, number=self._highest)) + b"\n")
        return self._add(message)

    def _add(self, message: Message) -> Message:
        self._messages.append(message)
        self._effects[message.effect or message.id] += 1
        self._arrived.set()
        return message

    def messages(self, since: int = 0, limit: int = 1000) -> list[Message]:
        """Up to `limit` messages with a number above `since`."""
        return self._messages[since : since + limit]

    def texts_to(self, number: str) -> Iterator[Message]:
        """The texts that went to `number`, the newest first."""
        return (m for m in reversed(self._messages) if m.kind == "sms" and m.to == number)

    def mail(self, number: int) -> bytes | None:
        """The mail with this number as it came, or `None`."""
        if not 0 < number <= len(self._messages) or self._messages[number - 1].kind != "email":
            return None
        return (self.folder / self._messages[number - 1].file).read_bytes()

    def counts(self) -> Counts:
        """How much arrived so far."""
        total = len(self._messages)
        return Counts(self._emails, total - self._emails, len(self._effects), total - len(self._effects))

    async def arrival(self, since: int) -> None:
        """Wait until there is a message with a number above `since`."""
        while len(self._messages) <= since:
            self._arrived.clear()
            await self._arrived.wait()


def _mail(headers: dict[str, str], *, number: int, to: str, sender: str, received: str, file: str) -> Message:
    return Message(
        number=number,
        kind="email",
        to=to,
        sender=headers.get("from", sender),
        subject=headers.get("subject", ""),
        effect=headers.get("x-relevo-effect", ""),
        id=headers.get("message-id", ""),
        date=headers.get("date", ""),
        received=received,
        file=file,
    )


def _mails(folder: Path) -> Iterator[Message]:
    """Those of former starts; they went to whom their header names."""
    for path in folder.glob("[0-9]*-*.eml"):
        headers = _headers(path.read_bytes())
        received = formatdate(path.stat().st_mtime, usegmt=True)
        number = int(path.name.partition("-")[0])
        yield _mail(headers, number=number, to=headers.get("to", ""), sender="", received=received, file=path.name)


def _appendable(path: Path) -> FileIO:
    """The file, at the start of a line: the first text must not become a part of one that a crash cut off."""
    file = path.open("ab+", buffering=0)
    if end := file.seek(0, SEEK_END):
        file.seek(end - 1)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file


def _texts(folder: Path) -> Iterator[Message]:
    for line in (folder / "sms.jsonl").read_bytes().splitlines():
        # A line that a crash cut off is not a message.
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=Message)


def _headers(content: bytes) -> dict[str, str]:
    """The few headers that the index needs. A full parse of each mail would halve what the sink can take."""
    head = content.partition(b"\r\n\r\n")[0]
    return {match[1].decode().lower(): _decoded(match[2]) for match in _HEADER.finditer(head)}


def _decoded(value: bytes) -> str:
    text = re.sub(r"\r?\n[ \t]", " ", value.decode("utf-8", "replace")).strip()
    return str(make_header(decode_header(text))) if "=?" in text else text


def _safe(text: str, length: int) -> str:
    return _UNSAFE.sub("-", text).strip("-.")[:length] or "none"
