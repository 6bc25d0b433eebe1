"""How the text of a cell is read: numbers, amounts, dates, times, yes and no. Raises `ValueError` with the reason."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Literal

from msgspec import Struct

from relevo_ingest.core.imports.fields import Type
from relevo_ingest.core.times import to_utc

Decimal = Literal["point", "comma"]
_SHOWN = 40
_NO_DATE = ("0000-00-00", "00.00.0000", "00/00/0000")
_TRUE = frozenset(("true", "yes", "y", "1", "on", "x"))
_FALSE = frozenset(("false", "no", "n", "0", "off"))
_POINT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+", re.ASCII)
_COMMA = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?|-?,\d+", re.ASCII)
_AROUND = re.compile(r"^[^\d,.\-]+|[^\d,.\-]+$", re.ASCII)
_BEFORE_ZONE = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")


class Format(Struct, frozen=True):
    """How the values of a column are written. `dates` are patterns of `strptime`; without them ISO 8601 is read.

    A time without a zone is one of `zone`. `words` are texts with what they mean, in lower case.
    """

    zone: tzinfo = UTC
    dates: tuple[str, ...] = ()
    decimal: Decimal = "point"
    separator: str = ","
    words: Mapping[str, Any] = {}


def read(given: Any, wanted: Type, how: Format) -> Any:
    """The value that a cell means; `None` if it says nothing. Raises `ValueError` with what is wrong with it."""
    if given is None or given == "":
        return None
    if isinstance(given, str):
        given = given.strip()
        if how.words:
            given = how.words.get(given.casefold(), given)
    if given is None or given == "":
        return None
    return _READERS[wanted](given, how)


def _text(given: Any, how: Format) -> Any:
    if isinstance(given, str):
        return given
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int | float):
        return str(given)
    raise ValueError("is not a text")


def _free(given: Any, how: Format) -> Any:
    return given


def _number_text(given: Any, how: Format) -> str:
    """`1.234,50 €` or `1,234.50` as `1234.50`, by the decimal sign that the file has."""
    text = _AROUND.sub("", str(_text(given, how)))
    if isinstance(given, int | float) or _PLAIN.fullmatch(text):
        return text
    pattern, between = (_COMMA, ".") if how.decimal == "comma" else (_POINT, ",")
    if pattern.fullmatch(text) is None:
        hint = "; is the decimal sign a comma? Say `decimal: comma`" if "," in text else ""
        raise ValueError(f"{str(given)[:_SHOWN]!r} is not a number{hint}")
    return text.replace(between, "").replace(",", ".")


_PLAIN = re.compile(r"-?\d+", re.ASCII)


def _integer(given: Any, how: Format) -> Any:
    text = _number_text(given, how)
    whole, _, part = text.partition(".")
    if part.strip("0") or len(whole) > 18 or not _PLAIN.fullmatch(whole):
        raise ValueError(f"{str(given)[:_SHOWN]!r} is not a whole number")
    return int(whole)


def _number(given: Any, how: Format) -> Any:
    text = _number_text(given, how)
    try:
        return _integer(given, how)
    except ValueError:
        return float(text)


def _boolean(given: Any, how: Format) -> Any:
    word = str(given).casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(f"{str(given)[:_SHOWN]!r} is neither yes nor no; say what it means under `values`")


def _list(given: Any, how: Format) -> Any:
    if isinstance(given, list):
        return [_text(one, how) for one in given]
    return [one for part in str(_text(given, how)).split(how.separator) if (one := part.strip())]


def _date(given: Any, how: Format) -> date | None:
    text = str(_text(given, how))
    if text.startswith(_NO_DATE):
        return None
    found = _by_patterns(text, how.dates)
    try:
        return (found or datetime.fromisoformat(text)).date()
    except ValueError:
        raise ValueError(_not(text, "a date", how.dates or ("2026-03-31",))) from None


def _time(given: Any, how: Format) -> datetime | None:
    text = str(_text(given, how))
    if text.startswith(_NO_DATE):
        return None
    found = _by_patterns(text, how.dates)
    try:
        instant = found or datetime.fromisoformat(_BEFORE_ZONE.sub("", text.removesuffix(" UTC")))
    except ValueError:
        raise ValueError(_not(text, "a time", how.dates or ("2026-03-31T12:30:00Z",))) from None
    return to_utc(instant.replace(tzinfo=how.zone) if instant.tzinfo is None else instant)


def _by_patterns(text: str, patterns: Sequence[str]) -> datetime | None:
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller gives it its zone
        except ValueError:
            continue
    return None


def _not(text: str, what: str, forms: Sequence[str]) -> str:
    return f"{text[:_SHOWN]!r} is not {what} of the form {' or '.join(forms)}; another form is said by `date`"


_READERS: dict[Type, Callable[[Any, Format], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "amount": _number_text,
    "date": _date,
    "time": _time,
    "list": _list,
    "free": _free,
}
