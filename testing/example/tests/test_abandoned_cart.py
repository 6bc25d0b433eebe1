"""Abandoned carts, in virtual time: what YAML does not say as well, such as the same for many values."""

import pytest

from relevo_testing import VirtualWorkflow, Workflows

CHECKOUT = {
    "checkout_token": "chk-1",
    "total": {"amount": "49.00", "currency": "EUR"},
    "items": [{"title": "Stoneware mug", "quantity": 2}],
}


@pytest.fixture
def cart(workflow: Workflows) -> VirtualWorkflow:
    """A cart that Ana, who has bought before, left behind on a Tuesday at ten."""
    ana = {"email": "ana@example.com", "first_name": "Ana", "timezone": "Europe/Madrid", "email_consent": "granted"}
    return workflow("abandoned-cart").given(customer={**ana, "orders_count": 2}).event("checkout.started", CHECKOUT)


def test_who_buys_after_the_reminder_hears_no_more(cart: VirtualWorkflow) -> None:
    cart.after("4h").expect_send(email="reminder", at="2026-03-10 14:00", subject={"contains": "cart"})
    cart.event("order.placed", {"order_id": "1001"}).expect_end("bought")
    cart.after("30d").expect_nothing()


@pytest.mark.parametrize("moment", ["0m", "3h", "3h59m"])
def test_who_buys_before_it_gets_none(cart: VirtualWorkflow, moment: str) -> None:
    cart.after(moment).event("order.placed", {"order_id": "1001"}).after("30d").expect(sends=[])


def test_a_question_is_a_task_for_customer_service(cart: VirtualWorkflow) -> None:
    cart.until("2026-03-12 16:00").expect(
        sends=[{"email": "reminder"}, {"email": "what-others-say"}, {"email": "help"}]
    )
    cart.happens(answered="help", answers={"reason": "question", "comment": "Is it safe in the oven?"})
    cart.expect_task(open="help-the-customer")
    cart.happens(complete="help-the-customer", by="sam@example.com").expect_end("customer service takes over")
