"""The table of which events a Shopify topic can make is true of the readers."""

import pytest

from relevo_contracts.payloads import EVENT_TYPES
from relevo_ingest.connectors.registry import topics_of
from relevo_ingest.connectors.shopify import topics
from relevo_ingest.connectors.shopify.events_by_topic import EVENTS_BY_TOPIC
from tests.ingest.test_shopify_topics import EXPECTED


def test_the_table_has_every_topic_that_is_read() -> None:
    assert list(EVENTS_BY_TOPIC) == list(topics.READERS)
    assert {name for made in EVENTS_BY_TOPIC.values() for name in made} <= set(EVENT_TYPES)


@pytest.mark.parametrize("topic", EXPECTED)
def test_a_topic_makes_no_other_events_than_the_table_says(topic: str) -> None:
    assert set(EXPECTED[topic]) <= set(EVENTS_BY_TOPIC[topic])


def test_it_is_found_who_sends_an_event() -> None:
    assert topics_of("order.placed")["Shopify"] == ["orders/create"]
    assert topics_of("quote.declined") == {"OroCommerce": ["quote.created", "quote.updated"]}
    assert topics_of("coupon.expired") == {}
