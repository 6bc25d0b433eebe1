"""PrestaShop: records of its web service become what happened, polled or posted by the module."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.connector import WebhookRequest
from relevo_ingest.connectors.prestashop import topics
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import InvalidSignature
from relevo_ingest.core.signature import signed_at
from tests.ingest.test_fixture_fields import HERE, unheard_of
from tests.ingest.webhooks import ShopSession

PRESTASHOP = CONNECTORS["prestashop"]
SHOP = ShopContext(shop="lumen", currency="EUR", region="FR", domain="lumen.example")
FOLDER = Path(__file__).parent / "fixtures" / "prestashop"
FILES = sorted(FOLDER.glob("*.json"))
PUBLISHED: dict[str, list[str]] = json.loads((HERE / "published_fields_prestashop.json").read_text())
SECRET, OLD = "the-secret-of-the-module", "the-secret-before"
KINDS = {"customers": "customer", "products": "product", "stock_availables": "stock_available"}
OF_THE_MODULE = ("order_total", "associations.cart_rows[]")
"""What the module adds to a cart, from `Cart::getProducts` and `Cart::getOrderTotal`: prices with tax."""


def event_of(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text())
    return loaded


def state(number: int, name: str, template: str = "", **flags: str) -> dict[str, Any]:
    return {"id": number, "name": name, "template": template, "paid": "0", "shipped": "0", "delivery": "0", **flags}


STATES = [
    state(1, "En attente de virement", "bankwire"),
    state(2, "Paiement accepté", "payment", paid="1"),
    state(4, "Expédié", "shipped", paid="1", shipped="1", delivery="1"),
    state(5, "Livré", paid="1", shipped="1", delivery="1"),
    state(6, "Annulé", "order_canceled"),
    state(12, "Emballage cadeau", paid="1", delivery="1"),
    state(13, "À recycler", paid="1", delivery="1"),
]


class Lumen(ShopSession):
    """A PrestaShop that tells one record after another."""

    def __init__(self) -> None:
        super().__init__(SHOP, PRESTASHOP)

    def say(
        self, kind: str, minute: int | None = None, related: dict[str, Any] | None = None, **changes: Any
    ) -> list[Event]:
        """What a record makes; `minute` is when it was changed, after 18:00 of the shop."""
        event = event_of(kind)
        if minute is not None:
            changes["date_upd"] = f"2026-03-05 18:{minute:02}:30"
        event["data"][kind] |= changes
        event["data"]["related"] |= related or {}
        event["id"] = json.dumps([kind, minute, changes])
        return self.events_of(kind, event)

    def order(self, minute: int, current_state: int, **changes: Any) -> list[Event]:
        return self.say("order", minute, {"order_states": STATES}, current_state=str(current_state), **changes)


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_fixture_is_what_its_topic_says_and_read(file: Path) -> None:
    kind = file.stem
    assert PRESTASHOP.claims({}, file.read_bytes()).topic == kind
    assert PRESTASHOP.mismatch(kind, file.read_bytes(), SHOP, {}) is None
    assert all(PRESTASHOP.mismatch(other, file.read_bytes(), SHOP, {}) for other in topics.TOPICS if other != kind)
    shop = Lumen()
    if kind == "stock_available":
        shop.say(kind, quantity="0")
    events = shop.events_of(kind, event_of(kind))
    assert events
    assert {event.type for event in events} <= set(topics.TOPICS[kind].events)
    assert all(event.payload() for event in events)


def test_every_topic_has_a_fixture() -> None:
    assert {file.stem for file in FILES} == set(topics.TOPICS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_fixture_has_no_field_that_was_made_up(file: Path) -> None:
    data = event_of(file.stem)["data"]
    found = unheard_of(file.stem, data[file.stem], PUBLISHED)
    assert [path for path in found if not (file.stem == "cart" and path.startswith(OF_THE_MODULE))] == []
    for resource, rows in data["related"].items():
        for row in rows:
            assert unheard_of(KINDS.get(resource, resource), row, PUBLISHED) == []


# --- orders ------------------------------------------------------------------------------------------------------


def test_an_order_as_the_buyer_saw_it() -> None:
    [event] = Lumen().say("order")
    order = event.data
    assert (event.type, event.id, event.time) == (
        "order.placed", "order.placed:727", datetime(2026, 3, 5, 17, 28, 2, tzinfo=UTC),
    )  # fmt: skip
    assert order["customer"] == {"id": "25"}
    assert (order["contact"]["email"], order["contact"]["phone"]) == ("claire.morel@example.com", "+33612345678")
    assert (order["number"], order["status"], order["status_label"]) == (
        "XKBKNABJK", "pending", "En attente de virement",
    )  # fmt: skip
    assert (order["total"]["amount"], order["subtotal"]["amount"], order["tax"]["amount"]) == ("53.10", "52.10", "8.85")
    assert (order["shipping_address"]["city"], order["shipping_address"]["country"]) == ("Lyon", "FR")
    assert (order["gift_message"], order["cart_token"], order["shipping_method"]) == (
        "Bon anniversaire",
        "310",
        "La Poste",
    )
    cup, tea = order["items"]
    assert (cup["title"], cup["quantity"], cup["price"]["amount"]) == ("Tasse de thé - Couleur : Bleu", 2, "20.00")
    assert (cup["product_id"], cup["variant_id"], "variant_id" in tea) == ("17", "23", False)
    assert tea["price"]["amount"] == "1.40", "the noise of a float is rounded away"
    assert "paid_at" not in order, "0000-00-00 is no date"
    assert order["discount_codes"] == ["BIENVENUE-7K3F"]


@pytest.mark.parametrize(
    ("applied", "rules", "codes"),
    [
        ([(1, 727, 7, "0"), (2, 727, 8, "0")], [(7, "A"), (8, "B")], ["A", "B"]),
        ([(1, 727, 7, "1")], [(7, "A")], []),  # taken off the order again
        ([(1, 728, 7, "0")], [(7, "A")], []),  # another order's
        ([(1, 727, 7, "0")], [(7, "")], []),  # a rule for everybody has no code
        ([(1, 727, 7, "0"), (2, 727, 7, "0")], [(7, "A")], ["A"]),
        ([(1, 727, 7, "0")], [], []),  # the rule was deleted since
    ],
)
def test_the_codes_of_an_order_are_those_of_the_rules_that_count(
    applied: list[tuple[int, int, int, str]], rules: list[tuple[int, str]], codes: list[str]
) -> None:
    names = ("id", "id_order", "id_cart_rule", "deleted")
    related = {
        "order_cart_rules": [dict(zip(names, one, strict=True)) for one in applied],
        "cart_rules": [{"id": own, "code": code} for own, code in rules],
    }
    [event] = Lumen().say("order", None, related)
    assert event.data.get("discount_codes", []) == codes


def test_an_order_is_paid_sent_delivered_once_each_by_the_flags_of_its_state() -> None:
    shop = Lumen()
    shop.say("order")
    paid, changed = shop.order(31, 2)
    assert (paid.type, paid.id) == ("order.paid", "order.paid:727")
    assert (changed.type, changed.data["status_label"], changed.data["previous_status"]) == (
        "order.status_changed", "Paiement accepté", "pending",
    )  # fmt: skip
    assert types(shop.order(32, 12)) == ["order.status_changed"], "a state of the shop's own"
    assert types(shop.order(33, 13)) == ["order.status_changed"], "with the same flags, another name"
    parcel = [{"id": 88, "id_order": "727", "id_carrier": "2", "tracking_number": "6A123"}]
    sent = shop.say("order", 40, {"order_states": STATES, "order_carriers": parcel}, current_state="4")
    assert types(sent) == ["shipment.created", "order.status_changed"]
    assert (sent[0].data["tracking_number"], sent[0].data["tracking_url"]) == ("6A123", "https://track.example/6A123")
    delivered = shop.say("order", 50, {"order_states": STATES, "order_carriers": parcel}, current_state="5")
    assert types(delivered) == ["shipment.delivered", "order.status_changed"]
    assert shop.say("order", 51, {"order_states": STATES, "order_carriers": parcel}, current_state="5") == []


def test_a_tracking_number_that_comes_later_is_told() -> None:
    shop = Lumen()
    shop.say("order")
    assert types(shop.order(40, 4)) == ["order.paid", "shipment.created", "order.status_changed"]
    parcel = [{"id": 88, "id_order": "727", "id_carrier": "2", "tracking_number": "6A123"}]
    later = shop.say("order", 45, {"order_states": STATES, "order_carriers": parcel}, current_state="4")
    assert types(later) == ["shipment.updated"]


def test_a_cancelled_order_is_told_by_its_e_mail_where_no_setting_says_so() -> None:
    shop = Lumen()
    shop.say("order")
    cancelled = shop.say("order", 31, {"order_states": STATES, "configurations": []}, current_state="6")
    assert types(cancelled) == ["order.cancelled", "order.status_changed"]


def test_an_old_order_that_was_never_heard_of_is_not_placed_now() -> None:
    shop = Lumen()
    assert shop.say("order", date_upd="2026-03-07 12:00:00") == []
    paid = shop.say("order", None, {"order_states": STATES}, date_upd="2026-03-07 12:05:00", current_state="2")
    assert types(paid) == ["order.paid", "order.status_changed"]


@given(st.lists(st.sampled_from([1, 2, 4, 5, 6, 12]), min_size=1, max_size=8))
def test_whatever_the_states_each_thing_happens_once(states: list[int]) -> None:
    shop = Lumen()
    events = shop.say("order")
    for minute, current in enumerate(states, start=30):
        events += shop.order(minute, current)
    ids = [event.id for event in events]
    assert len(ids) == len(set(ids))
    happened = types(events)
    assert happened.count("order.placed") == 1
    assert happened.count("order.paid") == any(one in (2, 4, 5, 12) for one in states)
    assert happened.count("shipment.created") == any(one in (4, 5) for one in states)
    changes = sum(1 for old, new in zip([1, *states], states, strict=False) if old != new)
    assert happened.count("order.status_changed") == changes


def test_a_credit_slip_is_a_refund_of_its_order() -> None:
    shop = Lumen()
    shop.say("order")
    [refund] = shop.say("order_slip")
    assert (refund.type, refund.id, refund.data["total"]) == (
        "refund.created", "refund.created:31", {"amount": "20.00", "currency": "EUR"},
    )  # fmt: skip
    assert (refund.data["order_number"], refund.data["contact"]["email"]) == ("XKBKNABJK", "claire.morel@example.com")


def test_a_return_goes_through_its_states() -> None:
    shop = Lumen()
    found = [event for n in "1235" for event in shop.say("order_return", state=n)]
    assert types(found) == ["return.requested", "return.approved", "return.received", "return.closed"]


# --- people ------------------------------------------------------------------------------------------------------


def test_a_customer_with_birthday_group_language_and_two_boxes() -> None:
    shop = Lumen()
    created, consent = shop.say("customer")
    assert (created.type, created.data["birthday"]) == ("customer.created", "1988-04-12")
    assert created.data["customer"] == {
        "id": "25", "email": "claire.morel@example.com", "first_name": "Claire", "last_name": "Morel",
        "group": "Client", "locale": "fr-FR",
    }  # fmt: skip
    assert (consent.data.get("purpose", "marketing"), consent.data["state"], consent.time) == (
        "marketing", "granted", datetime(2026, 3, 1, 9, 15, tzinfo=UTC),
    )  # fmt: skip
    ticked = shop.say("customer", 10, optin="1")
    assert [(event.data.get("purpose", "marketing"), event.data["state"]) for event in ticked] == [
        ("partners", "granted")
    ]
    withdrawn = shop.say("customer", 11, optin="1", newsletter="0")
    assert [(event.data.get("purpose", "marketing"), event.data["state"]) for event in withdrawn] == [
        ("marketing", "withdrawn")
    ]
    assert shop.say("customer", 12, optin="1", newsletter="0") == []


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ({"iso_code": "fr", "language_code": "fr-be", "locale": "fr-CH"}, "fr-CH"),
        ({"iso_code": "pt", "language_code": "pt-br"}, "pt-BR"),
        ({"iso_code": "de", "language_code": "de", "locale": ""}, "de"),
        ({"iso_code": "it"}, "it"),
    ],
)
def test_the_language_of_every_version(language: dict[str, str], locale: str) -> None:
    created, *_ = Lumen().say("customer", related={"languages": [{"id": 1, **language}]})
    assert created.data["customer"]["locale"] == locale


def test_a_box_that_was_always_ticked_proves_nothing() -> None:
    events = Lumen().say("customer", 10, newsletter_date_add="0000-00-00 00:00:00", optin="1", birthday="0000-00-00")
    assert types(events) == ["customer.updated"]
    assert "birthday" not in events[0].data


def test_a_cart_of_which_the_module_told_is_not_told_again_without_its_prices() -> None:
    shop, told = Lumen(), event_of("cart")["data"]["cart"]
    rows = told["associations"]["cart_rows"]
    bare = [{name: row[name] for name in ("id_product", "id_product_attribute", "quantity")} for row in rows]
    [by_module] = shop.say("cart")
    [polled] = shop.say("cart", order_total=None, associations={"cart_rows": bare})
    assert polled.id == by_module.id
    more = [{**bare[0], "quantity": 40}, *bare[1:]]
    [in_the_same_second] = shop.say("cart", order_total=None, associations={"cart_rows": more})
    assert in_the_same_second.id != by_module.id


def test_a_cart_has_what_is_in_it_and_whose_it_is() -> None:
    [event] = Lumen().say("cart")
    assert (event.data["cart_token"], event.data["customer"], event.data["total"]["amount"]) == (
        "310", {"id": "25"}, "40.0",
    )  # fmt: skip
    [item] = event.data["items"]
    assert (item["title"], item["quantity"], item["price"]["amount"]) == ("Tasse de thé", 2, "20.0")


# --- products ----------------------------------------------------------------------------------------------------


def test_a_product_its_price_and_its_stock() -> None:
    shop = Lumen()
    [first] = shop.say("product")
    assert (first.type, first.data["title"], first.data["categories"]) == (
        "product.updated",
        "Tasse de thé",
        ["Vaisselle"],
    )
    assert first.data["description"] == "Faite main & émaillée"
    assert types(shop.say("product", 1, price="15.000000")) == ["product.price_changed"]
    gone = [{"id": 62, "id_product": "17", "id_product_attribute": "23", "quantity": "0", "out_of_stock": "2"}]
    [stock] = shop.say("product", 2, {"stock_availables": gone}, price="15.000000")
    assert (stock.type, stock.data["variant_id"], stock.data["in_stock"], stock.data["previous"]) == (
        "product.stock_changed", "23", False, 12,
    )  # fmt: skip
    back = shop.say("stock_available", quantity="3")
    assert types(back) == ["product.restocked", "product.stock_changed"]


# --- signature ---------------------------------------------------------------------------------------------------

AT = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)


def request(body: bytes, header: str, received: datetime | None = AT) -> WebhookRequest:
    return WebhookRequest(headers={"relevo-signature": header}, body=body, received=received)


def test_both_secrets_hold_during_rotation() -> None:
    for secret in (SECRET, OLD):
        PRESTASHOP.authenticate([SECRET, OLD], request(b"{}", signed_at(secret, b"{}", AT)))
    both = signed_at(SECRET, b"{}", AT) + "," + signed_at(OLD, b"{}", AT).partition(",")[2]
    PRESTASHOP.authenticate([OLD], request(b"{}", both))


@given(place=st.integers(0, 200), bit=st.integers(0, 7), header=st.booleans())
def test_no_changed_byte_passes(place: int, bit: int, *, header: bool) -> None:
    body, signature = b'{"type":"order"}', signed_at(SECRET, b'{"type":"order"}', AT)
    target = bytearray(signature.encode() if header else body)
    target[place % len(target)] ^= 1 << bit
    changed = request(body, target.decode("latin-1")) if header else request(bytes(target), signature)
    with pytest.raises(InvalidSignature):
        PRESTASHOP.authenticate([SECRET], changed)


@pytest.mark.parametrize("minutes", [-6, -5.1, 5.1, 60 * 24, None])
def test_a_replay_after_five_minutes_is_refused(minutes: float | None) -> None:
    received = None if minutes is None else AT + timedelta(minutes=minutes)
    with pytest.raises(InvalidSignature):
        PRESTASHOP.authenticate([SECRET], request(b"{}", signed_at(SECRET, b"{}", AT), received))


@pytest.mark.parametrize("minutes", [-4, 0, 4.9])
def test_within_five_minutes_it_holds(minutes: float) -> None:
    PRESTASHOP.authenticate([SECRET], request(b"{}", signed_at(SECRET, b"{}", AT), AT + timedelta(minutes=minutes)))
    assert msgspec.json.decode(b"{}") == {}


@pytest.mark.parametrize(
    "header", ["", "t=1", "v1=00", "t=x,v1=" + "0" * 64, "t=1,v1=" + "g" * 64, "t=\u0661,v1=" + "0" * 64]
)
def test_a_header_of_another_form_is_refused(header: str) -> None:
    with pytest.raises(InvalidSignature):
        PRESTASHOP.authenticate([SECRET], request(b"{}", header))
