"""No fixture has a field that the platform's own samples and recorded webhooks don't have.

`published_fields.json` has the paths of every field of Shopify, by topic, over all API versions: of the npm package
that `make conformance` reads, and of recorded webhooks. `published_fields_woocommerce.json` has those of WooCommerce by
resource: of the examples in the documentation of its REST API v3 and of the subscriptions extension, and of webhooks
that WooCommerce 7.4 sent. `?` marks those that are empty somewhere: what stands below is not shown.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.webhooks import FIXTURES, topic_of

HERE = Path(__file__).parent
PUBLISHED: dict[str, list[str]] = json.loads((HERE / "published_fields.json").read_text())
WOOCOMMERCE: dict[str, list[str]] = json.loads((HERE / "published_fields_woocommerce.json").read_text())

MORE = {
    "carts/create": ("line_items[].featured_image",),  # the storefront's cart has it, the sample of the webhook not
    "carts/update": ("line_items[].featured_image",),
    "draft_orders/create": ("customer.password",),  # a secret that must never be kept
    "variants/in_stock": ("inventory_item_id",),  # that of the variant inside products/update
    "variants/out_of_stock": ("inventory_item_id",),
    "order": ("line_items[].parent_name",),  # WooCommerce 4.0 and later; the example of a subscription has it
}
"""What the fixtures have beyond that, by topic, and why."""
EMPTY = ("returns/process",)
"""Topics whose published sample is `{}`: the fixture has the fields of the other returns."""


def paths(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            path = f"{at}.{name}" if at else name
            yield path
            yield from paths(inner, path)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{at}[]")


def unheard_of(topic: str, body: Any, published: dict[str, list[str]] = PUBLISHED) -> list[str]:
    known = {path.rstrip("?") for path in published[topic]}
    hidden = tuple(path[:-1] + mark for path in published[topic] if path.endswith("?") for mark in (".", "[]"))
    more = MORE.get(topic, ())
    found = dict.fromkeys(path for path in paths(body) if path not in known and not path.startswith(hidden))
    return [path for path in found if not path.startswith(more)] if more else list(found)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_a_fixture_has_no_field_that_was_made_up(file: Path) -> None:
    topic = topic_of(file)
    if topic in EMPTY:
        assert unheard_of("returns/request", json.loads(file.read_bytes())) == []
        return
    assert unheard_of(topic, json.loads(file.read_bytes())) == []


@pytest.mark.parametrize("file", sorted((HERE / "fixtures" / "woocommerce").glob("*.json")), ids=lambda file: file.stem)
def test_a_fixture_of_woocommerce_has_no_field_that_was_made_up(file: Path) -> None:
    resource, _, event = file.stem.partition(".")
    kind = "deletion" if event == "deleted" else resource
    assert unheard_of(kind, json.loads(file.read_bytes()), WOOCOMMERCE) == []


def test_a_field_that_was_made_up_would_be_found() -> None:
    assert unheard_of("orders/create", {"id": 1, "totl": 2, "line_items": [{"titel": "x"}]}) == [
        "totl", "line_items[].titel",
    ]  # fmt: skip


OROCOMMERCE: dict[str, list[str]] = json.loads((HERE / "published_fields_orocommerce.json").read_text())


def resources(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "attributes" in value:
            yield value
        for inner in value.values():
            yield from resources(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from resources(inner)


@pytest.mark.parametrize("file", sorted((HERE / "fixtures" / "orocommerce").glob("*.json")), ids=lambda file: file.stem)
def test_a_fixture_of_orocommerce_has_no_field_that_was_made_up(file: Path) -> None:
    body = json.loads(file.read_bytes())
    assert {*body, *(f"eventData.{name}" for name in body["eventData"])} <= set(OROCOMMERCE["notification"])
    for resource in resources(body["eventData"]):
        named = {f"{part}.{name}" for part in ("attributes", "relationships") for name in resource.get(part, {})}
        assert named <= set(OROCOMMERCE[resource["type"]]), resource["type"]


ADOBE: dict[str, list[str]] = json.loads((HERE / "published_fields_adobe_commerce.json").read_text())


@pytest.mark.parametrize(
    "file", sorted((HERE / "fixtures" / "adobe-commerce").glob("*.json")), ids=lambda file: file.stem
)
def test_a_fixture_of_adobe_commerce_has_no_field_that_was_made_up(file: Path) -> None:
    body = json.loads(file.read_bytes())
    value = body["data"].pop("value")
    assert unheard_of("event", body, ADOBE) == []
    assert unheard_of(file.stem, value, ADOBE) == []


BIGCOMMERCE: dict[str, list[str]] = json.loads((HERE / "published_fields_bigcommerce.json").read_text())


@pytest.mark.parametrize(
    "file", sorted((HERE / "fixtures" / "bigcommerce").glob("**/*.json")), ids=lambda file: file.stem
)
def test_a_fixture_of_bigcommerce_has_no_field_that_was_made_up(file: Path) -> None:
    known = file.stem if file.parent.name == "answers" else "notification"
    named = {path.removeprefix("[].") for path in paths(json.loads(file.read_bytes()))}
    assert named <= set(BIGCOMMERCE[known])
