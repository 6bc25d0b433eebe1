"""The sample shop on Adobe Commerce: events of Adobe I/O, signed with a key whose public half is fetched."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relevo_cli.sample_shop.bodies import CURRENCY
from relevo_cli.sample_shop.days import scenarios, wire
from relevo_cli.sample_shop.days.plot import Profile
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Day, Entry, Order, OrderEvent, Output, Place, Post
from relevo_cli.sample_shop.days.wire import Json
from relevo_cli.sample_shop.people import Shopper
from relevo_runtime.catalog import Shop
from relevo_sandbox.shops.resources import Resources

_CLIENT = "casa-lumen-client-id"
_KEY = "/prod/keys/pub-key-sandbox.pem"


class AdobeCommerceDay:
    """Adobe Commerce: each event has the whole object that was saved."""

    name = "adobe-commerce"
    title = "Adobe Commerce"
    shoppers = 26
    flows: Sequence[str] = scenarios.FLOWS
    remarks: Sequence[str] = (
        "carts: of checkouts Adobe Commerce tells nothing",
        "deliveries: Adobe Commerce does not know when a parcel arrives, so nobody is told",
        "signatures: made with a key of this demonstration, which ingest fetches from it instead of from Adobe's host",
    )

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """With the client id to which its events are addressed."""
        del api, now
        return Place(shop=wire.with_secret(shop, _CLIENT))

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The day."""
        profile = Profile(dialect=_Dialect(shop), flows=self.flows)
        return scenarios.played(profile, seed=seed, shoppers=shoppers, begins=begins)

    def server(self) -> "_Keys":
        """Where the public key is, as at Adobe's own host."""
        return _Keys()


class _Keys(Resources):
    def __init__(self) -> None:
        super().__init__()
        self.things[_KEY] = (
            _private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )

    def settings(self, address: str) -> Mapping[str, str]:
        """Keys are fetched from here."""
        return {"RELEVO_INGEST_PUBLIC_KEYS": address}

    def put(self, entry: Entry) -> None:
        """Nothing is kept but the key."""

    def unread(self) -> None:
        """Nothing waits to be asked for."""


@cache
def _private_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


class _Dialect:
    def __init__(self, shop: str) -> None:
        self._shop = shop

    def account(self, account: Account) -> Iterator[Output]:
        """The account, and its subscription to the newsletter."""
        at = account.opened
        yield self._event("observer.customer_save_commit_after", _customer(account), at)
        if account.agrees:
            yield from self.consent(account, at)

    def consent(self, account: Account, at: datetime) -> Iterator[Output]:
        """A subscription began or ended."""
        value = {
            "subscriber_id": account.who.number + 1,
            "store_id": 1,
            "change_status_at": wire.utc_without_zone(at, " "),
            "customer_id": account.who.customer_id,
            "subscriber_email": account.who.email,
            "subscriber_status": 1 if account.agrees else 3,
        }
        yield self._event("observer.newsletter_subscriber_save_commit_after", value, at)

    def cart(self, cart: Cart, at: datetime) -> Iterator[Output]:
        """The quote as it was saved."""
        yield self._event("observer.sales_quote_save_after", _quote(cart, at), at)

    def order(self, order: Order, event: OrderEvent, at: datetime) -> Iterator[Output]:
        """The order as it was saved, after the shipment or credit memo that changed it."""
        if event == "shipped":
            yield self._event("observer.sales_order_shipment_save_after", _shipment(order, at), at)
        if event == "refunded":
            yield self._event("observer.sales_order_creditmemo_save_after", _credit_memo(order, at), at)
        yield self._event("observer.sales_order_save_commit_after", _order(order, event, at), at)

    def _event(self, topic: str, value: Json, at: datetime) -> Post:
        own = wire.named(topic, value.get("entity_id", value.get("id", value.get("subscriber_id"))), at.isoformat())
        body = wire.encoded(_envelope(topic, own, value, at))
        signature = base64.b64encode(_private_key().sign(body, PKCS1v15(), SHA256())).decode()
        headers = {
            "Content-Type": "application/cloudevents+json",
            "x-adobe-event-id": own,
            "x-adobe-digital-signature-1": signature,
            "x-adobe-public-key1-path": _KEY,
        }
        return Post(at=at, name=topic, path=f"/hooks/{self._shop}/adobe-commerce", headers=headers, body=body)


