"""Money as decimal text with its currency; what can't be a price is refused with the reason."""

import re
from decimal import Decimal

from relevo_contracts.payloads import Money
from relevo_ingest.core.errors import InvalidPayload

Amount = str | int | float

_DECIMAL = re.compile(r"^(?P<sign>-?)(?P<whole>\d{1,40})(?:\.(?P<part>\d{0,40}))?$", re.ASCII)
_CURRENCY = re.compile(r"^[A-Z]{3}$")
_WHOLE_DIGITS = 12  # a price of a billion is plausible in VND or IDR, one of a trillion is not
_PART_DIGITS = 6


def money(amount: Amount | None, currency: str, where: str) -> Money | None:
    """`amount` with `currency`, or `None` if there is no amount. Raises `InvalidPayload`, naming `where`."""
    if amount is None or amount == "":
        return None
    return Money(amount=amount_text(amount, where), currency=currency_code(currency, where))


def amount_text(amount: Amount, where: str) -> str:
    """Decimal text of an amount that is not negative and has a plausible size. Raises `InvalidPayload`."""
    text = amount.strip() if isinstance(amount, str) else format(Decimal(str(amount)), "f")
    match = _DECIMAL.match(text)
    if match is None:
        raise InvalidPayload(where, f"{text[:40]!r} is not a decimal number")
    part = (match["part"] or "").rstrip("0") if len(match["part"] or "") > _PART_DIGITS else match["part"] or ""
    whole = match["whole"].lstrip("0") or "0"
    if match["sign"] and (whole != "0" or part.strip("0")):
        raise InvalidPayload(where, f"the amount {text[:40]} is negative")
    if len(whole) > _WHOLE_DIGITS or len(part) > _PART_DIGITS:
        raise InvalidPayload(where, f"the amount {text[:40]} is not plausible: at most 12 digits and 6 decimals")
    return f"{whole}.{part}" if part else whole


def currency_code(currency: str, where: str) -> str:
    """An ISO 4217 code in capitals. Raises `InvalidPayload` if it is none."""
    code = currency.strip().upper()
    if not _CURRENCY.match(code):
        raise InvalidPayload(where, f"{currency[:10]!r} is not a currency: three letters as in ISO 4217 are needed")
    return code


def add(amounts: list[Money]) -> Money | None:
    """The sum, if there is anything to add and all is in one currency."""
    if not amounts or len({amount.currency for amount in amounts}) > 1:
        return None
    total = sum((Decimal(amount.amount) for amount in amounts), Decimal(0))
    return Money(amount=format(total, "f"), currency=amounts[0].currency)
