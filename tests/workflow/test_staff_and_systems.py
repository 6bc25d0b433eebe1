"""Tasks, approvals and calls of other systems: who answers what, reminders, deadlines, and what the run keeps."""

from typing import Any

import pytest

from relevo_workflow.model.effects import (
    CloseTask,
    Emit,
    EscalateTask,
    Http,
    OpenTask,
    RemindTask,
    SetAttributes,
    StartRun,
)
from relevo_workflow.testing.simulation import Answer
from tests.workflow.shop import Customer, a_workflow, euros, known

APPROVAL = """
workflow: returns
key: trigger.return_id
trigger: {event: return.requested}
exit: {event: return.closed, reason: closed}
steps:
  - id: decision
    approve:
      title: Return {{ trigger.return_id }}
      roles: [service, finance]
      needed: 2
      deadline: 3d
      reminder: 1d
      escalate: {after: 2d, roles: [lead]}
      as: verdict
      approved: [{stop: approved}]
      rejected: [{stop: rejected}]
      expired: [{stop: expired}]
"""


class TestApprovals:
    @pytest.fixture
    def customer(self) -> Customer:
        return Customer(a_workflow(APPROVAL)).does("return.requested", return_id="r1", order_id="o1")

    def test_the_staff_is_asked_once(self, customer: Customer) -> None:
        (task,) = customer.effects_of(OpenTask)
        assert (task.title, task.needed, task.roles, task.approval) == ("Return r1", 2, ("service", "finance"), True)

    def test_enough_people_approve(self, customer: Customer) -> None:
        customer.staff("approved", "decision", "1h", "sam@example.com", "service")
        assert (customer.kinds[-1], customer.reasons[-1]) == ("waiting", "1 of 2 approvals")
        customer.staff("approved", "decision", "2h", "fay@example.com", "finance")
        assert customer.ended == ("approved", "2h")
        assert customer.run.saved["verdict"]["status"] == "approved"

    def test_one_rejection_rejects(self, customer: Customer) -> None:
        customer.staff("approved", "decision", "1h", "sam@example.com", "service")
        customer.staff("rejected", "decision", "2h", "fay@example.com", "finance")
        assert customer.ended == ("rejected", "2h")

    def test_nobody_counts_twice(self, customer: Customer) -> None:
        for after in ("1h", "2h"):
            customer.staff("approved", "decision", after, "sam@example.com", "service")
        assert customer.run.state == "active"
        assert customer.reasons[-1] == "sam@example.com has voted already"

    def test_nor_does_a_role_where_one_of_each_is_needed(self, customer: Customer) -> None:
        customer.staff("approved", "decision", "1h", "sam@example.com", "service")
        customer.staff("approved", "decision", "2h", "pat@example.com", "service")
        assert len(customer.run.votes) == 1
        assert customer.reasons[-1] == "service has voted already, and each of service, finance is needed"

    def test_only_the_roles_that_were_asked(self, customer: Customer) -> None:
        customer.staff("approved", "decision", "1h", "max@example.com", "intern")
        assert customer.run.votes == ()
        assert customer.reasons[-1] == "max@example.com has none of the roles service, finance"

    def test_reminder_escalation_and_deadline_come_in_time(self, customer: Customer) -> None:
        customer.ends()
        seen = [(type(one.effect), one.at - customer.start) for one in customer.simulation.effects]
        days = {kind: after.days for kind, after in seen if kind in (RemindTask, EscalateTask, CloseTask)}
        assert days == {RemindTask: 1, EscalateTask: 2, CloseTask: 3}
        assert customer.ended == ("expired", "3d")

    def test_who_was_called_in_may_decide_too(self, customer: Customer) -> None:
        customer.waits("2d1h").staff("approved", "decision", "2d2h", "oli@example.com", "lead")
        assert customer.reasons[-1] == "1 of 2 approvals"

    def test_but_not_before(self, customer: Customer) -> None:
        customer.staff("approved", "decision", "1d", "oli@example.com", "lead")
        assert customer.reasons[-1] == "oli@example.com has none of the roles service, finance"
        assert customer.run.votes == ()

    def test_who_is_asked_anew_votes_anew(self) -> None:
        flow = a_workflow(APPROVAL.replace("exit:", "restart: {event: return.approved}\nexit:"))
        customer = Customer(flow).does("return.requested", return_id="r1", order_id="o1")
        customer.staff("approved", "decision", "1h", "sam@example.com", "service")
        customer.does("return.approved", "2h", return_id="r1", order_id="o1")
        customer.staff("approved", "decision", "3h", "fay@example.com", "finance")
        assert (customer.run.state, customer.reasons[-1]) == ("active", "1 of 2 approvals")

    def test_an_exit_closes_the_task(self, customer: Customer) -> None:
        customer.does("return.closed", "1h", return_id="r1", order_id="o1")
        (closed,) = customer.effects_of(CloseTask)
        assert closed.reason == "closed"
        customer.staff("approved", "decision", "2h", "sam@example.com", "service")
        assert customer.ended == ("closed", "1h")


