"""The sample shop on OroCommerce: webhooks with JSON:API documents, which have everything that they name."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from relevo_cli.sample_shop.bodies import CURRENCY
from relevo_cli.sample_shop.days import scenarios, wire
from relevo_cli.sample_shop.days.plot import Profile
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Day, Order, OrderEvent, Output, Place, Post
from relevo_cli.sample_shop.days.wire import Json
from relevo_cli.sample_shop.people import Shopper
from relevo_runtime.catalog import Shop


class OroCommerceDay:
    """OroCommerce: shopping lists are its carts."""

    name = "orocommerce"
    title = "OroCommerce"
    shoppers = 26
    flows: Sequence[str] = scenarios.FLOWS
    remarks: Sequence[str] = (
        "carts: shopping lists; of checkouts OroCommerce tells nothing",
        "consent: OroCommerce tells of none; the shop's newsletter posts it as an event of its own (POST /events/SHOP)",
        "deliveries: a parcel has a number and no status, so nobody is told that it arrived",
    )

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """With the secret of its webhooks, and a token for its own events."""
        del api, now
        return Place(shop=wire.with_token(wire.with_secret(shop)))

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The day."""
        profile = Profile(dialect=_Dialect(shop), flows=self.flows)
        return scenarios.played(profile, seed=seed, shoppers=shoppers, begins=begins)

    def server(self) -> None:
        """Nothing is asked."""


class _Dialect:
    def __init__(self, shop: str) -> None:
        self._shop = shop

    def account(self, account: Account) -> Iterator[Output]:
        """`customeruser.created`."""
        at = account.opened
        user = _user(account.who, account.opened, guest=False)
        yield self._webhook("customeruser.created", {"data": user}, at)
        if account.agrees:
            yield wire.consent_event(self._shop, account, at)

    def consent(self, account: Account, at: datetime) -> Iterator[Output]:
        yield wire.consent_event(self._shop, account, at)

    def cart(self, cart: Cart, at: datetime) -> Iterator[Output]:
        """`shoppinglist.created`, and `.updated` after it."""
        topic = "shoppinglist.created" if at == cart.filled else "shoppinglist.updated"
        yield self._webhook(topic, _shopping_list(cart, at), at)

    def order(self, order: Order, event: OrderEvent, at: datetime) -> Iterator[Output]:
        """`order.created`, `.updated`, and `.payment_status_updated` where it is about money."""
        if event in ("paid", "refunded"):
            yield self._webhook("order.payment_status_updated", {"data": _payment(order, event)}, at)
        else:
            topic = "order.created" if event == "placed" else "order.updated"
            yield self._webhook(topic, _order(order, at), at)

    def _webhook(self, topic: str, document: Json, at: datetime) -> Post:
        message = wire.named(topic, document["data"]["id"], str(int(at.timestamp())))
        body = wire.encoded(
            {"topic": topic, "timestamp": int(at.timestamp()), "messageId": message, "eventData": document}
        )
        headers = {
            "Content-Type": "application/json",
            "Webhook-Topic": topic,
            "Webhook-Id": message,
            "Webhook-Signature": wire.hmac_hex(wire.SECRET, body),
        }
        return Post(at=at, name=topic, path=f"/hooks/{self._shop}/orocommerce", headers=headers, body=body)


def _resource(kind: str, number: object, attributes: Json, **relations: object) -> Json:
    """A resource; a relation is another resource, a list of them, or None."""
    linked = {name: {"data": _linkage(one)} for name, one in relations.items()}
    return {"type": kind, "id": str(number), "attributes": attributes} | ({"relationships": linked} if linked else {})


def _linkage(one: object) -> object:
    if isinstance(one, list):
        return [_linkage(inner) for inner in one]
    return {"type": one["type"], "id": one["id"]} if isinstance(one, dict) else None


def _user(who: Shopper, opened: datetime, *, guest: bool) -> Json:
    return _resource(
        "customerusers",
        who.customer_id,
        {
            "confirmed": True,
            "email": who.email,
            "firstName": who.first_name,
            "lastName": who.last_name,
            "birthday": None,
            "createdAt": wire.utc(opened),
            "updatedAt": wire.utc(opened),
            "enabled": not guest,
            "isGuest": guest,
        },
    )


