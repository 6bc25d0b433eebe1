"""What a shop's fields may be: `relevo shops` and `relevo connect` refuse what can't be right, with advice."""

import re
import zoneinfo
from collections.abc import Callable
from typing import Any

from relevo_cli.errors import CommandError
from relevo_contracts.languages import language
from relevo_contracts.mailboxes import read_mailbox
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_runtime.catalog import Secret, Shop

CUSTOM = "custom"
"""A shop without webhooks of its own, whose systems send CloudEvents."""
PLATFORMS = (*CONNECTORS, CUSTOM)
SHORTEST = 8
"""The fewest characters of a secret and of a token."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|[0-9]{3}))?")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]")
_HOST = re.compile(r"[^\W_]([\w-]*[^\W_])?(\.[^\W_]([\w-]*[^\W_])?)+\.?")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def check_shop(shop: Shop, before: Shop | None = None) -> None:
    """Raises `CommandError` if a field cannot be right; of a shop that was known `before`, one that it changes.

    An old flaw, from a release that let it pass, must not keep anybody from mending something else.
    """
    for field, find in _FAULTS.items():
        if before is None or getattr(shop, field) != getattr(before, field):
            fault = find(getattr(shop, field))
            if fault:
                raise CommandError(fault)


def check_name(name: str) -> None:
    """Raises `CommandError` if no shop can have this name."""
    if fault := _wrong_name(name):
        raise CommandError(fault)


def check_platform(platform: str) -> None:
    """Raises `CommandError` if there is no such platform."""
    if fault := _wrong_platform(platform):
        raise CommandError(fault)


def _wrong_name(value: str) -> str:
    right = _NAME.fullmatch(value)
    return (
        ""
        if right
        else f"{value!r} is not a valid name for a shop: use lower-case letters, digits, - and _ (at most 63)"
    )


def _wrong_platform(value: str) -> str:
    right = value in PLATFORMS
    return "" if right else f"platform {value!r} is not supported; use one of: {', '.join(PLATFORMS)}"


def _wrong_domain(value: str) -> str:
    right = not value or _HOST.fullmatch(value)
    return "" if right else f"domain {value!r} is not a host name such as tea.myshopify.com: no https://, no path"


def _wrong_timezone(value: str) -> str:
    right = value in zoneinfo.available_timezones()
    return "" if right else f"timezone {value!r} does not exist; use an IANA name such as Europe/Madrid"


def _wrong_currency(value: str) -> str:
    return "" if re.fullmatch(r"[A-Z]{3}", value) else f"currency {value!r} is not an ISO 4217 code such as EUR"


def _wrong_secrets(value: list[Secret]) -> str:
    """Of those that stay: one that ends soon is what a rotation gets rid of."""
    short = any(len(secret.value) < SHORTEST for secret in value if secret.until is None)
    return f"the secret needs at least {SHORTEST} characters: a short one can be guessed" if short else ""


def _wrong_locale(value: str) -> str:
    right = _LANGUAGE.fullmatch(value) and language(value)
    return "" if right else f"locale {value!r} is not a language such as en or es-ES"


def _wrong_sender(value: str) -> str:
    right = not value or _ADDRESS.fullmatch(read_mailbox(value)[1])
    return "" if right else f"sender {value!r} has no e-mail address; write Name <address>, or the address"


def _wrong_number(value: str) -> str:
    return "" if not value or _PHONE.fullmatch(value) else f"SMS sender {value!r} is not a number such as +12025550123"


def _wrong_quiet_hours(value: str) -> str:
    right = not value or (_HOURS.fullmatch(value) and value[:5] != value[6:])
    return "" if right else f"quiet hours {value!r} are not two times of a day such as 21:00-08:00, or none"


_FAULTS: dict[str, Callable[[Any], str]] = {
    "shop": _wrong_name,
    "platform": _wrong_platform,
    "domain": _wrong_domain,
    "timezone": _wrong_timezone,
    "currency": _wrong_currency,
    "secrets": _wrong_secrets,
    "locale": _wrong_locale,
    "email_from": _wrong_sender,
    "sms_from": _wrong_number,
    "quiet_hours": _wrong_quiet_hours,
}
"""What is wrong with a field of a shop, and what would be right; empty if nothing is."""
