"""What texts see of events: a field that the wire leaves out is empty, not missing."""

from typing import Any

import msgspec

from relevo_workflow.model.effects import Http, Send
from tests.workflow.shop import START, Customer, a_workflow, euros, mail_saying

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


FIRST = mail_saying(
    "{% if trigger.number != '' %}Order {{ trigger.number }}{% endif %} {{ trigger.discount_codes | join: ', ' }}",
    "{% for item in trigger.items %}{{ item.title }} {{ item.price.amount }}{% endfor %} {{ trigger.total | money }}",
    "{{ customer.first_name }} since {{ customer.first_seen_at }}",
)
SECOND = mail_saying("{% if run.parcel %}{{ run.parcel.tracking_url }}{% endif %}")


def walk(first: str = FIRST, second: str = SECOND) -> Customer:
    mails = {"templates/first.yaml": first, "templates/second.yaml": second}
    customer = Customer(a_workflow(FLOW, **mails))
    customer.does("order.placed", order_id="o-1", total=euros("9.00"), items=[{"title": "Mug"}])
    return customer.does("shipment.delivered", "1d", shipment_id="s-1", order_id="o-1").ends()


def context(text: str) -> dict[str, Any]:
    """What a mail with this text would be sent with."""
    return walk(mail_saying(text)).effects_of(Send)[0].context


def test_absent_fields_of_the_trigger_are_empty_also_in_its_lists() -> None:
    trigger = walk().effects_of(Send)[0].context["trigger"]
    assert (trigger["number"], trigger["discount_codes"]) == ("", [])
    assert trigger["items"][0]["variant"] == ""
    assert trigger["items"][0]["title"] == "Mug"
    assert trigger["items"][0]["price"] is None
    assert trigger["total"] == {"amount": "9.00", "currency": "EUR"}


def test_absent_fields_of_a_saved_event_are_empty() -> None:
    parcel = walk().effects_of(Send)[1].context["run"]["parcel"]
    assert (parcel["tracking_url"], parcel["shipment_id"], parcel["type"]) == ("", "s-1", "shipment.delivered")


def test_a_message_carries_only_the_fields_that_its_template_names() -> None:
    first, second = (send.context for send in walk().effects_of(Send))
    assert set(first["trigger"]) == {"number", "discount_codes", "items", "total"}
    assert first["customer"] == {"first_name": "", "first_seen_at": START.isoformat()}
    assert (first["run"], second["trigger"], second["customer"]) == ({}, {}, {})
    assert list(second["run"]) == ["parcel"]


def test_the_list_and_the_total_of_the_layout_are_named_too() -> None:
    mail = mail_saying("Thanks") + "items: trigger.items\ntotal: trigger.total\nlink: '{{ trigger.status_url }}'\n"
    assert set(walk(mail).effects_of(Send)[0].context["trigger"]) == {
        "items", "discount", "shipping", "fees", "tax", "taxes_included", "total", "status_url",
    }  # fmt: skip


def test_what_is_named_as_a_whole_goes_as_a_whole() -> None:
    trigger = context("{% assign order = trigger %}{{ order.order_id }}")["trigger"]
    assert (trigger["order_id"], trigger["type"], trigger["number"]) == ("o-1", "order.placed", "")
    assert trigger["time"] == START.isoformat()


def test_the_whole_run_and_the_whole_customer_are_plain_json() -> None:
    whole = context("{% assign r = run %}{{ r.key }}{% assign c = customer %}{{ c.email }}")
    assert (whole["run"]["key"], whole["run"]["started_at"]) == ("ana", START.isoformat())
    assert (whole["customer"]["email"], whole["customer"]["segments"]) == ("ana@example.com", [])
    assert msgspec.json.decode(msgspec.json.encode(whole)) == whole


def test_a_text_may_compare_with_the_empty_value() -> None:
    assert walk().effects_of(Http)[0].url == "https://erp.example.com/plain"


def test_a_run_that_no_event_started_has_a_name_and_data() -> None:
    flow = a_workflow(
        "workflow: hand\ntrigger: {manual: }\nsteps: [{task: {title: 'A {{ trigger.name }}{{ trigger.data.x }}'}}]\n"
    )
    customer = Customer(flow).is_started("hand", x="b")
    assert customer.reasons[-1].endswith("A b")