def _shopping_list(cart: Cart, at: datetime) -> Json:
    basket = cart.basket
    user = _user(cart.who, cart.filled, guest=False) if cart.who else None
    products = [
        _resource(
            "products", product.product_id, {"sku": product.sku, "status": "enabled"}, names=[_name(product.product_id)]
        )
        for product, _ in basket.lines
    ]
    items = [
        _resource(
            "shoppinglistitems",
            basket.number * 10 + n,
            {
                "quantity": quantity,
                "currency": CURRENCY,
                "value": f"{product.price:.4f}",
                "subTotal": f"{product.price * quantity:.4f}",
            },
            product=products[n],
        )
        for n, (product, quantity) in enumerate(basket.lines)
    ]
    names = [
        _resource("productnames", product.product_id, {"string": product.title, "fallback": None}, localization=None)
        for product, _ in basket.lines
    ]
    attributes = {
        "name": "Shopping list",
        "notes": None,
        "createdAt": wire.utc(cart.filled),
        "updatedAt": wire.utc(at),
        "default": True,
        "currency": CURRENCY,
        "total": f"{basket.subtotal:.4f}",
        "subTotal": f"{basket.subtotal:.4f}",
    }
    data = _resource("shoppinglists", basket.number, attributes, items=items, customerUser=user)
    return {"data": data, "included": [*([user] if user else []), *items, *products, *names]}


def _name(number: int) -> Json:
    return {"type": "productnames", "id": str(number)}


def _order(order: Order, at: datetime) -> Json:
    basket = order.basket
    user = _user(order.who, order.placed, guest=order.guest)
    lines, address = _lines(order), _address(order)
    tracks = [_tracking(order)] if order.shipped else []
    shipping = _resource(
        "ordersubtotals",
        f"{basket.number}-shipping_cost-1",
        {
            "orderSubtotalType": "shipping_cost",
            "label": "Shipping",
            "amount": f"{basket.shipping:.4f}",
            "signedAmount": f"{basket.shipping:.4f}",
            "currency": CURRENCY,
            "visible": True,
            "data": [],
        },
    )
    status = {"type": "orderinternalstatuses", "id": "cancelled" if order.cancelled else "open"}
    data = _resource(
        "orders",
        basket.number,
        _attributes(order, at),
        billingAddress=address,
        shippingAddress=address,
        lineItems=lines,
        shippingTrackings=tracks,
        internalStatus=status,
        shippingStatus={"type": "ordershippingstatuses", "id": "shipped"} if order.shipped else None,
        customerUser=user,
        orderSubtotals=[shipping],
    )
    return {"data": data, "included": [user, address, *lines, shipping, *tracks]}


def _attributes(order: Order, at: datetime) -> Json:
    basket = order.basket
    return {
        "identifier": str(basket.number),
        "poNumber": None,
        "customerNotes": None,
        "currency": CURRENCY,
        "subtotalValue": f"{basket.subtotal:.4f}",
        "totalValue": f"{basket.subtotal + basket.shipping:.4f}",
        "shippingMethod": "flat_rate_1",
        "shippingMethodType": "primary",
        "estimatedShippingCostAmount": f"{basket.shipping:.4f}",
        "overriddenShippingCostAmount": None,
        "totalDiscountsAmount": "0.0000",
        "external": False,
        "createdAt": wire.utc(order.placed),
        "updatedAt": wire.utc(at),
    }


def _lines(order: Order) -> list[Json]:
    return [
        _resource(
            "orderlineitems",
            order.basket.number * 10 + n,
            {
                "productSku": product.sku,
                "productName": product.title,
                "freeFormProduct": None,
                "quantity": quantity,
                "productUnitCode": "item",
                "value": f"{product.price:.4f}",
                "currency": CURRENCY,
                "comment": None,
            },
            product={"type": "products", "id": str(product.product_id)},
        )
        for n, (product, quantity) in enumerate(order.basket.lines)
    ]


def _address(order: Order) -> Json:
    who = order.who
    return _resource(
        "orderaddresses",
        order.basket.number,
        {
            "phone": who.phone if order.phone else None,
            "label": "Home",
            "street": who.home.street,
            "street2": None,
            "city": who.home.city,
            "postalCode": who.home.postcode,
            "organization": None,
            "customRegion": None,
            "firstName": who.first_name,
            "lastName": who.last_name,
        },
        country={"type": "countries", "id": who.home.country},
    )


def _tracking(order: Order) -> Json:
    number = order.basket.number
    return _resource("ordershippingtrackings", number, {"method": "Correo Express", "number": f"LX{number:08d}ES"})


def _payment(order: Order, event: OrderEvent) -> Json:
    total = float(order.basket.subtotal + order.basket.shipping)
    paid = event == "paid"
    attributes = {
        "paymentStatus": "full" if paid else "refunded",
        "paymentStatusLabel": "Paid in full" if paid else "Refunded",
        "transactionAmount": total,
        "transactionType": "capture" if paid else "refund",
        "amountPaid": total if paid else 0,
        "amountDue": 0,
        "currency": CURRENCY,
    }
    return {"type": "orders", "id": order.basket.number, "attributes": attributes}
