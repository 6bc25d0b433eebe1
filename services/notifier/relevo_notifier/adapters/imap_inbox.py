"""A mailbox at a mail host, read by IMAP: mails to the return addresses of our messages, and what they say; and what
people write to the shops.

Sources: RFC 9051 and RFC 3501 (IMAP), RFC 6851 (MOVE). A mail is marked as seen, or moved, once what it says is kept;
several notifiers may read the same mailbox, as the same report twice is one.
"""

import asyncio
import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.utils import getaddresses
from typing import Literal

import structlog
from msgspec import Struct

from relevo_notifier.adapters.bounce_inbox import LARGEST, PROVIDER
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.app.take_mail import TakeMail
from relevo_notifier.core.dsn import feedback_of, reference_of
from relevo_runtime.clock import Clock
from relevo_runtime.errors import PublishError, described
from relevo_runtime.postgres import temporary

_log = structlog.get_logger(__name__)
AT_ONCE = 100
"""Mails that one look takes in."""
_MOST_ADDRESSES = 100
_HOST = "imap"
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
"""Where mail hosts write to whom a mail went; the proof says which is ours."""


class MailboxError(OSError):
    """The mail host does not let itself be asked, and why."""


class ImapAccount(Struct, frozen=True):
    """Which mailbox. `moved_to` is the folder for what was taken in; empty: it stays, as seen. `timeout`: seconds."""

    host: str
    port: int
    tls: Literal["tls", "starttls", "none"]
    user: str
    password: str
    folder: str = "INBOX"
    moved_to: str = ""
    ca_file: str = ""
    timeout: float = 30.0


class ImapInbox:
    """Looks into the mailbox, each time anew. `domain` and `secret` are those of the return addresses, if there are
    any; `intake` takes in what people write.
    """

    def __init__(
        self,
        account: ImapAccount,
        domain: str,
        secret: str,
        take: TakeFeedback,
        clock: Clock,
        *,
        intake: TakeMail | None = None,
    ) -> None:
        self._account = account
        self._domain = domain
        self._secret = secret
        self._take = take
        self._clock = clock
        self._intake = intake
        self._put_off: set[bytes] = set()

    async def run_once(self, now: datetime) -> datetime | None:
        """Take in what came; returns `now` if there is more. A mail that can't be kept stays, after the others.

        Raises `MailboxError` if the host can't be asked, and what is temporary at the database or Kafka: nothing was
        marked then, and the same mails are taken in again, once all in all.
        """
        unseen = await asyncio.to_thread(self._unseen)
        self._put_off &= set(unseen)
        page = sorted(unseen, key=lambda uid: (uid in self._put_off, int(uid)))[:AT_ONCE]
        contents = await asyncio.to_thread(self._contents, page) if page else {}
        done = [uid for uid, content in contents.items() if await self._taken(uid, content)]
        if done:
            await asyncio.to_thread(self._close, done)
        return now if done and len(unseen) > len(page) else None

    async def _taken(self, uid: bytes, content: bytes) -> bool:
        """Whether what a mail says is kept, or says nothing to us."""
        now = self._clock.now()
        try:
            references = self._references(content)
            if self._intake is not None and not references:
                await self._intake(_HOST, content)
                return True
            told = [one for named in references for one in feedback_of(content, named, now)]
            taken = await self._take(PROVIDER, told)
        except Exception as error:
            if isinstance(error, PublishError) or temporary(error):
                raise
            _log.warning("report_put_off", mail=uid.decode(), reason=described(error)[:200])
            self._put_off.add(uid)
            return False
        _log.info("report", statements=len(told), taken=taken)
        return True

    def _references(self, content: bytes) -> list[str]:
        """Of which messages of ours a mail is about by whom it went to."""
        domain = self._domain.lower()
        if not domain:
            return []
        found = (
            reference_of(address, self._secret)
            for address in _recipients(content)
            if address.lower().rpartition("@")[2] == domain
        )
        return list(dict.fromkeys(one for one in found if one is not None))

    def _unseen(self) -> list[bytes]:
        with _opened(self._account) as mailbox:
            return _asked(mailbox.uid("SEARCH", "UNSEEN"))[0].split()

    def _contents(self, uids: list[bytes]) -> dict[bytes, bytes]:
        """The beginning of each mail, which has the report; those that are gone meanwhile are left out."""
        with _opened(self._account) as mailbox:
            found = {uid: _content(mailbox, uid) for uid in uids}
        return {uid: content for uid, content in found.items() if content is not None}

    def _close(self, uids: list[bytes]) -> None:
        """These are done; one that somebody else has moved meanwhile is."""
        named, target = b",".join(uids).decode(), self._account.moved_to
        with _opened(self._account) as mailbox:
            _asked(mailbox.uid("STORE", named, "+FLAGS.SILENT", "(\\Seen)"))
            if not target:
                return
            mailbox.create(_quoted(target))  # says NO if it is there
            # imaplib knows what the host could before the login.
            if b"MOVE" in _asked(mailbox.capability())[0].upper().split():
                _asked(mailbox.uid("MOVE", named, _quoted(target)))
                return
            _asked(mailbox.uid("COPY", named, _quoted(target)))
            _asked(mailbox.uid("STORE", named, "+FLAGS.SILENT", "(\\Deleted)"))


@contextmanager
def _opened(account: ImapAccount) -> Iterator[imaplib.IMAP4]:
    """The folder, open. What goes wrong is a `MailboxError`."""
    try:
        with _connected(account) as mailbox:
            if account.user:
                mailbox.login(account.user, account.password)
            _asked(mailbox.select(_quoted(account.folder)))
            yield mailbox
    except (imaplib.IMAP4.error, OSError, EOFError, UnicodeError) as error:
        raise MailboxError(f"the mailbox at {account.host}:{account.port} can't be read: {described(error)}") from error


def _connected(account: ImapAccount) -> imaplib.IMAP4:
    if account.tls == "none":
        return imaplib.IMAP4(account.host, account.port, timeout=account.timeout)
    context = ssl.create_default_context(cafile=account.ca_file or None)
    if account.tls == "tls":
        return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=account.timeout)
    mailbox = imaplib.IMAP4(account.host, account.port, timeout=account.timeout)
    try:
        mailbox.starttls(context)
    except BaseException:
        with suppress(OSError, imaplib.IMAP4.error):
            mailbox.shutdown()
        raise
    return mailbox


def _asked(answer: tuple[str, list[bytes | None]]) -> list[bytes]:
    """What an answer has. Raises `imaplib.IMAP4.error` if it is not OK."""
    status, found = answer
    words = [one if isinstance(one, bytes) else b"" for one in found]
    if status != "OK":
        raise imaplib.IMAP4.error(b" ".join(words).decode("utf-8", "replace")[:200] or status)
    return words or [b""]


def _content(mailbox: imaplib.IMAP4, uid: bytes) -> bytes | None:
    status, found = mailbox.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{LARGEST}>)")
    parts = [one[1] for one in found if isinstance(one, tuple)] if status == "OK" else []
    return bytes(parts[0]) if parts else None


def _quoted(folder: str) -> str:
    """A folder's name as IMAP has it."""
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _recipients(content: bytes) -> list[str]:
    """To whom a mail went, as its head says; none if it can't be read."""
    try:
        mail = message_from_bytes(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=policy.compat32)
        fields = [str(value) for name in _RECIPIENTS for value in mail.get_all(name, [])]
        return [address for _, address in getaddresses(fields)][:_MOST_ADDRESSES]
    except (MessageError, ValueError, LookupError, RecursionError):
        return []
