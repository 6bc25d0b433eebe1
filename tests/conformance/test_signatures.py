"""For every platform that signs: no changed byte passes, both secrets do while one replaces the other."""

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.errors import InvalidSignature
from tests.ingest.signing import addressed, signed

FIXTURES = Path(__file__).parents[1] / "ingest" / "fixtures"
BY_BODY = ("shopify", "woocommerce", "orocommerce", "adobe-commerce")
"""BigCommerce's secret in a header covers no body; its signature is tested in `test_bigcommerce`."""
OLD, NEW = "the-secret-before", "the-secret-of-now"
EXAMPLES: Mapping[str, bytes] = {name: min((FIXTURES / name).glob("*.json")).read_bytes() for name in BY_BODY}

every_platform = pytest.mark.parametrize("name", BY_BODY)


@every_platform
def test_either_secret_passes_while_one_replaces_the_other(name: str) -> None:
    for secret in (OLD, NEW):
        CONNECTORS[name].authenticate([OLD, NEW], signed(name, addressed(name, EXAMPLES[name], secret), secret))
    over = signed(name, addressed(name, EXAMPLES[name], OLD), OLD)
    with pytest.raises(InvalidSignature):
        CONNECTORS[name].authenticate([NEW], over)


@every_platform
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_changed_byte_passes(name: str, data: st.DataObject) -> None:
    request = signed(name, addressed(name, EXAMPLES[name], NEW), NEW)
    place = data.draw(st.integers(0, len(request.body) - 1))
    changed = bytearray(request.body)
    changed[place] ^= data.draw(st.integers(1, 255))
    tampered = data.draw(st.sampled_from([bytes(changed), request.body[:place], request.body + b" "]))
    with pytest.raises(InvalidSignature):
        CONNECTORS[name].authenticate([OLD, NEW], msgspec.structs.replace(request, body=tampered))


@pytest.mark.parametrize("name", ["orocommerce", "adobe-commerce"])
def test_where_the_topic_is_signed_no_header_changes_it(name: str) -> None:
    body = EXAMPLES[name]
    told = CONNECTORS[name].claims({}, body)
    forged = dict.fromkeys((*CONNECTORS[name].headers, "webhook-topic", "x-adobe-event-code"), "order.deleted")
    assert CONNECTORS[name].claims(forged, body) == told
    assert told.topic
    assert json.loads(body)
