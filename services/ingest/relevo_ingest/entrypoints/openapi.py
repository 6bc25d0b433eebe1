"""The OpenAPI document of ingest, made from the payloads, the receipts and the problems that the code answers with."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.event_types import CUSTOM
from relevo_contracts.examples import cloud_event, example
from relevo_contracts.payloads import EVENT_TYPES, CustomEvent
from relevo_ingest.app.event_store import Receipt
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.cloudevents import BATCH, JSON, STRUCTURED, CloudEvent
from relevo_ingest.entrypoints.openapi_storefront import storefront_paths
from relevo_runtime.openapi import answered, document, of_kind, parameter, problem, schema, too_large_for
from relevo_runtime.problems import BODY_TOO_SLOW, NOT_AUTHENTIC, NOT_STORED, UNKNOWN_PATH

_Document = dict[str, Any]
_DATA = ("data", "data_base64")
_CUSTOM_EVENT = "custom.NAME"
_MEANING = (
    "How events come in: webhooks of shops, and CloudEvents 1.0 of a shop's own systems. A 200 says that Kafka has "
    "the events. Every refusal is a problem document (RFC 9457). What is sent again with the same id is the same event."
)
_TIME = "2026-03-02T08:00:00Z"
_RECEIPT = {
    "events": [
        {"id": "my-shop#order.placed-1", "type": "order.placed", "key": "cus_1", "time": "2026-03-02T08:00:00Z"}
    ],
    "unrecognised": [],
    "waiting": [],
}
_SHOP = parameter("shop", "the shop's name, as `relevo shops add` got it")
_PLATFORM = parameter("platform", "the shop's platform", of={"type": "string", "enum": list(CONNECTORS)})
_PICTURE: dict[str, object] = {}
_TOKEN = parameter("token", "the signed token of the link; it says whom it is about and what it may do")
_PAGE = {"type": "string"}
_TOO_LARGE = too_large_for(2_097_152)
_TOO_SLOW = of_kind(
    "The body did not arrive in time",
    BODY_TOO_SLOW,
    "the body did not arrive within 10 s",
)
_TOO_MANY = problem(
    "The shop sends more than its share",
    429,
    "too-many-requests",
    "The shop sends too much at once",
    "tea sends more than its share; go on in 1 s",
)
_AGAIN = of_kind(
    "It could not be stored in time; nothing was lost",
    NOT_STORED,
    "nothing was lost; send it again in 5 s (storing took longer than 4 s)",
)
_NOT_AUTHENTIC = of_kind(
    "The signature or token is not one of the shop's, or there is no such shop: the answer does not tell which",
    NOT_AUTHENTIC,
    "the bearer token is not one of the shop's for events, or there is no such shop",
)

_NO_PLATFORM = of_kind("There is no such platform", UNKNOWN_PATH, "POST /hooks/tea/nowhere: Not Found")


def openapi() -> _Document:
    """The document. A test compares its paths with the routes of the application."""
    structs: list[type[Struct]] = [_attributes(), Receipt, CustomEvent, *dict.fromkeys(EVENT_TYPES.values())]
    events = {name: _event({"const": name}, payload.__name__) for name, payload in EVENT_TYPES.items()}
    events[_CUSTOM_EVENT] = _event({"type": "string", "pattern": rf"^{CUSTOM}[a-z0-9_]+$"}, CustomEvent.__name__)
    references = [schema(name) for name in events]
    mapping = {name: schema(name)["$ref"] for name in EVENT_TYPES}
    any_event = {
        "description": "One event of the catalogue, or one that the shop declared itself",
        "oneOf": references,
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    found = document(
        "Relevo: ingest", _MEANING, _paths(), structs, extra={**events, "AnyEvent": any_event, "AnyData": _any_data()}
    )
    for name, connector in CONNECTORS.items():
        header, meaning = connector.signature.header, connector.signature.meaning
        found["components"]["securitySchemes"][name] = {
            "type": "apiKey",
            "in": "header",
            "name": header,
            "description": f"{connector.title}: {meaning}",
        }
    return found


def _attributes() -> type[Struct]:
    """`CloudEvent` without its data, which its type describes."""
    fields = [
        (one.name, one.type) if one.required else (one.name, one.type, one.default)
        for one in msgspec.structs.fields(CloudEvent)
        if one.name not in _DATA
    ]
    doc = "The attributes of an event (CloudEvents 1.0)."
    return msgspec.defstruct(CloudEvent.__name__, fields, kw_only=True, namespace={"__doc__": doc})


def _event(type_: _Document, payload: str) -> _Document:
    one = {"type": "object", "required": ["data"], "properties": {"type": type_, "data": schema(payload)}}
    return {"allOf": [schema(CloudEvent.__name__), one]}


def _any_data() -> _Document:
    payloads = [*dict.fromkeys(payload.__name__ for payload in EVENT_TYPES.values()), CustomEvent.__name__]
    return {"description": "The data of an event: what its type has", "anyOf": [schema(name) for name in payloads]}


def _paths() -> _Document:
    return {
        "/events/{shop}": {"parameters": [_SHOP], "post": _post_events(), "options": _handshake()},
        "/hooks/{shop}/{platform}": {
            "parameters": [_SHOP, _PLATFORM],
            "post": _post_webhook(),
            "get": _ask_for_webhooks(),
        },
        "/u/{token}": {"parameters": [_TOKEN], "get": _page(posted=False), "post": _page(posted=True)},
        "/l/{token}": {"parameters": [_TOKEN], "get": _redirect()},
        "/o/{token}": {"parameters": [_TOKEN], "get": _plain("showPixel", "One pixel.", "image/gif", _PICTURE)},
        "/preferences/{token}": {
            "parameters": [_TOKEN],
            "get": _choosing(posted=False),
            "post": _choosing(posted=True),
        },
        "/survey/{token}": {"parameters": [_TOKEN], "get": _asking(posted=False), "post": _asking(posted=True)},
        **storefront_paths(_SHOP),
        "/healthz": {"get": _plain("alive", "The process answers.", "text/plain", "ok")},
        "/openapi.json": {"get": _plain("openapi", "This document.", JSON, {"type": "object"})},
    }


def _redirect() -> _Document:
    return {
        "operationId": "followLink",
        "summary": "A link of a message: leads where its token says, and to nowhere else",
        "security": [],
        "responses": {
            "302": {"description": "On to the page that the link names"},
            "404": answered("The link is not one of ours", _PAGE, media="text/html"),
        },
    }


def _post_events() -> _Document:
    lenient = "`false`: unknown fields are left out and named in a note, unknown types are kept as unrecognised"
    headers = [
        parameter(f"ce-{name.encode_name}", "binary mode: the attribute of the event", where="header")
        for name in msgspec.structs.fields(CloudEvent)
        if name.encode_name not in (*_DATA, "datacontenttype")
    ]
    content: _Document = {
        STRUCTURED: {"schema": schema("AnyEvent"), "examples": _examples("order.placed", "consent.changed")},
        BATCH: {
            "schema": {"type": "array", "items": schema("AnyEvent")},
            "example": [cloud_event("order.placed"), cloud_event("order.paid")],
        },
        JSON: {"schema": schema("AnyData"), "example": example("order.placed")},
    }
    return {
        "operationId": "sendEvents",
        "summary": "Send one event, or a batch: all of a request are stored, or none is",
        "parameters": [
            parameter("strict", lenient, where="query", of={"type": "boolean", "default": True}),
            *headers,
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": answered("Kafka has all of them", schema(Receipt.__name__), example=_RECEIPT),
            "401": _NOT_AUTHENTIC,
            "408": _TOO_SLOW,
            "409": _id_used(),
            "413": _TOO_LARGE,
            "415": _unsupported(),
            "422": _invalid(),
            "429": _TOO_MANY,
            "503": _AGAIN,
        },
    }


def _post_webhook() -> _Document:
    sent = [
        parameter(name, f"what {connector.title} says of the body; it is not signed", where="header")
        for connector in CONNECTORS.values()
        for name in connector.headers
    ]
    return {
        "operationId": "receiveWebhook",
        "summary": "A webhook of a shop platform; what is genuine is never refused for its content",
        "security": [{name: []} for name in CONNECTORS],
        "parameters": sent,
        "requestBody": {"required": True, "content": {JSON: {"schema": {}}}},
        "responses": {
            "200": answered("Its events are stored, or it is kept", schema(Receipt.__name__), example=_RECEIPT),
            "401": _NOT_AUTHENTIC,
            "404": _NO_PLATFORM,
            "408": _TOO_SLOW,
            "413": _TOO_LARGE,
            "429": _TOO_MANY,
            "503": _AGAIN,
        },
    }


def _ask_for_webhooks() -> _Document:
    return {
        "operationId": "mayIDeliver",
        "summary": "The question of platforms that ask, before they deliver, whether the address is meant for them",
        "security": [],
        "responses": {
            "200": answered("What the platform expects", {"type": "string"}, media="text/plain"),
            "404": _NO_PLATFORM,
            "405": {"description": "This platform asks nothing: it delivers by POST"},
        },
    }


def _handshake() -> _Document:
    return {
        "operationId": "mayISend",
        "summary": "The handshake of CloudEvents web hooks",
        "security": [],
        "parameters": [parameter("WebHook-Request-Origin", "who wants to send", where="header")],
        "responses": {"200": {"description": "Any origin may send, with a token"}},
    }


def _page(*, posted: bool) -> _Document:
    summary = "Unsubscribe (RFC 8058), or undo it" if posted else "The page of the link. Opening it changes nothing"
    stored = {"503": "It could not be stored now"} if posted else {}
    return _behind_link("unsubscribe" if posted else "showUnsubscribePage", summary, "visitor", stored)


def _asking(*, posted: bool) -> _Document:
    summary = "Answer the survey of a message, or change the answers" if posted else "The questions; it answers none"
    ended = {"410": "The survey has ended", "503": "It can't be shown or stored now"}
    missing = {"422": "Some answers are missing"} if posted else {}
    return _behind_link("answerSurvey" if posted else "showSurvey", summary, "reader", ended | missing)


def _choosing(*, posted: bool) -> _Document:
    summary = "Choose what one gets, or leave everything" if posted else "What one gets. Opening it changes nothing"
    away = {"503": "It could not be read or stored now"}
    return _behind_link("choosePreferences" if posted else "showPreferences", summary, "person", away)


def _behind_link(operation: str, summary: str, reader: str, others: Mapping[str, str]) -> _Document:
    """A page behind a signed link; `others` are the answers that not all such pages have."""
    meanings = {"200": f"The page, in the {reader}'s language", "404": "The link is not one of ours", **others}
    return {
        "operationId": operation,
        "summary": summary,
        "security": [],
        "responses": {code: answered(said, _PAGE, media="text/html") for code, said in meanings.items()},
    }


def _plain(operation: str, meaning: str, media: str, example_of: object) -> _Document:
    body = example_of if isinstance(example_of, dict) else {"type": "string"}
    return {
        "operationId": operation,
        "summary": meaning,
        "security": [],
        "responses": {"200": answered(meaning, body, media=media)},
    }


def _examples(*types: str) -> _Document:
    return {name: {"value": cloud_event(name)} for name in types}


def _id_used() -> _Document:
    detail = "my-shop#1 came before with other content. Nothing was stored; give what is another event another id"
    title = "The id belongs to another event"
    return problem("An id came before with other content", 409, "id-used", title, detail, ids=["my-shop#1"])


def _unsupported() -> _Document:
    detail = f"the content type is 'text/plain'; send an event as {STRUCTURED}, several as {BATCH}, …"
    title = "The content type is not supported"
    return problem("It is not JSON in UTF-8, or compressed", 415, "unsupported-media-type", title, detail)


def _invalid() -> _Document:
    where, wrong = "data.customer.frist_name", "is not a field here; did you mean 'first_name'?"
    return problem(
        "Something in it can't be read: everything that is wrong, at once",
        422,
        "invalid-payload",
        "The body is not valid",
        f"{where}: {wrong}",
        where=where,
        errors=[{"where": where, "problem": wrong}],
    )
