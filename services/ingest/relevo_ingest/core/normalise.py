"""One form for each fact about a person: the same address, number or language always looks the same."""

import hashlib
import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from relevo_contracts import languages, zones
from relevo_contracts.text import clean, mail_text, phone_text
from relevo_ingest.core.e164 import plainly_valid

_FORBIDDEN = r"\s@\"<>(),:;\\\[\]\x00-\x1f\x7f-\x9f"
_EMAIL = re.compile(rf"^[^{_FORBIDDEN}]{{1,64}}@(?:[^{_FORBIDDEN}.]{{1,63}}\.)+[^{_FORBIDDEN}.]{{2,63}}$")
_REMEMBERED = 4096
_LONGEST_WRITTEN = 640
"""Of an address or a number, with all around it; what is longer is neither (`mail_text`, `phone_text`)."""
_DIGITS = re.compile(r"^\+?[\d\s().\-/]{5,30}$", re.ASCII)

text = clean
locale = languages.language
country = languages.country
timezone = zones.zone_name


def email(value: str | None) -> str:
    """The address in lower case; empty if it can't be one. Whether it takes mail is the notifier's to find out."""
    return _address(value) if value and len(value) <= _LONGEST_WRITTEN else ""


@lru_cache(_REMEMBERED)
def _address(written: str) -> str:
    """The address that is written so. Remembered: it stands twice in most messages, and in the next ones again."""
    address = mail_text(written)
    return address if len(address) <= 254 and _EMAIL.match(address) else ""


def phone(value: str | None, region: str) -> str:
    """E.164 (`+12025550123`); `region` (ISO 3166-1) tells the country of a national number. Empty if it is none."""
    return _number(value, region) if value and len(value) <= _LONGEST_WRITTEN else ""


@lru_cache(_REMEMBERED)
def _number(value: str, region: str) -> str:
    """The number that is written so. Remembered: a number stands in most of its customer's messages, often twice."""
    written = phone_text(value)
    if not _DIGITS.match(written):
        return ""
    if plain := plainly_valid(written, region):
        return plain
    try:
        number = phonenumbers.parse(written, region or None)
    except NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def region_of(locale_text: str) -> str:
    """The country that a locale names (`ES` of `es-ES`), as a hint for national phone numbers."""
    last = locale_text.rpartition("-")[2]
    return country(last) if "-" in locale_text else ""


def digest(value: str) -> str:
    """A stable name for a text that is too long, or too odd, to be a name itself: 40 hex digits."""
    return hashlib.sha256(value.encode()).hexdigest()[:40]
