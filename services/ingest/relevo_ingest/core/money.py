"""Money as decimal text with its currency; what can't be a price is refused with the reason."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from relevo_contracts.currencies import decimals
from relevo_contracts.payloads import Money
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import note

Amount = str | int | float

_DECIMAL = re.compile(r"-?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})", re.ASCII)
_USUAL = re.compile(r"(?:0|[1-9]\d{0,11})\.\d\d", re.ASCII)
_USUAL_DECIMALS = 2
_USUAL_LENGTH = 15  # of what `_USUAL` matches, at most
_REMEMBERED = 4096
_CURRENCY = re.compile(r"[A-Z]{3}")
_CODE_LENGTH = 3
_WHOLE_DIGITS = 12  # a price of a billion is plausible in VND or IDR, one of a trillion is not
_PART_DIGITS = 6
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)
_SMALLEST = Decimal(1).scaleb(-_PART_DIGITS)


def money(amount: Amount | None, currency: str, where: str, *, absolute: bool = False) -> Money | None:
    """`amount` with `currency`, or `None` if there is none that can be read: then a note says why, naming `where`.

    `absolute`: the amount is a discount or a refund, which some shops write with a minus sign.
    """
    if (plain := as_written(amount, currency)) is not None:
        return plain
    try:
        return required_money(amount, currency, where, absolute=absolute) if amount not in (None, "") else None
    except InvalidPayload as error:
        note(error.where, f"{error.problem}; it was left out")
        return None


def as_written(amount: Amount | None, currency: str) -> Money | None:
    """The amount if it is written as nearly all are (`12.50` and `EUR`); `None` says nothing of it.

    A shop's prices come again and again: each is looked at once.
    """
    if isinstance(amount, str) and len(amount) <= _USUAL_LENGTH and len(currency) == _CODE_LENGTH:
        return _as_written(amount, currency)
    return None


@lru_cache(_REMEMBERED)
def _as_written(amount: str, currency: str) -> Money | None:
    if _USUAL.fullmatch(amount) and _CURRENCY.fullmatch(currency) and decimals(currency) >= _USUAL_DECIMALS:
        return Money(amount=amount, currency=currency)
    return None


def required_money(amount: Amount | None, currency: str, where: str, *, absolute: bool = False) -> Money:
    """`amount` with `currency`. Raises `InvalidPayload`, naming `where`, if it is missing or can't be read."""
    if amount is None or amount == "":
        raise InvalidPayload(where, "is missing: the amount is needed")
    code = currency_code(currency, where)
    return Money(amount=amount_text(amount, where, currency=code, absolute=absolute), currency=code)


def amount_text(amount: Amount, where: str, *, currency: str = "", absolute: bool = False) -> str:
    """Decimal text of an amount that is not negative and has a plausible size. Raises `InvalidPayload`.

    It has at most six decimals (a float's noise is rounded away), and behind those of its currency no zeros. A comma is
    refused: `1,234` is more than a thousand in one country and little more than one in another.
    """
    if isinstance(amount, str) and _USUAL.fullmatch(amount) and decimals(currency) >= _USUAL_DECIMALS:
        return amount  # nearly always: it is written so already
    text = amount.strip() if isinstance(amount, str) else format(Decimal(str(amount)), "f")
    if _DECIMAL.fullmatch(text) is None:
        raise InvalidPayload(where, f"{text[:40]!r} is not a decimal number")
    number = Decimal(text)
    if absolute:
        number = abs(number)
    if number < 0:
        raise InvalidPayload(where, f"the amount {text[:40]} is negative")
    if number >= 10**_WHOLE_DIGITS:
        raise InvalidPayload(where, f"the amount {text[:40]} is not plausible: it has more than 12 digits")
    return _plain(number, decimals(currency))


def _plain(number: Decimal, places: int) -> str:
    """`number`, not negative, without zeros behind the decimals of its currency."""
    if -int(number.as_tuple().exponent) > _PART_DIGITS:
        number = number.quantize(_SMALLEST, context=_EXACT)
    whole, _, part = format(abs(number), "f").partition(".")
    part = part[:places] + part[places:].rstrip("0")
    return f"{whole}.{part}" if part else whole


def currency_code(currency: str, where: str) -> str:
    """An ISO 4217 code in capitals. Raises `InvalidPayload` if it is none."""
    if _CURRENCY.fullmatch(currency) is not None:
        return currency
    code = currency.strip().upper()
    if _CURRENCY.fullmatch(code) is None:
        raise InvalidPayload(where, f"{currency[:10]!r} is not a currency: three letters as in ISO 4217 are needed")
    return code


def add(amounts: list[Money]) -> Money | None:
    """The sum, if there is anything to add and all is in one currency."""
    if not amounts or len({amount.currency for amount in amounts}) > 1:
        return None
    total = sum((Decimal(amount.amount) for amount in amounts), Decimal(0))
    return Money(amount=format(total, "f"), currency=amounts[0].currency)
