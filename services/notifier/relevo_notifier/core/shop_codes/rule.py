"""What the codes of a pool are good for, and what the code of one effect is."""

import hmac
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from relevo_contracts.payloads import Money

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Nothing in it is easily taken for something else."""
_LENGTH = 10


class CouponRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What codes are good for: `percent` (decimal text) or `amount` off, free shipping, or what a `rule` says.

    `rule` is the id of a cart price rule of the shop, where that says it all (Magento). `minimum` is what has to be
    bought for. Codes begin with `prefix`.
    """

    percent: str = ""
    amount: Money | None = None
    free_shipping: bool = False
    minimum: Money | None = None
    rule: int = 0
    prefix: str = ""

    def in_words(self) -> str:
        """`10 % off, from 30 EUR`."""
        if self.rule:
            return f"rule {self.rule}"
        off = f"{self.percent} % off" if self.percent else ""
        off = off or (f"{self.amount.amount} {self.amount.currency} off" if self.amount else "free shipping")
        return f"{off}, from {self.minimum.amount} {self.minimum.currency}" if self.minimum else off


class CodeWanted(Struct, frozen=True, kw_only=True):
    """One code that a shop is to make, for one use by one customer, as far as the shop knows them.

    `ends_at` is whole seconds; `None`: it has no end.
    """

    code: str
    title: str
    rule: CouponRule
    begins_at: datetime
    ends_at: datetime | None = None
    email: str = ""
    customer_id: str = ""

    @property
    def account(self) -> int:
        """The shop's number of the customer; 0 if it has none."""
        known = self.customer_id.rpartition("/")[2]  # Shopify's may be gid://shopify/Customer/207119551
        return int(known) if known.isascii() and known.isdigit() and len(known) < 20 else 0


def code_of(call_id: str, secret: bytes, prefix: str) -> str:
    """The code of an effect: the same one each time, and nobody without the secret can guess it."""
    number = int.from_bytes(hmac.digest(secret, call_id.encode(), sha256)[:8])
    letters = "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(_LENGTH))
    return "-".join(filter(None, (prefix, letters[:5], letters[5:])))
