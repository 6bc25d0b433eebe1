"""Events that come before the step that waits for them."""

from tests.workflow.shop import Customer, a_workflow, problems_of

FLOW = """
    workflow: flow
    trigger: {event: order.placed}
    exit: {event: order.cancelled, reason: cancelled}
    restart: {event: order.paid, where: event.order_id == trigger.order_id}
    steps:
      - wait: 2d
      - wait_for:
          - event: shipment.delivered
            since: wait
            where: event.order_id == trigger.order_id
            as: parcel
          - timeout: 9d
      - branch: [{when: run.parcel.shipment_id == "s-1", steps: [{stop: first}]}]
      - stop: none
    """
EARLY = FLOW.replace("since: wait", "since: start")


def ordered(text: str) -> Customer:
    return Customer(a_workflow(text)).does("order.placed", order_id="o-1")


def delivered(customer: Customer, after: str, order: str = "o-1", shipment: str = "s-1") -> Customer:
    return customer.does("shipment.delivered", after, shipment_id=shipment, order_id=order)


def test_what_came_before_the_wait_does_not_count_by_itself() -> None:
    assert delivered(ordered(FLOW), "1d").ends().ended == ("none", "11d")


def test_with_since_start_it_does_and_the_run_does_not_wait() -> None:
    customer = delivered(ordered(EARLY), "1d").ends()
    assert customer.ended == ("first", "2d")
    assert "wait-for-shipment-delivered/shipment.delivered" in customer.path
    assert customer.run.early == {}


def test_the_first_that_fits_is_kept_and_the_same_again_changes_nothing() -> None:
    customer = delivered(ordered(EARLY), "12h", order="o-9", shipment="s-9")
    assert customer.run.early == {}
    customer = delivered(delivered(customer, "1d"), "1d")
    assert [one["shipment_id"] for one in customer.run.early.values()] == ["s-1"]
    assert customer.reasons[-1] == "kept for wait-for-shipment-delivered/shipment.delivered"
    assert delivered(customer, "30h", shipment="s-2").ends().ended == ("first", "2d")


def test_it_counts_once() -> None:
    again = EARLY.replace(
        "- branch:", "- wait_for: [{event: shipment.delivered, since: start}, {timeout: 5d}]\n      - branch:"
    )
    customer = delivered(ordered(again), "1d")
    assert len(customer.run.early) == 2
    assert customer.ends().ended == ("first", "1w")


def test_an_exit_still_wins_and_a_restart_forgets() -> None:
    assert delivered(ordered(EARLY), "1d").does("order.cancelled", "30h", order_id="o-1").ended[0] == "cancelled"
    paid = delivered(ordered(EARLY), "1d").does(
        "order.paid", "30h", order_id="o-1", total={"amount": "1", "currency": "EUR"}
    )
    assert paid.ends().ended[0] == "none"


def test_events_of_a_product_count_from_the_wait_on() -> None:
    found = problems_of("""
        workflow: flow
        trigger: {event: form.submitted}
        steps:
          - wait_for:
              - event: product.restocked
                key: trigger.fields.product_id
                since: start
              - timeout: 9d
        """)
    assert [(one.position.line, one.message) for one in found] == [(8, "events of a product count from the wait on")]


def test_whoever_is_redacted_leaves_none_of_them_behind() -> None:
    customer = delivered(ordered(EARLY), "1d")
    assert customer.run.early
    assert customer.does("customer.redacted", "2d").run.early == {}
