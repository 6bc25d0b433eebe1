"""Money, numbers, dates and times as people of a locale write them."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal

from relevo_contracts.zones import zone_of
from relevo_templates.characters import printable
from relevo_templates.locales import known_locale

MAPPINGS = (dict, Mapping)
"""For `isinstance`: nearly all are dictionaries, and to ask an abstract class costs ten times as much."""
WIDTHS = ("short", "medium", "long", "full")
_LONGEST = 24  # digits: with the decimals of any currency still within the 28 that decimals reckon with
"""Digits before the point, and zeros behind it. What is longer is not a price, and would make a text without end."""
_SOME_DAY = dt.datetime(2026, 3, 5, 12, 30, tzinfo=dt.UTC)


class Formats:
    """The formats of one locale (BCP 47) and zone (IANA name). Unknown ones fall back to `en` and UTC."""

    def __init__(self, locale: str, zone: str) -> None:
        self._locale = known_locale(locale) or Locale("en")
        self._zone = zone_of(zone)

    def money(self, value: Any, currency: Any = None) -> str:
        """`{"amount": "12.50", "currency": "EUR"}`, or a number with its currency, as `12,50 €`.

        Raises `ValueError`.
        """
        if type(value) is dict and type(amount := value.get("amount")) is str and not currency:
            code = value.get("currency")
            if type(code) is str:
                return _amount(amount, printable(code)[:20].upper(), self._locale)
        if _is_nothing(value):
            return ""
        amount = value.get("amount") if isinstance(value, MAPPINGS) else value if currency else None
        code = currency or (value.get("currency") if isinstance(value, MAPPINGS) else None)
        numeric = isinstance(amount, str | int | float | Decimal) and not isinstance(amount, bool)
        if not (numeric and isinstance(code, str)):
            raise ValueError(f"not an amount of money: {str(value)[:80]!r}; it needs amount and currency")
        return _amount(str(amount), printable(code)[:20].upper(), self._locale)

    def number(self, value: Any) -> str:
        """A number with the locale's separators. Raises `ValueError`."""
        if _is_nothing(value):
            return ""
        return str(format_decimal(number_of(value), locale=self._locale))

    def day(self, at: dt.datetime) -> dt.date:
        """The day of an instant in the zone."""
        return at.astimezone(self._zone).date()

    def date(self, value: Any, form: Any = "long") -> str:
        """An instant or a day: short, medium, long, full, or a skeleton of CLDR (`MMMMd`). Raises `ValueError`."""
        check_date_form(form)
        moment = self._moment(value)
        if moment is None:
            return ""
        if form in WIDTHS:
            return format_date(moment, form, locale=self._locale)
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time(), dt.UTC)
        try:
            return str(format_skeleton(form, moment, moment.tzinfo, locale=self._locale))
        except KeyError:  # a skeleton that CLDR has for English and not for this language
            return format_date(moment, "long", locale=self._locale)

    def time(self, value: Any, form: Any = "short") -> str:
        """The time of day of an instant; nothing for a mere day. Raises `ValueError`."""
        check_time_form(form)
        moment = self._moment(value)
        return format_time(moment, form, locale=self._locale) if isinstance(moment, dt.datetime) else ""

    def _moment(self, value: Any) -> dt.datetime | dt.date | None:
        if _is_nothing(value):
            return None
        try:
            if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
                return value
            text = str(value).strip()
            if not isinstance(value, dt.datetime) and len(text) == 10:
                return dt.date.fromisoformat(text)
            at = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(text)
            return (at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)).astimezone(self._zone)
        except (ValueError, OverflowError):
            raise ValueError(f"not a date or an instant: {str(value)[:80]!r}") from None


@lru_cache(maxsize=1024)
def formats_of(locale: str, zone: str) -> Formats:
    """The formats of a locale and zone, made once."""
    return Formats(locale, zone)


def check_date_form(form: Any) -> None:
    """Raises `ValueError` for what is neither a width nor a skeleton that CLDR has."""
    if not isinstance(form, str) or not (form in WIDTHS or _is_skeleton(form)):
        raise ValueError(f"unknown form of date {str(form)[:40]!r}: use {', '.join(WIDTHS)} or a CLDR skeleton (MMMMd)")


def check_time_form(form: Any) -> None:
    """Raises `ValueError` for what is not a width."""
    if form not in WIDTHS:
        raise ValueError(f"unknown form of time {str(form)[:40]!r}: use {', '.join(WIDTHS)}")


def is_money(value: Any) -> bool:
    """Whether a value has the form of an amount of money."""
    return isinstance(value, MAPPINGS) and value.keys() == {"amount", "currency"}


@lru_cache(maxsize=1024)
def _is_skeleton(form: str) -> bool:
    try:
        return form.isalpha() and bool(format_skeleton(form, _SOME_DAY, locale=Locale("en")))
    except (KeyError, AttributeError, ValueError):
        return False


def _is_nothing(value: Any) -> bool:
    return value is None or value == "" or (not value and not isinstance(value, int | float | Decimal))


# The same prices come again and again, and the layout of an amount costs more than all else of a short text.
@lru_cache(maxsize=20_000)
def _amount(amount: str, currency: str, locale: Locale) -> str:
    return str(format_currency(number_of(amount), currency, locale=locale))


def number_of(value: Any) -> Decimal:
    """The finite number of a size that can be shown and reckoned with. Raises `ValueError` for anything else."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"not a number: {str(value)[:80]!r}") from None
    if not number.is_finite() or abs(number.adjusted()) >= _LONGEST or len(str(value)) > 2 * _LONGEST:
        raise ValueError(f"not a number that can be shown: {str(value)[:80]!r}")
    return number
