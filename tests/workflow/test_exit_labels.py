"""Exits for one reason are ways of their own: in paths, traces, places and coverage. The reason stays for people."""

from relevo_workflow.changes.comparison import compare_versions
from relevo_workflow.testing.coverage import coverage
from tests.workflow.shop import Customer, a_workflow, euros

TEXT = """\
workflow: flow
trigger: {event: checkout.started}
exit:
  - {event: order.placed, reason: bought}
  - {event: [order.paid, order.cancelled], reason: bought}
  - event: consent.changed
  - {event: refund.created, reason: bought}
steps:
  - wait: 1d
"""


def test_a_second_exit_for_a_reason_has_a_way_of_its_own() -> None:
    flow = a_workflow(TEXT)
    assert list(coverage(flow, []).paths) == ["exit/bought", "exit/bought-2", "exit/consent.changed", "exit/bought-3"]
    assert [flow.position_of(way).line for way in coverage(flow, []).paths] == [4, 5, 6, 7]


def test_its_path_and_its_reason() -> None:
    flow = a_workflow(TEXT)
    for event in ("order.paid", "order.cancelled"):
        customer = Customer(flow).does("checkout.started", checkout_token="c", total=euros("1.00"))
        customer.does(event, "1h", order_id="o")
        assert customer.path[-1] == "exit/bought-2"
        assert customer.run.end_reason == "bought"
        assert "exit/bought-2" not in coverage(flow, [customer.path]).missed
        assert "exit/bought" in coverage(flow, [customer.path]).missed


def test_a_reason_that_looks_like_the_second_of_another() -> None:
    flow = a_workflow(
        """
        workflow: flow
        trigger: {event: checkout.started}
        exit:
          - {event: order.paid, reason: bought-2}
          - {event: order.placed, reason: bought}
          - {event: refund.created, reason: bought}
        steps: [{wait: 1d}]
        """
    )
    assert list(coverage(flow, []).paths) == ["exit/bought-2", "exit/bought", "exit/bought-3"]


def test_that_ways_are_numbered_is_no_change_to_tell() -> None:
    fewer = TEXT.replace("  - {event: order.placed, reason: bought}\n", "")
    assert not any("exit/" in line for line in compare_versions(a_workflow(TEXT), a_workflow(fewer)).lines())
