"""Ingest serves its OpenAPI document and answers as it says; the catalogue's examples are taken as they stand."""

import json
from typing import Any

import httpx
import jsonschema

from relevo_contracts.examples import cloud_event
from relevo_contracts.payloads import EVENT_TYPES
from relevo_ingest.entrypoints.openapi import openapi
from tests.ingest.conftest import Ingest

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
ERASING = ("customer.redacted", "shop.redacted")


def as_described(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer to a posted event, which is as the document says."""
    document = openapi()
    described = document["paths"]["/events/{shop}"]["post"]["responses"][str(answer.status_code)]
    media = answer.headers["content-type"].partition(";")[0]
    schema = described["content"][media]["schema"]
    body: dict[str, Any] = answer.json()
    jsonschema.validate(body, schema | {"components": document["components"]})
    return body


async def test_the_document_is_served(ingest: Ingest) -> None:
    answer = await ingest.client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(openapi()))


async def test_every_example_of_the_catalogue_is_taken_as_it_stands(ingest: Ingest) -> None:
    events = [cloud_event(name) for name in EVENT_TYPES if name not in ERASING]
    answer = await ingest.send(json.dumps(events).encode(), content_type=BATCH)
    told = as_described(answer)["events"]
    assert [(one["type"], one.get("note", "")) for one in told] == [(event["type"], "") for event in events]


async def test_refusals_are_as_the_document_says(ingest: Ingest) -> None:
    event = cloud_event("order.placed")
    typo = event | {"id": "2", "data": event["data"] | {"numbr": "#7"}}
    other = event | {"data": event["data"] | {"number": "#7"}}
    statuses = []
    for body, content_type, token in (
        (event, STRUCTURED, "token-of-the-erp"),
        (event, STRUCTURED, "another"),
        (other, STRUCTURED, "token-of-the-erp"),
        (event, "text/plain", "token-of-the-erp"),
        (typo, STRUCTURED, "token-of-the-erp"),
    ):
        answer = await ingest.send(json.dumps(body).encode(), token=token, content_type=content_type)
        as_described(answer)
        statuses.append(answer.status_code)
    assert statuses == [200, 401, 409, 415, 422]
