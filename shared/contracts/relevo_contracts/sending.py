"""Payloads of events about messages that were sent."""

from typing import Literal

from msgspec import Struct

from relevo_contracts.parts import Buyer


class MessageChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`message.delivered`, `.bounced` and `.complained`: what a provider told of a message after it had taken it.

    `delivery_id` is the effect that sent it. `permanent`: the address will never take anything, and gets nothing any
    more. `status` is the enhanced status code (RFC 3463) or the provider's own, `reason` its words.
    """

    customer: Buyer
    delivery_id: str
    channel: Literal["email", "sms"] = "email"
    provider: str = ""
    permanent: bool = False
    status: str = ""
    reason: str = ""
