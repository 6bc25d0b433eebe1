"""What is known of somebody's consent, and what they say about it: values only, for whoever keeps or shows them.

Whoever acts on what it read of a person's consent does so within `BEGINS_WITHIN`, or reads again. So nothing that was
read before a statement was committed is acted on once `HOLDS_AFTER` has passed since, and then it is acknowledged.
Source: docs/decisions/0048-a-withdrawal-holds-at-once.md.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.payloads import ConsentChanged
from relevo_contracts.policy import AS_BEFORE, Policy

BEGINS_WITHIN = 1.0
"""Seconds of wall-clock time within which a call to a provider begins after the recipient's consent was asked for."""
HOLDS_AFTER = 1.5
"""Seconds of wall-clock time between the commit of a statement and its acknowledgement."""


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of somebody: `key` is theirs by now, `unsubscribed` since when their own addresses are.

    `contact` is `None` if nothing is known; `erased`: because it was erased.
    """

    shop: str
    key: str
    contact: Contact | None = None
    unsubscribed: Mapping[Channel, datetime] = {}
    erased: bool = False
    policy: Policy = AS_BEFORE


class Statement(Struct, frozen=True, kw_only=True):
    """What somebody says, and the event that says it to everybody else: `value` is its encoded form."""

    id: str
    source: str
    at: datetime
    payload: ConsentChanged
    value: bytes