class TestTasks:
    FLOW = """
    workflow: flow
    trigger: {event: order.placed}
    steps:
      - id: pack
        task: {title: "Pack {{ trigger.order_id }}", skill: warehouse, deadline: 2d, as: packed}
      - branch:
          - when: run.packed.status == "completed"
            steps: [{stop: packed}]
          - otherwise:
            steps: [{stop: late}]
    """

    def test_it_goes_on_when_it_is_done(self) -> None:
        customer = Customer(a_workflow(self.FLOW)).does("order.placed", order_id="o1").staff("completed", "pack", "5h")
        assert customer.ended == ("packed", "5h")

    def test_it_goes_on_when_its_deadline_is_over(self) -> None:
        customer = Customer(a_workflow(self.FLOW)).does("order.placed", order_id="o1").ends()
        assert customer.ended == ("late", "2d")
        assert [closed.reason for closed in customer.effects_of(CloseTask)] == ["the deadline is over"]


class TestCalls:
    FLOW = """
    workflow: flow
    trigger: {event: order.placed}
    steps:
      - id: erp
        http:
          method: POST
          url: https://erp.example.com/orders/{{ trigger.order_id }}
          headers: {X-Shop: "{{ shop.id }}"}
          body: {order: trigger.order_id, total: trigger.total.amount, lines: trigger.items.size(), kind: web, n: 1}
          as: erp
          on_error: ON_ERROR
      - branch:
          - when: run.erp.ok && run.erp.body.accepted == true
            steps: [{stop: accepted}]
          - otherwise:
            steps: [{stop: refused}]
    """

    def customer(self, answer: Answer, on_error: str = "continue") -> Customer:
        flow = a_workflow(self.FLOW.replace("ON_ERROR", on_error))
        customer = Customer(flow, answers={"erp": answer})
        return customer.does("order.placed", order_id="o1", total=euros("12.50"), items=[{"title": "Mug"}])

    def test_what_is_called(self) -> None:
        (call,) = self.customer(Answer()).effects_of(Http)
        assert (call.method, call.url) == ("POST", "https://erp.example.com/orders/o1")
        assert call.headers == {"X-Shop": "casa-luna"}
        assert call.body == {"order": "o1", "total": 12.5, "lines": 1, "kind": "web", "n": 1}

    def test_the_answer_is_kept(self) -> None:
        customer = self.customer(Answer(status=201, body={"accepted": True}))
        assert customer.run.end_reason == "accepted"

    def test_a_field_that_the_answer_lacks_is_no_failure(self) -> None:
        assert self.customer(Answer(body={})).run.end_reason == "refused"

    @pytest.mark.parametrize(("status", "ok"), [(200, True), (204, True), (302, False), (404, False), (500, False)])
    def test_only_what_begins_with_a_two_is_a_success(self, status: int, ok: bool) -> None:
        saved = self.customer(Answer(status=status)).run.saved["erp"]
        assert (saved["status"], saved["ok"]) == (status, ok)

    def test_it_goes_with_the_customer(self) -> None:
        flow = a_workflow(self.FLOW.replace("ON_ERROR", "continue").replace("- branch:", "- wait: 1d\n      - branch:"))
        customer = Customer(flow, answers={"erp": Answer(body={"name": "Ana"})}).does("order.placed", order_id="o1")
        assert customer.run.saved["erp"]["body"] == {"name": "Ana"}
        assert customer.does("customer.redacted", "1h").run.saved == {}

    def test_a_failure_may_stop_the_run(self) -> None:
        assert self.customer(Answer(status=503), "stop").run.end_reason == "erp failed: status 503"
        assert self.customer(Answer(error="timed out"), "stop").run.end_reason == "erp failed: timed out"

    def test_or_be_dealt_with(self) -> None:
        customer = self.customer(Answer(error="timed out"))
        assert customer.run.end_reason == "refused"
        assert customer.run.saved["erp"] == {"ok": False, "status": 0, "body": None, "error": "timed out"}


