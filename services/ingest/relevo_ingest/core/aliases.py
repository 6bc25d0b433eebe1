"""The names under which a person or a product appears, and the opaque key that stands for all of them.

A refund names an order, a cart only its token, an unsubscribe only an address: each must meet the same key as
the customer's other events, since a key's events are in order on one partition and belong to one engine.
"""

import re
from collections.abc import Hashable
from enum import IntEnum
from functools import lru_cache

from msgspec import Struct

from relevo_contracts.keys import LONGEST_NAME, PRODUCT_PREFIX, address_alias, customer_key, product_key
from relevo_contracts.payloads import Buyer, Payload


class Kind(IntEnum):
    """Kinds of alias, strongest first. The numbers are stored: add, never renumber (`adapters/identity.sql`)."""

    CUSTOMER = 0
    EMAIL = 1
    PHONE = 2
    SUBSCRIPTION = 3
    ORDER = 4
    CHECKOUT = 5
    CART = 6
    ANONYMOUS = 7
    ACCOUNT = 8
    PRODUCT = 10
    INVENTORY = 11
    SKU = 12

    __hash__ = int.__hash__  # every alias is hashed by it, again and again: the enum's own is a Python function


_LABELS = {kind: kind.name.lower() for kind in Kind}
_HASHED = frozenset((Kind.EMAIL, Kind.PHONE))


class Alias(Struct, frozen=True, cache_hash=True):
    """One name of a person or a product within a shop. Addresses and numbers are stored as a hash only."""

    kind: Kind
    name: str


class Person(Struct, frozen=True, cache_hash=True):
    """An event about a person, by all the names that the event gives, strongest first."""

    aliases: tuple[Alias, ...]


class Product(Struct, frozen=True):
    """An event about a product. `product_id` may be empty: then an inventory item or SKU leads to it, once known."""

    product_id: str
    inventory_items: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()


class WholeShop(Struct, frozen=True):
    """An event about the shop itself."""


class KnownKey(Struct, frozen=True):
    """An event whose key is known already (a signed link carries it)."""

    key: str


Subject = Person | Product | WholeShop | KnownKey


class Lookup(Struct, frozen=True):
    """Whose key is it? `aliases` are all names that the event gives, strongest first; there is at least one."""

    shop: str
    aliases: tuple[Alias, ...]


class Visitor(Struct, frozen=True):
    """What the name of a browser leads to. `owned`: to a person whose id, address, number or order is known."""

    key: str
    owned: bool


def alias(kind: Kind, name: str) -> Alias:
    """The stored form of a name: `customer:123`, `email:<hash>`; names that are too long are hashed too."""
    if kind in _HASHED or len(name) > LONGEST_NAME:
        return Alias(kind, address_alias(_LABELS[kind], name))
    return Alias(kind, f"{_LABELS[kind]}:{name}")


_SHA256 = re.compile(r"[0-9a-f]{64}")


def hashed_email(digest: str) -> Alias | None:
    """The alias of the address whose SHA-256 in hex this is: the same as the address itself has."""
    known = digest.strip().lower()
    return Alias(Kind.EMAIL, f"email:{known[:32]}") if _SHA256.fullmatch(known) else None


def person(payload: Payload) -> Person:
    """Everything in `payload` that names its person.

    The event's `contact` does not: news of an order may go to somebody else. A company account is not a person; its
    events have a key of their own where they name nobody.
    """
    buyer: Buyer = getattr(payload, "customer", None) or Buyer()
    found = named(buyer, payload)
    if not found and buyer.account_id:
        found = (alias(Kind.ACCOUNT, buyer.account_id),)
    return Person(found)


_REMEMBERED = 512
_NAMING = (
    (Kind.SUBSCRIPTION, "subscription_id"),
    (Kind.ORDER, "order_id"),
    (Kind.CHECKOUT, "checkout_token"),
    (Kind.CART, "cart_token"),
)


@lru_cache(_REMEMBERED)  # shops declare types, and change them
def _naming(payload: Hashable) -> tuple[tuple[Kind, str], ...]:
    """The fields of an event that name its person, in the order of their kinds."""
    fields = getattr(payload, "__struct_fields__", ())
    return tuple((kind, field) for kind, field in _NAMING if field in fields)


def named(buyer: Buyer, payload: Payload | None = None) -> tuple[Alias, ...]:
    """The names of a person that a buyer and its event give, strongest first."""
    found = []
    if buyer.id:
        found.append(alias(Kind.CUSTOMER, buyer.id))
    if buyer.email:
        found.append(alias(Kind.EMAIL, buyer.email))
    if buyer.phone:
        found.append(alias(Kind.PHONE, buyer.phone))
    for kind, field in _naming(type(payload)):  # type: ignore[arg-type]  # a type is hashable
        if name := getattr(payload, field):
            found.append(alias(kind, name))
    if buyer.anonymous_id:
        found.append(alias(Kind.ANONYMOUS, buyer.anonymous_id))
    if not buyer.email and buyer.email_hash and (hashed := hashed_email(buyer.email_hash)):
        found.append(hashed)
        found.sort(key=lambda one: one.kind)
    return tuple(found)


def product_aliases(product: Product) -> tuple[Alias, ...]:
    """The aliases of a product: its own id first, then its inventory items, then its SKUs."""
    own = (alias(Kind.PRODUCT, product.product_id),) if product.product_id else ()
    items = tuple(alias(Kind.INVENTORY, item) for item in product.inventory_items)
    return own + items + tuple(alias(Kind.SKU, sku) for sku in product.skus)


def new_key(shop: str, aliases: tuple[Alias, ...]) -> str:
    """The key that a person or product gets if none of its names is known: made from the strongest name.

    A product's key holds its id, so that an inventory item that leads to the key leads to the product too.
    """
    strongest = aliases[0]
    if strongest.kind is Kind.PRODUCT:
        return product_key(strongest.name.partition(":")[2])
    if strongest.kind in (Kind.INVENTORY, Kind.SKU):
        return f"{PRODUCT_PREFIX}{strongest.kind.name.lower()}-{strongest.name.partition(':')[2]}"
    return customer_key(shop, strongest.name)


def product_id_of(key: str) -> str:
    """The product id in a product's key; empty if only an inventory item or a SKU is known."""
    name = key.removeprefix(PRODUCT_PREFIX)
    return "" if name.startswith(("inventory-", "sku-")) else name
