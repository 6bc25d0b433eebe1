"""What customers write starts and moves workflows."""

from tests.workflow.shop import Customer, a_workflow

FLOW = """
workflow: reminder
trigger: {event: checkout.started}
steps:
  - send: {channel: email, template: reminder, purpose: marketing}
  - wait_for:
      - event: message.received
        where: event.channel == "sms" && event.keyword == "" && event.workflow == "reminder"
        as: reply
        steps:
          - send: {channel: email, template: thanks, purpose: transactional}
      - timeout: 2d
        steps: [{stop: silence}]
"""
QUESTION = """
workflow: questions
trigger:
  event: message.received
  when: event.keyword == "" && event.text.contains("?")
steps:
  - send: {channel: email, template: answer, purpose: transactional, to: contact}
"""
TEXT = {"channel": "sms", "contact": {"phone": "+12025550123", "email": "ana@example.com"}}


def test_a_reply_moves_the_run_that_waits_for_it() -> None:
    flow = a_workflow(FLOW, "reminder", "thanks")
    customer = Customer(flow).does("checkout.started", checkout_token="k1")
    customer.does("message.received", "1h", text="STOP", keyword="stop", workflow="reminder", **TEXT)
    customer.does("message.received", "2h", text="In blue?", workflow="shipping", **TEXT)
    assert len(customer.messages) == 1
    customer.does("message.received", "3h", text="In blue?", workflow="reminder", **TEXT)
    assert customer.messages[1:] == [("thanks", "3h")]
    assert customer.run.saved["reply"]["text"] == "In blue?"


def test_a_message_starts_a_workflow_unless_it_is_a_command() -> None:
    flow = a_workflow(QUESTION, "answer")
    customer = Customer(flow).does("message.received", text="Help?", keyword="help", **TEXT)
    assert customer.messages == []
    customer.does("message.received", "1h", text="Do you ship to Andorra?", **TEXT)
    assert customer.messages == [("answer", "1h")]
