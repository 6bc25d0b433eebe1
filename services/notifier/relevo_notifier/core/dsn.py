"""Mail about mail: what a delivery status notification says, and the envelope sender by which it finds its message.
Pure.

Sources: RFC 3464 (delivery status notifications), RFC 6522 (multipart/report), RFC 3463 (status codes), RFC 5321
sections 4.5.5 (the null sender) and 3.6.3 (the envelope sender is whom a failure is told to).
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from typing import Literal, TypeAlias

from msgspec import Struct

from relevo_notifier.core.feedback import LONGEST_REASON, Feedback, enhanced_status, is_permanent, is_reference

Action: TypeAlias = Literal["failed", "delayed", "delivered", "relayed", "expanded"]

_ACTIONS: tuple[Action, ...] = ("failed", "delayed", "delivered", "relayed", "expanded")
_PROOF = 16
_LOCAL = re.compile(rf"bounce-([0-9a-f]{{40}})-([0-9a-f]{{{_PROOF}}})", re.IGNORECASE)
_MOST_RECIPIENTS = 100
# Python's parser takes such a part apart before it is decoded: under another name it is left whole.
_STATUS_TYPE = re.compile(rb"message/(?:global-)?delivery-status", re.IGNORECASE)
_LEAF = "text/x-delivery-status"
_BETWEEN = re.compile(rb"\r?\n[ \t]*\r?\n")


class Recipient(Struct, frozen=True):
    """What a notification says of one recipient. `status` and `words` are empty where it says none."""

    address: str
    action: Action
    status: str
    words: str


def return_address(reference: str, domain: str, secret: str) -> str:
    """The envelope sender of a message: what comes back there is about that message and no other (VERP)."""
    return f"bounce-{reference}-{_proof(reference, secret)}@{domain}"


def reference_of(address: str, secret: str) -> str | None:
    """The message that a return address is of; `None` if it is not one of ours."""
    match = _LOCAL.fullmatch(address.strip().strip("<>").rpartition("@")[0])
    if match is None:
        return None
    reference, proof = match[1].lower(), match[2].lower()
    return reference if hmac.compare_digest(proof, _proof(reference, secret)) else None


def _proof(reference: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"bounce {reference}".encode(), "sha256").hexdigest()[:_PROOF]


def feedback_of(content: bytes, reference: str, now: datetime) -> list[Feedback]:
    """What a mail that came to the return address of `reference` says of that message.

    A notice of delay, an automatic answer and whatever else is not a report say nothing. A report about somebody else
    than the recipient (it was forwarded) is about the same message.
    """
    if not is_reference(reference):
        return []
    named = hashlib.sha256(content).hexdigest()[:40]
    return [
        _feedback(one, reference, f"dsn/{named}/{number}", now)
        for number, one in enumerate(recipients_of(content))
        if one.action in ("failed", "delivered")
    ]


def recipients_of(content: bytes) -> list[Recipient]:
    """What a report says of each recipient; nothing if it is not a report, or can't be read."""
    try:
        mail = message_from_bytes(_STATUS_TYPE.sub(_LEAF.encode(), content), policy=policy.compat32)
        blocks = list(_blocks(mail))
    except (MessageError, ValueError, LookupError, RecursionError):
        return []
    found = (_recipient(block) for block in blocks[:_MOST_RECIPIENTS])
    return [one for one in found if one is not None]


def _feedback(one: Recipient, reference: str, event_id: str, now: datetime) -> Feedback:
    failed = one.action == "failed"
    permanent = failed and is_permanent(one.status, otherwise=False)
    return Feedback(
        reference=reference,
        kind="bounced" if failed else "delivered",
        event_id=event_id,
        at=now,
        permanent=permanent,
        suppress=permanent,
        status=one.status,
        reason=one.words,
    )


def _blocks(mail: Message) -> Iterator[dict[str, str]]:
    """The fields of each block of a report: the first is about the message, the others are about a recipient each."""
    for part in mail.walk():
        decoded = part.get_payload(decode=True) if part.get_content_type() == _LEAF else None
        if isinstance(decoded, bytes):
            for block in _BETWEEN.split(decoded.strip())[: _MOST_RECIPIENTS + 1]:
                yield _fields(message_from_bytes(block + b"\r\n\r\n", policy=policy.compat32))


def _fields(block: Message) -> dict[str, str]:
    return {str(name).lower(): " ".join(str(value).split()) for name, value in block.items()}


def _recipient(fields: dict[str, str]) -> Recipient | None:
    action = next((one for one in _ACTIONS if fields.get("action", "").lower().startswith(one)), None)
    final = fields.get("final-recipient", "") or fields.get("original-recipient", "")
    if action is None or not final:
        return None
    words = fields.get("diagnostic-code", "")
    status = enhanced_status(fields.get("status", ""), words)
    better = enhanced_status(words)
    if status.endswith(".0.0") and better:  # many servers say no more than "failed" there, and the code in the words
        status = better
    return Recipient(_address(final), action, status, words.partition(";")[2].strip()[:LONGEST_REASON] or words)


def _address(field: str) -> str:
    """`rfc822; ana@example.com` without its type."""
    kind, semicolon, address = field.partition(";")
    return (address if semicolon else kind).strip().strip("<>")
