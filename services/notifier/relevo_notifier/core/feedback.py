"""What a provider tells of a message after it was handed over, and what follows from it. Pure.

Sources: RFC 3463 (enhanced status codes), RFC 5965 (complaints).
"""

import hashlib
import re
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_contracts.envelope import Event, event_data
from relevo_contracts.messages import caused_hops
from relevo_contracts.payloads import Buyer, ConsentChanged, MessageChanged

FeedbackKind: TypeAlias = Literal["delivered", "bounced", "complained", "unsubscribed"]

LONGEST_REASON = 500
_REFERENCE = re.compile(r"[0-9a-f]{40}")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_NO_SUCH_ADDRESS = {("1", "1"), ("1", "2"), ("1", "3"), ("1", "6"), ("1", "10")}
_FULL = ("2", "2")
_POLICY = "7"


class Feedback(Struct, frozen=True, kw_only=True):
    """One statement about one message.

    `reference` is by what we named the message (`core.mime.reference`), `event_id` by what the provider names the
    statement: the same twice is one. `address` is about whom it is said, empty: whoever the message went to.
    `permanent`: that address will never take anything. `suppress`: so nothing is sent there again.
    """

    reference: str
    kind: FeedbackKind
    event_id: str
    at: datetime
    address: str = ""
    permanent: bool = False
    suppress: bool = False
    status: str = ""
    reason: str = ""


class Concerned(Struct, frozen=True, kw_only=True):
    """The message of ours that a statement is about."""

    feedback: Feedback
    shop: str
    delivery_id: str
    key: str
    channel: Channel
    accepted_at: datetime
    hops: int = 0


def is_reference(text: object) -> bool:
    """Whether `text` may name a message of ours."""
    return isinstance(text, str) and _REFERENCE.fullmatch(text) is not None


def enhanced_status(*texts: str) -> str:
    """The first enhanced status code in any of `texts`, such as 5.1.1; empty: there is none."""
    for text in texts:
        if found := _STATUS.search(text):
            return found[0]
    return ""


def is_permanent(status: str, *, otherwise: bool) -> bool:
    """Whether an address that was refused with this code will never take anything.

    One that does not exist never will; a full mailbox, and a policy that dislikes us or what we sent, may pass.
    `otherwise` is what the provider says, for codes that leave it open.
    """
    match = _STATUS.fullmatch(status)
    if match is None:
        return otherwise
    severity, subject, detail = match.groups()
    if severity != "5" or (subject, detail) == _FULL or subject == _POLICY:
        return False
    return True if (subject, detail) in _NO_SUCH_ADDRESS else otherwise


def events_of(concerned: Concerned, provider: str, now: datetime) -> list[Event]:
    """What the rest of the system is told: what became of the message, and that the person wants no more marketing."""
    feedback = concerned.feedback
    events = []
    if feedback.kind != "unsubscribed":
        payload = MessageChanged(
            customer=Buyer(),
            delivery_id=concerned.delivery_id,
            channel=concerned.channel,
            provider=provider,
            permanent=feedback.permanent,
            status=feedback.status,
            reason=feedback.reason,
        )
        events.append(_event(concerned, provider, f"message.{feedback.kind}", event_data(payload), now))
    if feedback.kind in ("complained", "unsubscribed"):
        source = f"{feedback.kind}, told by {provider}"
        withdrawn = ConsentChanged(customer=Buyer(), channel=concerned.channel, state="withdrawn", source=source)
        events.append(_event(concerned, provider, "consent.changed", event_data(withdrawn), now))
    return events


def _event(concerned: Concerned, provider: str, kind: str, data: dict[str, object], now: datetime) -> Event:
    feedback = concerned.feedback
    named = msgspec.json.encode([concerned.delivery_id, feedback.event_id])
    return Event(
        id=f"{kind}:{hashlib.sha256(named).hexdigest()[:40]}",
        source=f"/providers/{provider}",
        type=kind,
        # By the provider's clock, which may be wrong, or another one than a clock that runs fast.
        time=min(max(feedback.at, concerned.accepted_at), now),
        shop=concerned.shop,
        key=concerned.key,
        data=data,
        receivedtime=now,
        hops=caused_hops(concerned.hops),
    )
