"""Who comes in, and again: re-entry, enrolment, holdout and the shares of a split."""

from relevo_workflow.model.bucketing import bucket_point
from relevo_workflow.runs.starting import held_out, takes_part
from tests.workflow.shop import CUSTOMER, Customer, a_workflow, euros


class TestReentry:
    FLOW = """
    workflow: flow
    trigger: {event: order.placed}
    reentry: REENTRY
    steps: [{wait: 1d}]
    """

    def starts(self, reentry: str, *days: str) -> list[str]:
        customer = Customer(a_workflow(self.FLOW.replace("REENTRY", reentry)))
        for number, after in enumerate(days):
            customer.does("order.placed", after, order_id=f"o{number}")
        return [kind for kind in customer.kinds if kind in ("started", "not_started")]

    def test_once_ended_waits_for_the_end(self) -> None:
        assert self.starts("once_ended", "0m", "12h", "2d") == ["started", "not_started", "started"]

    def test_never_is_never(self) -> None:
        assert self.starts("never", "0m", "2d", "90d") == ["started", "not_started", "not_started"]

    def test_never_is_never_also_for_one_key_of_many(self) -> None:
        flow = a_workflow(
            self.FLOW.replace("trigger:", "key: trigger.order_id\n    trigger:").replace("REENTRY", "never")
        )
        customer = Customer(flow)
        for number in range(120):
            customer.does("order.placed", f"{number}d", order_id=f"o{number}")
        assert customer.does("order.placed", "130d", order_id="o0").kinds[-1] == "not_started"

    def test_several_may_run_at_once(self) -> None:
        assert self.starts("several", "0m", "1h", "2h") == ["started"] * 3

    def test_but_not_by_the_same_event_again(self) -> None:
        customer = Customer(a_workflow(self.FLOW.replace("REENTRY", "several")))
        for after in ("0m", "1h", "0m", "1h"):
            customer.does("order.placed", after, order_id="o1")
        assert customer.kinds == ["started", "started"]

    def test_after_a_pause(self) -> None:
        assert self.starts("{after: 30d}", "0m", "29d", "30d") == ["started", "not_started", "started"]


class TestShares:
    def test_the_held_out_get_nothing_but_their_orders_count(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: customer.created}
            holdout: 100%
            goal: {event: order.placed, within: 30d, value: event.total}
            steps:
              - send: {channel: email, template: welcome, purpose: marketing}
            """,
            "welcome",
        )
        customer = Customer(flow).does("customer.created")
        assert (customer.kinds, customer.messages, customer.run.holdout) == (["started"], [], True)
        customer.does("order.placed", "2d", order_id="o1", total=euros("20.00"))
        assert customer.goal.value == "20.00"

    def test_a_holdout_is_about_its_share_of_customers(self) -> None:
        held = sum(self._is_held(f"customer-{number}") for number in range(2000))
        assert 60 <= held <= 140  # 5 %: 100 expected, four standard deviations each way

    def _is_held(self, key: str) -> bool:
        return bucket_point("flow", "holdout", key) * 100 < 5

    def test_a_split_gives_a_key_the_same_variant_every_time(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            key: trigger.order_id
            trigger: {event: order.placed}
            reentry: several
            steps:
              - split:
                  - {name: a, weight: 50, steps: [{stop: a}]}
                  - {name: b, weight: 50, steps: [{stop: b}]}
            """
        )
        chosen: dict[str, set[str]] = {}
        for number in range(40):
            customer = Customer(flow)
            for after in ("0m", "1d"):
                customer.does("order.placed", after, order_id=f"o{number}")
            chosen[f"o{number}"] = {run.end_reason for run in customer.runs}
        assert all(len(variants) == 1 for variants in chosen.values())
        assert {variant for variants in chosen.values() for variant in variants} == {"a", "b"}

    def test_the_test_list_takes_part_before_all_others(self) -> None:
        text = """
        workflow: flow
        trigger: {event: customer.created}
        enrol: {customers: [LISTED]}
        steps: [{wait: 1d}]
        """
        listed = Customer(a_workflow(text.replace("LISTED", "ana@example.com"))).does("customer.created")
        other = Customer(a_workflow(text.replace("LISTED", "eva@example.com"))).does("customer.created")
        written = Customer(a_workflow(text.replace("LISTED", "Ana@Example.com"))).does("customer.created")
        by_key = Customer(a_workflow(text.replace("LISTED", CUSTOMER))).does("customer.created")
        kinds = [customer.kinds[0] for customer in (listed, written, by_key, other)]
        assert kinds == ["started", "started", "started", "not_started"]
        assert other.reasons == ["the customer is not among the 0% that take part"]

    def test_who_takes_part_says_nothing_of_who_is_held_out(self) -> None:
        header = "workflow: flow\ntrigger: {event: customer.created}\nholdout: 50%\nenrol: {percent: 50}\n"
        flow = a_workflow(header + "steps: [{wait: 1d}]")
        keys = [f"customer-{number}" for number in range(2000)]
        held = [held_out(flow, key, "") for key in keys if takes_part(flow, key, "")]
        assert 900 <= len(held) <= 1100
        assert 430 <= sum(held) <= 570

    def test_nobody_of_the_test_list_is_held_out(self) -> None:
        text = """
        workflow: flow
        trigger: {event: customer.created}
        holdout: 100%
        enrol: {customers: [LISTED], percent: 100}
        steps: [{wait: 1d}]
        """
        listed = Customer(a_workflow(text.replace("LISTED", "ana@example.com"))).does("customer.created")
        other = Customer(a_workflow(text.replace("LISTED", "eva@example.com"))).does("customer.created")
        assert (listed.run.holdout, other.run.holdout) == (False, True)
