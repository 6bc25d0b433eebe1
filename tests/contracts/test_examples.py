"""The examples of the catalogue: one for each event type, and each is what a strict reader takes."""

import jsonschema
import msgspec
import pytest

from relevo_contracts.checking import faults_of
from relevo_contracts.examples import cloud_event, example
from relevo_contracts.meanings import MEANINGS
from relevo_contracts.payloads import EVENT_TYPES
from relevo_contracts.schemas import event_schema


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_an_example_fits_its_type_and_its_published_schema(event_type: str) -> None:
    assert faults_of(EVENT_TYPES[event_type], example(event_type), strict=True) == []
    stored = {"time": "2026-03-02T08:00:00Z", "receivedtime": "2026-03-02T08:00:01Z", "shop": "tea", "key": "cus_1"}
    jsonschema.validate(cloud_event(event_type) | stored, event_schema(event_type))
    assert msgspec.convert(example(event_type), EVENT_TYPES[event_type])


def test_every_event_type_says_what_it_means() -> None:
    assert list(MEANINGS) == list(EVENT_TYPES)
    assert all(sentence.endswith(".") for sentence in MEANINGS.values())
