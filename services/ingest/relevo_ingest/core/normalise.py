"""One form for each fact about a person: the same address, number or language always looks the same."""

import hashlib
import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_ODD = r"\s@\"<>(),:;\\\[\]\x00-\x1f"
_EMAIL = re.compile(rf"^[^{_ODD}]{{1,64}}@(?:[^{_ODD}.]{{1,63}}\.)+[^{_ODD}.]{{2,63}}$")
_LOCALE = re.compile(
    r"^(?P<language>[A-Za-z]{2,3})(?:[-_](?P<script>[A-Za-z]{4}))?(?:[-_](?P<region>[A-Za-z]{2}|\d{3}))?\b"
)
_DIGITS = re.compile(r"^\+?[\d\s().\-/]{5,30}$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TEXT_LIMIT = 2_000


def text(value: str | None, limit: int = TEXT_LIMIT) -> str:
    """`value` without control characters (no database text may hold NUL), trimmed, at most `limit` characters."""
    if not value:
        return ""
    if not value.isprintable():
        value = _CONTROL.sub("", value)
    return value.strip()[:limit]


def email(value: str | None) -> str:
    """The address in lower case; empty if it can't be one. Whether it takes mail is the notifier's to find out."""
    if not value or len(value) > 254:
        return ""
    address = value.strip().lower()
    return address if _EMAIL.match(address) else ""


def phone(value: str | None, region: str) -> str:
    """E.164 (`+12025550123`); `region` (ISO 3166-1) tells the country of a national number. Empty if it is none."""
    if not value or not _DIGITS.match(value):
        return ""
    try:
        number = phonenumbers.parse(value, region or None)
    except NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def locale(value: str | None) -> str:
    """BCP 47 in its usual writing (`es-ES`, `zh-Hans-CN`); empty if it is none."""
    match = _LOCALE.match(value.strip()) if value else None
    if match is None:
        return ""
    script, region = match["script"] or "", match["region"] or ""
    return "-".join(filter(None, (match["language"].lower(), script.capitalize(), region.upper())))


def country(value: str | None) -> str:
    """ISO 3166-1 alpha-2 in capitals; empty if it is none."""
    code = (value or "").strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


def region_of(locale_text: str) -> str:
    """The country that a locale names (`ES` of `es-ES`), as a hint for national phone numbers."""
    last = locale_text.rpartition("-")[2]
    return country(last) if "-" in locale_text else ""


def digest(value: str) -> str:
    """A stable name for a text that is too long, or too odd, to be a name itself: 40 hex digits."""
    return hashlib.sha256(value.encode()).hexdigest()[:40]
