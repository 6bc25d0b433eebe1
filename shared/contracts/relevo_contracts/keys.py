"""Keys of what is not a customer: products and the shop itself. Ingest makes them, workflows wait for their events."""

import hashlib

CUSTOMER_PREFIX = "cus_"
PRODUCT_PREFIX = "prd_"
PRODUCT_EVENTS = "product."
"""How the types of the events begin that have the key of a product."""
SHOP_KEY = "shop"
"""The key of events about the shop itself, and of its calendar."""
LONGEST_NAME = 160
LONGEST_ID = 200
"""Of an event, and of a key."""


def product_key(product_id: str) -> str:
    """The key of a product's events, from the id that the shop gives it. An id that is too long is hashed."""
    short = len(product_id) <= LONGEST_NAME
    return PRODUCT_PREFIX + (product_id if short else hashlib.sha256(product_id.encode()).hexdigest()[:32])


def address_alias(kind: str, address: str) -> str:
    """The name by which an address (`email`) or a number (`phone`) leads to a person: its hash."""
    return f"{kind}:{hashlib.sha256(address.encode()).hexdigest()[:32]}"


def customer_key(shop: str, alias: str) -> str:
    """The key of a person of whom nobody heard before, made from the strongest name."""
    return CUSTOMER_PREFIX + hashlib.sha256(f"{shop}\0{alias}".encode()).hexdigest()[:20]


def is_product(key: str) -> bool:
    """Whether `key` is a product's: others may wait for its events."""
    return key.startswith(PRODUCT_PREFIX)


def is_customer(key: str) -> bool:
    """Whether `key` is neither a product's nor the shop's own."""
    return key != SHOP_KEY and not key.startswith(PRODUCT_PREFIX)


def id_of_copy(event_id: str, key: str) -> str:
    """The id of the copy of an event for another `key`: one for each, the same each time. Hashed if it is too long."""
    name = f"{event_id}/{key}"
    return name if len(name) <= LONGEST_ID else f"copy/{hashlib.sha256(name.encode()).hexdigest()}"
