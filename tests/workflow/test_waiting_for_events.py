"""What comes for a run that waits for one of several events, or for none of them in time."""

import pytest

from relevo_contracts.messages import WakeUp
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.effects import ArmTimer
from relevo_workflow.model.inputs import TimerInput
from relevo_workflow.runs.handle import handle
from tests.workflow.shop import CUSTOMER, Customer, a_workflow


class TestWaitingForEvents:
    FLOW = """
    workflow: shipping
    key: trigger.order_id
    trigger: {event: order.placed}
    steps:
      - wait_for:
          - event: shipment.delivered
            where: event.order_id == trigger.order_id
            as: parcel
            steps:
              - send: {channel: email, template: delivered, purpose: transactional}
          - event: order.cancelled
            where: event.order_id == trigger.order_id
            steps: [{stop: cancelled}]
          - timeout: 10d
            steps:
              - send: {channel: email, template: delayed, purpose: transactional}
      - send: {channel: email, template: thanks, purpose: marketing}
    """

    @pytest.fixture
    def flow(self) -> Definition:
        return a_workflow(self.FLOW, "delivered", "delayed", "thanks")

    def test_the_event_goes_its_way_and_is_kept(self, flow: Definition) -> None:
        customer = Customer(flow).does("order.placed", order_id="o1")
        customer.does("shipment.delivered", "2d", order_id="o1", shipment_id="s1")
        assert customer.messages == [("delivered", "2d"), ("thanks", "2d")]
        assert customer.run.saved["parcel"]["shipment_id"] == "s1"

    def test_the_timeout_goes_its_own(self, flow: Definition) -> None:
        customer = Customer(flow).does("order.placed", order_id="o1").ends()
        assert customer.messages == [("delayed", "10d"), ("thanks", "10d")]

    def test_another_event_of_the_list(self, flow: Definition) -> None:
        customer = Customer(flow).does("order.placed", order_id="o1").does("order.cancelled", "1d", order_id="o1")
        assert customer.messages == []
        assert customer.ended == ("cancelled", "1d")

    def test_nor_is_one_of_an_import(self, flow: Definition) -> None:
        customer = Customer(flow).does("order.placed", order_id="o1")
        customer.does("shipment.delivered", "2d", order_id="o1", shipment_id="s1", historical=True)
        assert customer.ends().messages[0] == ("delayed", "10d")

    def test_an_event_of_another_order_is_not_meant(self, flow: Definition) -> None:
        customer = Customer(flow).does("order.placed", order_id="o1").does("order.placed", "1h", order_id="o2")
        customer.does("shipment.delivered", "2d", order_id="o2", shipment_id="s2").waits("3d")
        assert [run.saved.get("parcel", {}).get("shipment_id") for run in customer.runs] == [None, "s2"]

    def test_the_timer_of_a_wait_that_is_over_does_nothing(self, flow: Definition) -> None:
        customer = Customer(flow).does("order.placed", order_id="o1")
        (timer,) = customer.effects_of(ArmTimer)
        customer.does("shipment.delivered", "2d", order_id="o1", shipment_id="s1")
        before = customer.simulation.subject
        stale = WakeUp(
            id="w",
            shop="casa-luna",
            key=CUSTOMER,
            timer_id=timer.id,
            due_at=timer.due_at,
            run_id=timer.run_id,
            turn=timer.turn,
            name=timer.name,
        )
        after = handle([flow], {}, before, TimerInput(stale), timer.due_at)
        assert after.subject == before
        assert after.decisions == ()
