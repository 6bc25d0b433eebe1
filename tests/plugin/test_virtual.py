"""A workflow in virtual time, step by step: what is expected, and what a test reads that is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from relevo_cli.authoring.sources import shipped_library
from relevo_testing import VirtualWorkflow
from relevo_testing.virtual import workflows_in

ANA = {"email": "ana@example.com", "timezone": "Europe/Madrid", "email_consent": "granted", "orders_count": 2}
CHECKOUT = {
    **{"checkout_token": "chk-1", "total": {"amount": "49.00", "currency": "EUR"}},
    "items": [{"title": "Stoneware mug", "quantity": 2}],
}


@pytest.fixture
def cart() -> VirtualWorkflow:
    return workflows_in(shipped_library())("abandoned-cart").given(customer=ANA).event("checkout.started", CHECKOUT)


def said(act: Callable[[], object]) -> str:
    """What a test that does this reads."""
    with pytest.raises(AssertionError) as failed:
        act()
    return str(failed.value)


def test_each_message_is_expected_once_in_the_order_of_time(cart: VirtualWorkflow) -> None:
    cart.after("4h").expect_send(email="reminder", at="2026-03-10 14:00").expect_nothing()
    cart.after("1d5h").expect_send(email="what-others-say", at="2026-03-11 19:00").expect_nothing()


def test_what_happens_after_a_time_happens_after_what_is_due_then(cart: VirtualWorkflow) -> None:
    cart.after("4h").event("order.placed", {"order_id": "1001"}).expect_send(email="reminder")
    cart.expect_end("bought", at="2026-03-10 14:00").after("30d").expect_nothing()


def test_what_happens_a_moment_before_a_time_prevents_it(cart: VirtualWorkflow) -> None:
    cart.after("3h59m").event("order.placed", {"order_id": "1001"}).after("30d").expect_nothing()


def test_nothing_happens_before_time_passes() -> None:
    trigger = {"event": "checkout.started", "data": CHECKOUT}
    cart = workflows_in(shipped_library())("abandoned-cart").given(customer=ANA, trigger=trigger).expect_nothing()
    cart.after("4h").expect_send(email="reminder")


def test_a_task_is_expected_and_done(cart: VirtualWorkflow) -> None:
    cart.until("2026-03-12 16:00").expect(
        sends=[{"email": "reminder"}, {"email": "what-others-say"}, {"email": "help"}]
    )
    cart.happens(answered="help", answers={"reason": "question"}).expect_task(open="help-the-customer")
    cart.happens(complete="help-the-customer", by="sam@example.com").expect_end("customer service takes over")


def test_a_message_that_differs_is_quoted_with_the_time(cart: VirtualWorkflow) -> None:
    text = said(lambda: cart.after("4h").expect_send(email="reminder", at="2026-03-10 13:00"))
    assert text.startswith("abandoned-cart, 2026-03-10 14:00: expected message {email: reminder, at: 2026-03-10 13:00}")
    assert "\n    got {at: 2026-03-10 14:00, email: reminder" in text
    assert "('at' differs)" in text


def test_a_message_that_nobody_expects_is_quoted(cart: VirtualWorkflow) -> None:
    text = said(lambda: cart.after("4h").expect_nothing())
    assert "got a message that is not expected: {at: 2026-03-10 14:00, email: reminder" in text


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda cart: cart.event("order.placd"), "did you mean 'order.placed'?"),
        (lambda cart: cart.event("order.placed", {"order": "1"}), "order.placed has no field 'order'"),
        (lambda cart: cart.given(customer={}), "what is given comes first"),
        (lambda cart: cart.after("4 hours"), "'4 hours' is not a duration"),
        (lambda cart: cart.until("tomorrow"), "'tomorrow' is not a time"),
        (lambda cart: cart.after("4h").until("2026-03-10 10:00"), "it is 2026-03-10 14:00 already"),
        (lambda cart: cart.expect(sent=[]), "a test can't expect 'sent'"),
        (lambda cart: cart.expect(sends={}), "sends must be a list"),
        (lambda cart: cart.expect_task(open="help"), "there is no task 'help'"),
        (lambda cart: cart.happens(answered="hlp", answers={}), "hlp"),
    ],
)
def test_what_a_test_says_wrongly_fails_it_with_what_was_meant(
    cart: VirtualWorkflow, act: Callable[[VirtualWorkflow], Any], told: str
) -> None:
    assert told in said(lambda: act(cart).after("1m").expect_nothing())


def test_a_workflow_that_is_not_there_is_named_with_the_one_that_was_meant() -> None:
    assert "abandoned-cart?" in said(lambda: workflows_in(shipped_library())("abandonned-cart"))
