"""The names under which a person or a product appears, and the opaque key that stands for all of them.

A refund names an order, a cart only its token, an unsubscribe only an address: each must meet the same key as
the customer's other events, since a key's events are in order on one partition and belong to one engine.
"""

import hashlib
from enum import IntEnum

from msgspec import Struct

from relevo_contracts.keys import LONGEST_NAME, PRODUCT_PREFIX, product_key
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
    PRODUCT = 10
    INVENTORY = 11


class Alias(Struct, frozen=True):
    """One name of a person or a product within a shop. Addresses and numbers are stored as a hash only."""

    kind: Kind
    name: str


class Person(Struct, frozen=True):
    """An event about a person, by all the names that the event gives, strongest first."""

    aliases: tuple[Alias, ...]


class Product(Struct, frozen=True):
    """An event about a product. `product_id` may be empty: then the inventory item leads to it, once it is known."""

    product_id: str
    inventory_items: tuple[str, ...] = ()


class WholeShop(Struct, frozen=True):
    """An event about the shop itself."""


class Known(Struct, frozen=True):
    """An event whose key is known already (a signed link carries it)."""

    key: str


Subject = Person | Product | WholeShop | Known


class Lookup(Struct, frozen=True):
    """Whose key is it? `aliases` are all names that the event gives, strongest first; there is at least one."""

    shop: str
    aliases: tuple[Alias, ...]


CUSTOMER_PREFIX = "cus_"


def alias(kind: Kind, name: str) -> Alias:
    """The stored form of a name: `customer:123`, `email:<hash>`; names that are too long are hashed too."""
    label = kind.name.lower()
    if kind in (Kind.EMAIL, Kind.PHONE) or len(name) > LONGEST_NAME:
        return Alias(kind, f"{label}:{hashlib.sha256(name.encode()).hexdigest()[:32]}")
    return Alias(kind, f"{label}:{name}")


def person(payload: Payload) -> Person:
    """Everything in `payload` that names its person."""
    buyer: Buyer = getattr(payload, "customer", None) or Buyer()
    names = (
        (Kind.CUSTOMER, buyer.id),
        (Kind.EMAIL, buyer.email),
        (Kind.PHONE, buyer.phone),
        (Kind.SUBSCRIPTION, getattr(payload, "subscription_id", "")),
        (Kind.ORDER, getattr(payload, "order_id", "")),
        (Kind.CHECKOUT, getattr(payload, "checkout_token", "")),
        (Kind.CART, getattr(payload, "cart_token", "")),
    )
    return Person(tuple(alias(kind, name) for kind, name in names if name))


def product_aliases(product: Product) -> tuple[Alias, ...]:
    """The aliases of a product: its own id first, then its inventory items."""
    own = (alias(Kind.PRODUCT, product.product_id),) if product.product_id else ()
    return own + tuple(alias(Kind.INVENTORY, item) for item in product.inventory_items)


def new_key(shop: str, aliases: tuple[Alias, ...]) -> str:
    """The key that a person or product gets if none of its names is known: made from the strongest name.

    A product's key holds its id, so that an inventory item that leads to the key leads to the product too.
    """
    strongest = aliases[0]
    if strongest.kind is Kind.PRODUCT:
        return product_key(strongest.name.partition(":")[2])
    if strongest.kind is Kind.INVENTORY:
        return f"{PRODUCT_PREFIX}inventory-{strongest.name.partition(':')[2]}"
    return CUSTOMER_PREFIX + hashlib.sha256(f"{shop}\0{strongest.name}".encode()).hexdigest()[:20]


def product_id_of(key: str) -> str:
    """The product id in a product's key; empty if only the inventory item is known."""
    name = key.removeprefix(PRODUCT_PREFIX)
    return "" if name.startswith("inventory-") else name
