"""What texts see of events: a field that the wire leaves out is empty, not missing."""

from relevo_workflow.effects import Http, Send
from tests.workflow.shop import Customer, a_workflow, euros

FLOW = """
    workflow: flow
    trigger: {event: order.placed}
    steps:
      - send: {channel: email, template: first, purpose: transactional}
      - http: {url: "https://erp.example.com/{% if trigger.number != '' %}numbered{% else %}plain{% endif %}"}
      - wait_for:
          - event: shipment.delivered
            as: parcel
          - timeout: 9d
      - send: {channel: email, template: second, purpose: transactional}
      - branch: [{when: run.parcel.tracking_url == "", steps: [{stop: plain}]}]
    """


def walk() -> Customer:
    customer = Customer(a_workflow(FLOW, "first", "second"))
    customer.does("order.placed", order_id="o-1", total=euros("9.00"), items=[{"title": "Mug"}])
    return customer.does("shipment.delivered", "1d", shipment_id="s-1", order_id="o-1").ends()


def test_absent_fields_of_the_trigger_are_empty_also_in_its_lists():
    trigger = walk().effects_of(Send)[0].context["trigger"]
    assert (trigger["number"], trigger["discount_codes"], trigger["order_id"]) == ("", [], "o-1")
    assert trigger["items"][0]["variant"] == ""
    assert trigger["items"][0]["title"] == "Mug"
    assert trigger["items"][0]["price"] is None
    assert trigger["total"] == {"amount": "9.00", "currency": "EUR"}


def test_absent_fields_of_a_saved_event_are_empty():
    parcel = walk().effects_of(Send)[1].context["run"]["parcel"]
    assert (parcel["tracking_url"], parcel["shipment_id"], parcel["type"]) == ("", "s-1", "shipment.delivered")


def test_a_text_may_compare_with_the_empty_value():
    assert walk().effects_of(Http)[0].url == "https://erp.example.com/plain"


def test_a_run_that_no_event_started_has_a_name_and_data():
    flow = a_workflow(
        "workflow: hand\ntrigger: {manual: }\nsteps: [{task: {title: 'A {{ trigger.name }}{{ trigger.data.x }}'}}]\n"
    )
    customer = Customer(flow).is_started("hand", x="b")
    assert customer.reasons[-1].endswith("A b")
