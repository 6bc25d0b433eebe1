"""Money, dates and times as people of a locale write them; also the Liquid filters of these names."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal

WIDTHS = ("short", "medium", "long", "full")


class Formats:
    """The formats of one locale (BCP 47) and zone (IANA name). Unknown ones fall back to `en` and UTC."""

    def __init__(self, locale: str, zone: str) -> None:
        self._locale = _locale(locale)
        self._zone = _zone(zone)
        # The same prices come again and again, and the layout of an amount costs more than all else of a short text.
        self._amount = lru_cache(maxsize=5000)(self._format_amount)

    def money(self, value: Any) -> str:
        """`{"amount": "12.50", "currency": "EUR"}` as `12,50 €`; nothing for nothing. Raises `ValueError`."""
        if not value:
            return ""
        try:
            return self._amount(str(value["amount"]), str(value["currency"]))
        except (KeyError, TypeError, InvalidOperation):
            raise ValueError(f"not an amount of money: {str(value)[:80]!r}; it needs amount and currency") from None

    def number(self, value: Any) -> str:
        """A number with the locale's separators. Raises `ValueError`."""
        if value is None or value == "":
            return ""
        try:
            return format_decimal(Decimal(str(value)), locale=self._locale)
        except InvalidOperation:
            raise ValueError(f"not a number: {str(value)[:80]!r}") from None

    def date(self, value: Any, form: str = "long") -> str:
        """An instant or a day: short, medium, long, full, or a skeleton of CLDR (`MMMMd`). Raises `ValueError`."""
        moment = self._moment(value)
        if moment is None:
            return ""
        if form in WIDTHS:
            return format_date(moment, form, locale=self._locale)
        try:
            return str(format_skeleton(form, moment, locale=self._locale))
        except KeyError:
            raise ValueError(f"unknown form of date {form!r}: use {', '.join(WIDTHS)} or a CLDR skeleton") from None

    def time(self, value: Any, form: str = "short") -> str:
        """The time of day of an instant; nothing for a mere day. Raises `ValueError`."""
        moment = self._moment(value)
        if not isinstance(moment, dt.datetime):
            return ""
        return format_time(moment, form, locale=self._locale)

    def filters(self) -> dict[str, Callable[..., str]]:
        """The Liquid filters of this locale."""
        return {"money": self.money, "number": self.number, "date": self.date, "time": self.time}

    def _format_amount(self, amount: str, currency: str) -> str:
        return format_currency(Decimal(amount), currency, locale=self._locale)

    def _moment(self, value: Any) -> dt.datetime | dt.date | None:
        if not value:
            return None
        text = str(value)
        try:
            if len(text) == 10:
                return dt.date.fromisoformat(text)
            return dt.datetime.fromisoformat(text).astimezone(self._zone)
        except ValueError:
            raise ValueError(f"not a date or an instant: {text[:80]!r}") from None


def _locale(tag: str) -> Locale:
    for candidate in (tag, tag.split("-", maxsplit=1)[0]):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
