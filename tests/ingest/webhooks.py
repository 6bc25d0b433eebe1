"""What the tests of ingest share: the fixtures, and a webhook read as its events."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from relevo_contracts.envelope import Event
from relevo_ingest.core.drafts import DEFAULT_LIMITS, Arrival, NoEvent, ShopContext, finish
from relevo_ingest.core.shopify import topics

FIXTURES = Path(__file__).parent / "fixtures" / "shopify"
RECEIVED = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
SHOP = ShopContext(shop="tea", currency="USD", region="US")


def topic_of(file: Path) -> str:
    """`orders.create.json` → `orders/create`; the tag topics have a point in their own names."""
    parts = file.name.split(".")
    return f"{parts[0]}.{parts[1]}" if parts[0] == "customer" else f"{parts[0]}/{parts[1]}"


def fixture(topic: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / f"{topic.replace('/', '.')}.json").read_text())
    return loaded


def body_of(value: object) -> bytes:
    return json.dumps(value).encode()


def read_events(topic: str, body: bytes, *, delivery: str = "w-1", received: datetime = RECEIVED) -> list[Event]:
    """The events of a webhook; empty if it has none."""
    reading = topics.read(topic, body, SHOP)
    if isinstance(reading, NoEvent):
        return []
    keys = {draft.subject: "some-key" for draft in reading}
    arrival = Arrival(shop="tea", id=delivery, source="/shops/tea/shopify", received=received)
    return [done.event for done in finish(reading, keys, arrival, DEFAULT_LIMITS)]


def events_of(topic: str, **changes: object) -> list[Event]:
    """The events of the topic's fixture, with some top-level fields changed."""
    return read_events(topic, body_of(fixture(topic) | changes))


def names_of(topic: str) -> list[str]:
    """The names under which the fixture's person is known, without hashes of addresses."""
    reading = topics.read(topic, body_of(fixture(topic)), SHOP)
    assert not isinstance(reading, NoEvent)
    names = [alias.name for alias in getattr(reading[0].subject, "aliases", ())]
    return [name.partition(":")[0] if name.startswith(("email", "phone")) else name for name in names]
