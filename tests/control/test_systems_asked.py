"""Which shops lack a system that their workflows ask: for any shops, systems and versions."""

from hypothesis import given
from hypothesis import strategies as st

from relevo_control.app.systems_asked import ShopPorts, Unserved, unserved
from relevo_runtime.catalog import EVERY_SHOP
from relevo_workflow import Definition
from tests.workflow.shop import a_workflow

SHOPS = ("acme", "tea")


def asking(name: str, *steps: str) -> Definition:
    lines = "".join(f"  - {step}\n" for step in steps)
    return a_workflow(f"workflow: {name}\ntrigger: {{event: order.placed}}\nsteps:\n{lines}")


ERP = "system: {call: erp.credit_check, with: {amount: trigger.total}, as: credit, on_error: continue}"
BOOKS = "system: {call: accounting.open_items, as: open, on_error: stop}"
BOTH, NONE = asking("both", ERP, BOOKS), asking("none", "wait: 1h")


def test_a_shop_without_the_systems_is_named_with_what_becomes_of_runs() -> None:
    found = unserved([(EVERY_SHOP, BOTH), (EVERY_SHOP, NONE)], ShopPorts(["acme"], frozenset()), set())
    assert found == [Unserved("acme", "both", "accounting", ends=True), Unserved("acme", "both", "erp", ends=False)]


def test_a_version_of_one_shop_takes_the_place_of_that_of_every_shop() -> None:
    known = ShopPorts(["acme", "tea"], frozenset())
    deployed = [(EVERY_SHOP, BOTH), ("tea", asking("both", "wait: 1h"))]
    assert {one.shop for one in unserved(deployed, known, {("tea", "both")})} == {"acme"}


@given(st.frozensets(st.tuples(st.sampled_from(SHOPS), st.sampled_from(("erp", "accounting", "crm")))))
def test_exactly_what_is_asked_and_not_served_is_found(served: frozenset[tuple[str, str]]) -> None:
    found = unserved([(EVERY_SHOP, BOTH)], ShopPorts(list(SHOPS), served), set())
    wanted = {(shop, port) for shop in SHOPS for port in ("erp", "accounting")}
    assert {(one.shop, one.port) for one in found} == wanted - served