class TestTables:
    FLOW = """
    workflow: flow
    trigger: {event: quote.requested}
    steps:
      - decide:
          hit: HIT
          rules:
            - {when: trigger.weight_kg > 30.0, set: {cost: 49, by: truck}}
            - {when: trigger.destination == "ES", set: {cost: 9, by: post}}
            - {otherwise: , set: {cost: 19, by: post}}
          as: delivery
    """

    @pytest.mark.parametrize(
        ("hit", "weight", "destination", "saved"),
        [
            ("first", 40.0, "ES", {"cost": 49, "by": "truck"}),
            ("first", 4.0, "ES", {"cost": 9, "by": "post"}),
            ("first", 4.0, "IT", {"cost": 19, "by": "post"}),
            ("unique", 4.0, "IT", {"cost": 19, "by": "post"}),
            ("collect", 40.0, "ES", {"cost": [49, 9], "by": ["truck", "post"]}),
        ],
    )
    def test_the_rules_that_hold(self, hit: str, weight: float, destination: str, saved: dict[str, Any]) -> None:
        customer = Customer(a_workflow(self.FLOW.replace("HIT", hit)))
        customer.does("quote.requested", quote_id="q1", weight_kg=weight, destination=destination)
        assert customer.run.saved["delivery"] == saved

    def test_two_rules_of_a_unique_table_are_told(self) -> None:
        customer = Customer(a_workflow(self.FLOW.replace("HIT", "unique")))
        customer.does("quote.requested", quote_id="q1", weight_kg=40.0, destination="ES")
        (told,) = [check for one in customer.simulation.decisions for check in one.trace if check.error]
        assert told.error == "several rules hold: rule-1, rule-2; the first counts"


class TestDoing:
    def test_attributes_and_tags_are_known_at_once(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: order.placed}
            steps:
              - set: {attributes: {tier: gold, orders: customer.orders_count}, tags: {add: [vip], remove: [new]}}
              - branch:
                  - when: customer.attributes.tier == "gold" && "vip" in customer.tags
                    steps: [{stop: gold}]
            """
        )
        customer = Customer(flow, facts=known(tags=["new", "web"])).does("order.placed", order_id="o1")
        assert customer.run.end_reason == "gold"
        assert (customer.facts.tags, customer.facts.attributes) == (["web", "vip"], {"tier": "gold", "orders": 1})
        (changed,) = customer.effects_of(SetAttributes)
        assert changed.attributes == {"tier": "gold", "orders": 1}

    def test_an_event_that_is_emitted_can_start_another_workflow(self) -> None:
        source = a_workflow(
            """
            workflow: source
            trigger: {event: quote.requested}
            steps:
              - emit: {event: quote.expired, data: {quote_id: trigger.quote_id, note: "no answer"}}
            """
        )
        target = a_workflow(
            """
            workflow: target
            trigger: {event: quote.expired}
            steps: [{stop: seen}]
            """
        )
        customer = Customer(source, target).does("quote.requested", quote_id="q1")
        (emitted,) = customer.effects_of(Emit)
        assert emitted.event.data == {
            "quote_id": "q1",
            "note": "no answer",
            "customer": {"email": "ana@example.com"},
        }
        assert [run.workflow for run in customer.runs] == ["source", "target"]

    def test_a_workflow_can_be_started_for_each_item(self) -> None:
        source = a_workflow(
            """
            workflow: source
            trigger: {event: order.placed}
            steps:
              - start: {workflow: review, for_each: trigger.items, data: {order: trigger.order_id}}
            """
        )
        review = a_workflow(
            """
            workflow: review
            key: trigger.data.item.sku
            trigger: {manual: }
            steps: [{wait: 7d}]
            """
        )
        customer = Customer(source, review)
        customer.does(
            "order.placed", order_id="o1", items=[{"title": "Mug", "sku": "m"}, {"title": "Bowl", "sku": "b"}]
        )
        assert len(customer.effects_of(StartRun)) == 2
        assert [run.key for run in customer.runs if run.workflow == "review"] == ["m", "b"]

    def test_a_person_can_start_one(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {manual: , when: customer.orders_count > 0}
            steps: [{wait: 1d}]
            """
        )
        assert Customer(flow).is_started("flow").kinds == ["not_started"]
        assert Customer(flow, facts=known(orders_count=1)).is_started("flow").kinds == ["started"]
