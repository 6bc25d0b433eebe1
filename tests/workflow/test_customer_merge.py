"""Two customers who are one: a run ends where the kept one is on its way already, but a rehearsal ends no real run."""

from msgspec import structs

from relevo_workflow.model.state import Subject
from relevo_workflow.runs.customer_merge import REASON, merge_customers
from tests.workflow.shop import START, Customer, a_workflow

FLOW = a_workflow("workflow: flow\ntrigger: {event: customer.created}\nsteps: [{wait: 1d}]\n")


def on_the_way(key: str, *, test: bool = False) -> Subject:
    (run,) = Customer(FLOW).does("customer.created").simulation.subject.runs
    return Subject(shop="s", key=key, runs=(structs.replace(run, id=f"run-{key}", customer=key, key=key, test=test),))


def ends(kept: Subject, merged: Subject) -> list[str]:
    handled = merge_customers(kept, [merged], {FLOW.version: FLOW}, START, "m-1")
    return [one.reason for one in handled.decisions if one.run is not None and one.run.state == "ended"]


def test_one_of_two_runs_of_a_workflow_ends() -> None:
    assert ends(on_the_way("bea"), on_the_way("ana")) == [REASON]


def test_a_rehearsal_ends_no_real_run_and_no_real_run_a_rehearsal() -> None:
    assert ends(on_the_way("bea", test=True), on_the_way("ana")) == []
    assert ends(on_the_way("bea"), on_the_way("ana", test=True)) == []
