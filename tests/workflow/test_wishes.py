"""What somebody wishes for by a form, in a cart and on a wishlist is one wish, over all workflows that see to it."""

from functools import cache

from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.definition.workflow import Definition
from tests.workflow.shop import Customer, euros
from tests.workflow.test_library import workflow_files

MUG = {"title": "Mug", "product_id": "p-1", "variant_id": "v-1", "price": euros("42.00")}
BOWL = {"title": "Bowl", "product_id": "p-2", "price": euros("20.00")}
ENGRAVING = {"title": "Engraving"}
LIBRARY = ("watch-cart", "watch-wishlist", "watch-article", "back-in-stock", "price-drop")


@cache
def library() -> tuple[Definition, ...]:
    return tuple(load_workflow(workflow_files(name)) for name in LIBRARY)


def a_customer() -> Customer:
    return Customer(*library())


def wishes(customer: Customer, workflow: str) -> list[tuple[str, object]]:
    """What runs of `workflow` wait for, and which origin they have now."""
    return [(run.key, run.trigger.get("origin", "")) for run in customer.runs if run.workflow == workflow]


def test_each_article_of_a_wishlist_is_watched_for_both_kinds_of_news() -> None:
    customer = a_customer().does("wishlist.updated", wishlist_id="w", added=[MUG, ENGRAVING, BOWL])
    both = [("p-1/v-1", "wishlist"), ("p-2/", "wishlist")]
    assert wishes(customer, "back-in-stock") == wishes(customer, "price-drop") == both


def test_the_cart_adds_what_is_not_watched_already() -> None:
    customer = a_customer().does("wishlist.updated", wishlist_id="w", added=[MUG])
    customer.does("cart.updated", "1h", cart_token="c", items=[MUG, BOWL])
    customer.waits("1d2h")
    assert wishes(customer, "back-in-stock") == [("p-1/v-1", "wishlist"), ("p-2/", "cart")]


def test_the_form_takes_the_place_of_the_wishlist() -> None:
    customer = a_customer().does("wishlist.updated", wishlist_id="w", added=[MUG])
    customer.does("back_in_stock.requested", "1h", product_id="p-1", variant_id="v-1")
    customer.does("wishlist.updated", "2h", wishlist_id="w", added=[MUG])
    assert wishes(customer, "back-in-stock") == [("p-1/v-1", "")]
    assert wishes(customer, "price-drop") == [("p-1/v-1", "wishlist")]
