"""What the tests of ingest share: the fixtures, and a webhook read as its events."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from relevo_contracts.envelope import Event
from relevo_ingest.app.event_store import state_queries
from relevo_ingest.connectors.connector import Connector, Fetch
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import DEFAULT_LIMITS, Arrival, Conclusion, NoEvent, Pending, ShopContext, finish
from tests.ingest.states import MemoryStates

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


class ShopSession:
    """A shop that tells one entity after another, and ingest's memory of it. All of it without IO."""

    def __init__(self, shop: ShopContext = SHOP, connector: Connector = CONNECTORS["shopify"]) -> None:
        self.shop = shop
        self.connector = connector
        self.states = MemoryStates()
        self._count = 0

    def conclusion(self, topic: str, body: object, arrival: Arrival | None = None) -> Conclusion:
        """What a webhook says, or why nothing."""
        self._count += 1
        reading = self.connector.read(topic, body if isinstance(body, bytes) else body_of(body), self.shop)
        assert not isinstance(reading, Fetch), "a message that has to be fetched first"
        if not isinstance(reading, Pending):
            return reading
        questions = state_queries(reading, arrival or arrived(f"told-{self._count}"))
        seen = self.states.views(list(questions.values()))
        return reading.conclude(dict(zip(questions, seen, strict=True)))

    def events_of(
        self, topic: str, body: object, *, delivery: str = "", received: datetime = RECEIVED, occurrence: str = ""
    ) -> list[Event]:
        """The events of a webhook; empty if it has none."""
        arrival = arrived(delivery or f"told-{self._count + 1}", received, occurrence)
        said = self.conclusion(topic, body, arrival)
        if isinstance(said, NoEvent):
            return []
        keys = {draft.subject: "some-key" for draft in said}
        return [msgspec.json.decode(done.value, type=Event) for done in finish(said, keys, arrival, DEFAULT_LIMITS)]

    def reason_of(self, topic: str, body: object) -> str:
        """Why a webhook has no event."""
        said = self.conclusion(topic, body)
        assert isinstance(said, NoEvent), said
        return said.reason


def arrived(delivery: str, received: datetime = RECEIVED, occurrence: str = "") -> Arrival:
    return Arrival(shop="tea", id=delivery, source="/shops/tea/shopify", received=received, occurrence=occurrence)


def read_events(topic: str, body: bytes, *, delivery: str = "w-1", received: datetime = RECEIVED) -> list[Event]:
    """The events of a webhook that is the first of its shop; empty if it has none."""
    return ShopSession().events_of(topic, body, delivery=delivery, received=received)


def events_of(topic: str, **changes: object) -> list[Event]:
    """The events of the topic's fixture, with some top-level fields changed."""
    return read_events(topic, body_of(fixture(topic) | changes))


def names_of(topic: str) -> list[str]:
    """The names under which the fixture's person is known, without hashes of addresses."""
    reading = ShopSession().conclusion(topic, fixture(topic))
    assert not isinstance(reading, NoEvent)
    names = [alias.name for alias in getattr(reading[0].subject, "aliases", ())]
    return [name.partition(":")[0] if name.startswith(("email", "phone")) else name for name in names]