def _envelope(topic: str, own: str, value: Json, at: datetime) -> Json:
    metadata = {
        "commerceEdition": "Adobe Commerce",
        "commerceVersion": "2.4.8",
        "eventsClientVersion": "1.12.1",
        "storeId": "1",
        "websiteId": "1",
        "storeGroupId": "1",
    }
    return {
        "specversion": "1.0",
        "id": own,
        "source": "urn:uuid:fb58963f-d2e7-4ab4-83da-b6ff15b8ebc0",
        "type": f"com.adobe.commerce.{topic}",
        "datacontenttype": "application/json",
        "time": wire.utc(at),
        "eventid": own,
        "event_id": own,
        "recipient_client_id": _CLIENT,
        "recipientclientid": _CLIENT,
        "data": {"key": own, "value": value, "source": "casa-lumen.production", "_metadata": metadata},
    }


def _saved(made: datetime, at: datetime) -> Json:
    return {"created_at": wire.utc_without_zone(made, " "), "updated_at": wire.utc_without_zone(at, " ")}


def _customer(account: Account) -> Json:
    who = account.who
    return {
        "id": who.customer_id,
        "group_id": 1,
        **_saved(account.opened, account.opened),
        "email": who.email,
        "firstname": who.first_name,
        "lastname": who.last_name,
        "store_id": 1,
        "website_id": 1,
        "addresses": [],
        "extension_attributes": {"is_subscribed": account.agrees},
    }


def _quote(cart: Cart, at: datetime) -> Json:
    basket, who = cart.basket, cart.who
    return {
        "entity_id": basket.number,
        "store_id": 1,
        "is_active": 1,
        "items_count": len(basket.lines),
        "items_qty": f"{sum(quantity for _, quantity in basket.lines)}.0000",
        "quote_currency_code": CURRENCY,
        "grand_total": f"{basket.subtotal:.4f}",
        "customer_id": who.customer_id if who else None,
        "customer_is_guest": 0 if who else 1,
        "customer_email": who.email if who else None,
        "items": [
            {
                "item_id": basket.number * 10 + n,
                "quote_id": basket.number,
                "sku": product.sku,
                "name": product.title,
                "qty": quantity,
                "price": f"{product.price:.4f}",
            }
            for n, (product, quantity) in enumerate(basket.lines)
        ],
        **_saved(cart.filled, at),
    }


def _order(order: Order, event: OrderEvent, at: datetime) -> Json:
    basket, who = order.basket, order.who
    total = f"{basket.subtotal + basket.shipping:.4f}"
    state, status = _state(order)
    return {
        "entity_id": basket.number,
        "increment_id": str(basket.number),
        "store_id": 1,
        "state": state,
        "status": status,
        "order_currency_code": CURRENCY,
        "base_currency_code": CURRENCY,
        "grand_total": total,
        "base_grand_total": total,
        "subtotal": f"{basket.subtotal:.4f}",
        "discount_amount": "0.0000",
        "shipping_amount": f"{basket.shipping:.4f}",
        "tax_amount": "0.0000",
        "total_paid": total if order.paid else None,
        "total_refunded": total if order.refunded else None,
        "customer_id": None if order.guest else who.customer_id,
        "customer_is_guest": 1 if order.guest else 0,
        "customer_email": who.email,
        "customer_firstname": who.first_name,
        "customer_lastname": who.last_name,
        "shipping_description": "Correo Express",
        "is_virtual": 0,
        "items": [_order_line(order, n) for n in range(len(basket.lines))],
        "payment": {"parent_id": basket.number, "method": "checkmo", "po_number": None},
        "addresses": [_address(order, kind) for kind in ("billing", "shipping")],
        **_saved(order.placed, at),
        "_isNew": event == "placed",
    }


