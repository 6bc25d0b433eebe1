"""Finds a person by a name that people know: e-mail address, phone number, the shop's ids, or the key itself."""

from msgspec import Struct

from relevo_contracts.keys import CUSTOMER_PREFIX
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import Alias, Kind, alias
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "lookup.sql")
_ORDER = "order:"


async def key_of_person(connection: Connection, shop: str, name: str) -> str | None:
    """The key of the person that `name` means in `shop`; `None` if nothing of that name was ever heard of."""
    if name.startswith(CUSTOMER_PREFIX) and "@" not in name:
        return name
    asked = [one.name for one in possible_aliases(name)]
    key: str | None = await connection.fetchval(STATEMENTS["key_of_alias"], shop, asked)
    return key


class NamedPerson(Struct, frozen=True):
    """Whom a name means for certain, and what kind of name it is, in words."""

    key: str
    by: str


async def person_named(connection: Connection, shop: str, name: str) -> NamedPerson | None:
    """Whom `name` means and nobody else; `None` if it is not known: what can't be taken back must not guess.

    An e-mail address, a phone number with its country (`+34…`), a customer id, or `order:1001`. Not a key.
    """
    by, certain = _certain_alias(name.strip())
    key: str | None = await connection.fetchval(STATEMENTS["key_of_alias"], shop, [certain.name])
    return None if key is None else NamedPerson(key, by)


async def has_names(connection: Connection, shop: str, key: str) -> bool:
    """Whether any name leads to `key`."""
    found: bool = await connection.fetchval(STATEMENTS["has_names"], shop, key)
    return found


def _certain_alias(text: str) -> tuple[str, Alias]:
    if "@" in text:
        return "e-mail address", alias(Kind.EMAIL, normalise.email(text) or text)
    if text.startswith("+"):
        return "phone number", alias(Kind.PHONE, normalise.phone(text, "") or text)
    if text.startswith(_ORDER):
        return "order", alias(Kind.ORDER, text.removeprefix(_ORDER))
    return "customer id", alias(Kind.CUSTOMER, text)


def possible_aliases(name: str) -> list[Alias]:
    """What `name` may be, the likeliest first, in the form in which ingest stores it."""
    text = name.strip()
    if "@" in text:
        return [alias(Kind.EMAIL, normalise.email(text) or text)]
    phone = normalise.phone(text, "") if text.startswith("+") else ""
    found = [alias(Kind.PHONE, phone)] if phone else []
    return [*found, *(alias(kind, text) for kind in (Kind.CUSTOMER, Kind.ORDER, Kind.SUBSCRIPTION, Kind.CHECKOUT))]
