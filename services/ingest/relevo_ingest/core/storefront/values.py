"""Single values of what a browser sent, each in its canonical form or absent: nothing else of them is believed."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from relevo_contracts.payloads import EventContact
from relevo_contracts.storefront import VISIT_PARAMETER
from relevo_ingest.core import normalise
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import optional_money
from relevo_ingest.core.notes import note
from relevo_ingest.core.redaction import redact

_VISITOR = re.compile(r"[A-Za-z0-9_-]{16,64}")
_LONGEST_URL = 2_000
_LONGEST_NAME = 60
_MONEY_FIELDS = frozenset(("amount", "currency"))
# What a mail program may take for an address, and underline: a dot between letters, a scheme, an at sign.
_LINK_LIKE = re.compile(r"(?<=\w)([.@])(?=[^\W\d_])|(?<=\w)(:)(?=//)")


def visitor_id(given: Any) -> str:
    """The random id of a browser; empty if it could be guessed, or is not one."""
    return given if isinstance(given, str) and _VISITOR.fullmatch(given) else ""


def tidied(value: Any, currency: str) -> Any:
    """The same JSON with each amount as it is written canonically, or absent; floats and any case of currency do."""
    if isinstance(value, dict):
        if value.keys() == _MONEY_FIELDS or value.keys() == {"amount"}:
            return _amount(value, currency)
        return {name: tidied(item, currency) for name, item in value.items()}
    return [tidied(item, currency) for item in value] if isinstance(value, list) else value


def _amount(value: Mapping[str, Any], currency: str) -> dict[str, str] | None:
    code = value.get("currency") or currency
    return amount(value["amount"], code if isinstance(code, str) else "")


def amount(given: Any, currency: str) -> dict[str, str] | None:
    """An amount as it travels; `None` if it can't be one."""
    plain = given if isinstance(given, str | int | float) and not isinstance(given, bool) else None
    if isinstance(plain, float) and not abs(plain) < 1e15:  # beyond, and for NaN, it is not a price
        plain = None
    found = optional_money(plain, currency.strip().upper(), "amount")
    return msgspec.to_builtins(found) if found else None


class Pages:
    """The pages of one shop: what an address in an event may lead to. `is_at` says whether a host is the shop's."""

    def __init__(self, is_at: Callable[[str], bool]) -> None:
        self._is_at = is_at

    def own(self, url: str) -> str:
        """`url` if it leads to a page of the shop, as it is but for the proof of a visit; else empty.

        It ends in messages of the shop, which must not lead anywhere else by the wish of a browser.
        """
        return _without_proof(url) if self._is_at(_host(url)) else ""

    def looked_at(self, url: str) -> str:
        """`url` if it leads to a page of the shop, also without what is secret in it."""
        found: str = redact(self.own(url))
        return found

    def any(self, url: str) -> str:
        """`url` without secrets if it is a web address, anybody's: for what is never led to."""
        found: str = redact(_without_proof(url)) if _host(url) else ""
        return found


def _host(url: str) -> str:
    try:
        parts = urlsplit(url if len(url) <= _LONGEST_URL else "")
        return (parts.hostname or "").lower() if parts.scheme in ("http", "https") and not parts.username else ""
    except ValueError:
        return ""


def _without_proof(url: str) -> str:
    parts = urlsplit(url)
    if f"{VISIT_PARAMETER}=" not in parts.query:
        return url
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != VISIT_PARAMETER]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def contact(data: Mapping[str, Any], locale: str) -> EventContact | None:
    """The address that a visitor typed, and nothing that it could agree to. Raises `InvalidPayload` for a wrong one.

    It may be anybody's. A name beside it is shown to whoever has the address, so it can't be a message to them.
    """
    given = data.get("email")
    if given in (None, ""):
        return None
    address = normalise.email(given) if isinstance(given, str) else ""
    if not address:
        raise InvalidPayload("data.email", "is not an e-mail address")
    name = data.get("first_name")
    language = data.get("locale")
    return EventContact(
        email=address,
        first_name=harmless(name, _LONGEST_NAME) if isinstance(name, str) else "",
        locale=normalise.locale(language if isinstance(language, str) and language else locale),
    )


def harmless(text: str, limit: int = 200) -> str:
    """A text that a stranger may have the shop send to an address: short, in one line, with nothing to click."""
    line = " ".join(normalise.text(text, limit).split())
    return _LINK_LIKE.sub(lambda found: f"{found[1] or found[2]} ", line)


def answers(given: Any) -> dict[str, Any]:
    """The answers of a form: of several choices one text."""
    if not isinstance(given, dict):
        if given is not None:
            note("data.fields", "is not an object; it was left out")
        return {}
    return {name: ", ".join(map(str, item)) if isinstance(item, list) else item for name, item in given.items()}