def _state(order: Order) -> tuple[str, str]:
    if order.cancelled:
        return "canceled", "canceled"
    if order.refunded:
        return "closed", "closed"
    if order.shipped:
        return "complete", "complete"
    return ("processing", "processing") if order.paid else ("new", "pending")


def _order_line(order: Order, n: int) -> Json:
    product, quantity = order.basket.lines[n]
    return {
        "item_id": order.basket.number * 10 + n,
        "order_id": order.basket.number,
        "parent_item_id": None,
        "product_id": product.product_id,
        "sku": product.sku,
        "name": product.title,
        "qty_ordered": f"{quantity}.0000",
        "qty_shipped": f"{quantity if order.shipped else 0}.0000",
        "qty_refunded": f"{quantity if order.refunded else 0}.0000",
        "price": f"{product.price:.4f}",
        "original_price": f"{product.price:.4f}",
        "discount_amount": "0.0000",
        "tax_amount": "0.0000",
        "row_total": f"{product.price * quantity:.4f}",
        "is_virtual": 0,
        "product_type": "simple",
        "store_id": 1,
    }


def _sent_lines(order: Order, parent: int) -> list[Json]:
    """The lines of a shipment or a credit memo."""
    return [
        {
            "entity_id": parent * 10 + n,
            "parent_id": parent,
            "product_id": product.product_id,
            "sku": product.sku,
            "name": product.title,
            "price": f"{product.price:.4f}",
            "row_total": f"{product.price * quantity:.4f}",
            "qty": f"{quantity}.0000",
            "order_item_id": order.basket.number * 10 + n,
        }
        for n, (product, quantity) in enumerate(order.basket.lines)
    ]


def _shipment(order: Order, at: datetime) -> Json:
    number = order.basket.number
    track = {
        "entity_id": number,
        "parent_id": number,
        "order_id": number,
        "carrier_code": "custom",
        "title": "Correo Express",
        "track_number": f"LX{number:08d}ES",
    }
    return {
        "entity_id": number,
        "increment_id": str(number),
        "order_id": number,
        "customer_id": None if order.guest else order.who.customer_id,
        "store_id": 1,
        "total_qty": f"{sum(quantity for _, quantity in order.basket.lines)}.0000",
        "items": _sent_lines(order, number),
        "tracks": [track],
        **_saved(at, at),
        "_isNew": True,
    }


def _credit_memo(order: Order, at: datetime) -> Json:
    basket = order.basket
    return {
        "entity_id": basket.number,
        "increment_id": str(basket.number),
        "order_id": basket.number,
        "store_id": 1,
        "state": 2,
        "order_currency_code": CURRENCY,
        "grand_total": f"{basket.subtotal + basket.shipping:.4f}",
        "subtotal": f"{basket.subtotal:.4f}",
        "discount_amount": "0.0000",
        "shipping_amount": f"{basket.shipping:.4f}",
        "tax_amount": "0.0000",
        "items": _sent_lines(order, basket.number),
        **_saved(at, at),
        "_isNew": True,
    }


def _address(order: Order, kind: str) -> Json:
    who: Shopper = order.who
    return {
        "address_type": kind,
        "firstname": who.first_name,
        "lastname": who.last_name,
        "company": None,
        "street": who.home.street,
        "city": who.home.city,
        "postcode": who.home.postcode,
        "region": None,
        "region_code": None,
        "country_id": who.home.country,
        "telephone": who.phone if order.phone else None,
        "email": who.email,
        "parent_id": order.basket.number,
        "entity_id": order.basket.number * 10 + (kind == "shipping"),
    }
