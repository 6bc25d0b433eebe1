"""The load of the engine benchmark: checkouts of distinct customers, three in ten of them bought a moment later."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.payloads import Buyer, CheckoutChanged, Item, Money, OrderChanged, Payload

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SHOP = "bench"
BUYERS_IN_TEN = 3
_BEHIND = 500  # an order comes this many checkouts after its own


def events(count: int) -> Iterator[tuple[bytes, bytes]]:
    """`count` Kafka messages for `relevo.events`: (key, value)."""
    encode = msgspec.json.Encoder().encode
    made = n = 0
    while made < count:
        yield _message(encode, n, "checkout.started", _checkout(n))
        made += 1
        if made < count and n >= _BEHIND and n % 10 < BUYERS_IN_TEN:
            buyer = n - _BEHIND
            yield _message(encode, buyer, "order.placed", _order(buyer))
            made += 1
        n += 1


def decoded_events(buyer: int) -> tuple[Event, Event]:
    """The checkout of one who buys, and their order."""
    return _event(buyer, "checkout.started", _checkout(buyer)), _event(buyer, "order.placed", _order(buyer))


def _message(encode, n: int, event_type: str, payload: Payload) -> tuple[bytes, bytes]:  # type: ignore[no-untyped-def]
    event = _event(n, event_type, payload)
    return partition_key(SHOP, event.key), encode(event)


def _event(n: int, event_type: str, payload: Payload) -> Event:
    at = START + timedelta(milliseconds=n)
    return Event(
        id=f"{event_type}-{n}",
        source="benchmark",
        type=event_type,
        time=at + timedelta(minutes=event_type == "order.placed"),
        shop=SHOP,
        key=f"cus_{n}",
        data=event_data(payload),
        receivedtime=at,
    )


def _buyer(n: int) -> Buyer:
    return Buyer(id=str(n), email=f"c{n}@example.com", first_name="Ada", locale="en", email_marketing=True)


def _checkout(n: int) -> CheckoutChanged:
    return CheckoutChanged(
        customer=_buyer(n),
        checkout_token=f"tok-{n}",
        total=Money("59.90", "EUR"),
        items=[Item(title="Espresso cups", quantity=2, product_id="p1", price=Money("29.95", "EUR"))],
        recover_url=f"https://shop.example.com/recover/{n}",
    )


def _order(n: int) -> OrderChanged:
    return OrderChanged(
        customer=_buyer(n), order_id=f"o-{n}", checkout_token=f"tok-{n}", total=Money("59.90", "EUR"), number=str(n)
    )
