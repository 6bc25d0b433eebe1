"""Finds a person by a name that people know: e-mail address, phone number, the shop's ids, or the key itself."""

from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import CUSTOMER_PREFIX, Alias, Kind, alias
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "finding.sql")


async def key_of_person(connection: Connection, shop: str, name: str) -> str | None:
    """The key of the person that `name` means in `shop`; `None` if nothing of that name was ever heard of."""
    if name.startswith(CUSTOMER_PREFIX):
        return name
    asked = [one.name for one in possible_aliases(name)]
    key: str | None = await connection.fetchval(STATEMENTS["key_of_alias"], shop, asked)
    return key


def possible_aliases(name: str) -> list[Alias]:
    """What `name` may be, the likeliest first, in the form in which ingest stores it."""
    text = name.strip()
    if "@" in text:
        return [alias(Kind.EMAIL, normalise.email(text) or text)]
    phone = normalise.phone(text, "") if text.startswith("+") else ""
    found = [alias(Kind.PHONE, phone)] if phone else []
    return [*found, *(alias(kind, text) for kind in (Kind.CUSTOMER, Kind.ORDER, Kind.SUBSCRIPTION, Kind.CHECKOUT))]
