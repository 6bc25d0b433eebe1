"""What messages cost: by provider or channel, by shop, and by the country of a number. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from relevo_contracts.contact import Channel

TOLD = "price"
"""In the details of an outcome: what a provider says that the message costs, without the currency."""
COST = "cost"
"""In the details of an outcome: what the message costs, such as `0.158 USD`."""
_AS_TOLD = "told"
_SHAPE = "write CHANNEL=0.0004 USD, PROVIDER+34=0.075 EUR, SHOP/PROVIDER=0.01 USD, or PROVIDER=told EUR"
_NAME = re.compile(r"(?:(?P<shop>[^/]+)/)?(?P<sender>[a-z]+)(?P<prefix>\+[1-9][0-9]{0,14})?")
_AMOUNT = re.compile(r"(?P<amount>[0-9]{1,6}(?:\.[0-9]{1,8})?|told) (?P<currency>[A-Z]{3})")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,12})?")


class Price(Struct, frozen=True):
    """What a message costs by a provider or channel, of an SMS each segment; `None`: what the provider tells.

    It is that of one `shop`, and of numbers that begin with `prefix`, where these are not empty.
    """

    sender: str
    amount: Decimal | None
    currency: str
    shop: str = ""
    prefix: str = ""

    def concerns(self, shop: str, senders: Collection[str], recipient: str) -> bool:
        """Whether it is the price of such a message."""
        return self.sender in senders and self.shop in ("", shop) and recipient.startswith(self.prefix)


class Prices(Struct, frozen=True):
    """All prices, those that say most first: of a shop, of a provider before its channel, of the longest prefix."""

    of: tuple[Price, ...] = ()

    @classmethod
    def parse(cls, text: str, channels: Mapping[str, Channel]) -> "Prices":
        """From `email=0.0004 USD, twilio+34=0.075 USD, vonage=told EUR`.

        `channels` has every provider. Raises `ValueError`, which says what is wrong and what would be right.
        """
        found = {
            (one.shop, one.sender, one.prefix): one
            for one in (_price(part.strip(), channels) for part in text.split(",") if part.strip())
        }
        says_most = sorted(
            found.values(), key=lambda one: (bool(one.shop), one.sender in channels, len(one.prefix)), reverse=True
        )
        return cls(tuple(says_most))

    def cost(self, shop: str, senders: Sequence[str], recipient: str, *, segments: int = 1, told: str = "") -> str:
        """What a message costs, such as `0.158 USD`; empty: nobody knows. `senders` are its provider and channel."""
        for one in self.of:
            if not one.concerns(shop, senders, recipient):
                continue
            if one.amount is not None:
                return f"{one.amount * segments:f} {one.currency}"
            if _NUMBER.fullmatch(told):
                return f"{told} {one.currency}"
        return ""


def _price(part: str, channels: Mapping[str, Channel]) -> Price:
    left, _, right = (piece.strip() for piece in part.partition("="))
    name, amount = _NAME.fullmatch(left), _AMOUNT.fullmatch(right)
    senders = {*channels, *channels.values()}
    if name is None or name["sender"] not in senders:
        raise ValueError(
            f"{part!r} does not name a channel or a provider, one of {', '.join(sorted(senders))}: {_SHAPE}"
        )
    if amount is None:
        raise ValueError(f"{part!r}: {right!r} is not an amount with its currency: {_SHAPE}")
    number = None if amount["amount"] == _AS_TOLD else Decimal(amount["amount"])
    return Price(name["sender"], number, amount["currency"], (name["shop"] or "").strip(), name["prefix"] or "")
