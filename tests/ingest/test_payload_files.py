"""Recorded Shopify webhooks, where the folder with them is there: each is an event, or says why it is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from relevo_contracts.messages import Unrecognised
from relevo_ingest.core.drafts import DEFAULT_LIMITS, NoEvent
from relevo_ingest.core.unrecognised import encode, unrecognised
from tests.ingest.webhooks import FIXTURES, RECEIVED, ShopSession, read_events, topic_of

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "payloads" / "shopify"


def files() -> Iterator[Path]:
    """The project's own fixtures always, the recorded ones where they are."""
    for folder in (FIXTURES, RECORDED):
        yield from (file for file in sorted(folder.glob("*.json")) if ".headers." not in file.name)


@pytest.mark.parametrize("file", list(files()), ids=lambda file: f"{file.parts[-3]}/{file.name}")
def test_each_payload_is_an_event_or_says_why_not(file: Path) -> None:
    topic, body = topic_of(file), file.read_bytes()
    reading = ShopSession().conclusion(topic, body)
    if not isinstance(reading, NoEvent):
        events = read_events(topic, body)
        assert events
        assert all(event.payload() for event in events)
        return
    assert reading.reason
    kept = unrecognised(
        shop="tea",
        platform="shopify",
        topic=topic,
        why=reading,
        delivery_id="w",
        body=body,
        received=RECEIVED,
    )
    assert isinstance(kept, Unrecognised)
    assert len(encode(kept, DEFAULT_LIMITS.message_bytes)) > 100
