"""The same shop on the real system: signed webhooks and events in, mails out, months in seconds.

All tests share one system, so each has a customer of its own.
"""

from relevo_testing import Relevo

CHECKOUT = {"total": {"amount": "49.00", "currency": "EUR"}, "items": [{"title": "Stoneware mug", "quantity": 2}]}


def test_an_order_of_shopify_is_confirmed_once(relevo: Relevo) -> None:
    order = {
        **{"id": 1001, "name": "#1001", "order_number": 1001, "email": "eva@example.com", "currency": "EUR"},
        **{"total_price": "42.00", "subtotal_price": "42.00", "customer": {"id": 7, "email": "eva@example.com"}},
        "line_items": [{"id": 1, "title": "Stoneware mug", "quantity": 2, "price": "21.00"}],
    }
    for _ in range(2):
        relevo.webhook("orders/create", order, x_shopify_webhook_id="webhook-1001")
    confirmation = relevo.wait_for_mail("eva@example.com", containing="#1001")
    assert "Stoneware mug" in confirmation.text
    relevo.settle()
    assert relevo.mails("eva@example.com") == [confirmation]


def test_who_leaves_a_cart_hears_of_it_after_four_hours(relevo: Relevo) -> None:
    ben = {"id": "8", "email": "ben@example.com", "first_name": "Ben"}
    relevo.send("consent.changed", {"customer": ben, "channel": "email", "state": "granted"})
    relevo.send("checkout.started", {"customer": ben, "checkout_token": "chk-8", **CHECKOUT})
    relevo.settle()
    assert relevo.mails("ben@example.com") == []
    relevo.advance("4h")
    reminder = relevo.wait_for_mail("ben@example.com")
    assert any("shop.example.com" in link or relevo.url in link for link in reminder.links)
    relevo.send("order.placed", {"customer": ben, "order_id": "1002"})
    relevo.advance("30d")
    assert [mail.subject for mail in relevo.mails("ben@example.com") if "cart" in mail.subject] == [reminder.subject]


def test_who_did_not_agree_hears_nothing(relevo: Relevo) -> None:
    relevo.send("checkout.started", {"customer": {"email": "kim@example.com"}, "checkout_token": "chk-9", **CHECKOUT})
    relevo.advance("10d")
    assert relevo.mails("kim@example.com") == []
