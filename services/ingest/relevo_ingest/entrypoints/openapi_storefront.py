"""The part of ingest's OpenAPI document that is about storefronts."""

from typing import Any

from relevo_ingest.core.storefront.batches import MOST_HITS
from relevo_ingest.core.storefront.segment import CALLS
from relevo_runtime.openapi import answered, parameter, problem

_Document = dict[str, Any]
_CALL = parameter("call", "the call of Segment's protocol", of={"type": "string", "enum": sorted(CALLS)})
_KEY = parameter("key", "the public key, where the body has none", where="query")
_ORIGIN = parameter("Origin", "the page that sends; it has to be one of the shop's", where="header")
_TEXT = {"type": "string"}
_EVENT: _Document = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "id": _TEXT | {"description": "the same if it is sent again"},
        "type": _TEXT | {"description": "what happened; docs/storefront.md has the list"},
        "at": _TEXT | {"format": "date-time", "description": "when, by the browser's clock"},
        "data": {"type": "object", "description": "the fields of the event, without the customer"},
    },
}
_BATCH: _Document = {
    "type": "object",
    "required": ["events"],
    "properties": {
        "key": _TEXT | {"description": "the public key of the storefront"},
        "anonymous_id": _TEXT | {"description": "the random id of the browser: 16 to 64 letters, digits, - and _"},
        "consent": _TEXT | {"description": "granted or denied: what the visitor said about being remembered"},
        "sent_at": _TEXT | {"format": "date-time", "description": "now, by the browser's clock, which it corrects"},
        "locale": _TEXT,
        "events": {"type": "array", "minItems": 1, "maxItems": MOST_HITS, "items": _EVENT},
    },
}
_EXAMPLE = {
    "key": "pk_3Yp8cK1vQe7tTnWq",
    "anonymous_id": "b-3f9c2d9a41b37c6e",
    "consent": "granted",
    "sent_at": "2026-03-02T08:00:05Z",
    "events": [
        {"id": "1", "type": "page.viewed", "at": "2026-03-02T08:00:00Z", "data": {"url": "https://tea.example.com/"}}
    ],
}


def storefront_paths(shop: _Document) -> _Document:
    """The paths below `/t/`; `shop` is the parameter that names the shop."""
    own = {"application/json": {"schema": _BATCH, "example": _EXAMPLE}, "text/plain": {"schema": _BATCH}}
    segment = {"application/json": {"schema": {"type": "object"}}, "text/plain": {"schema": {"type": "object"}}}
    return {
        "/t/{shop}": {
            "parameters": [shop, _KEY],
            "post": _collect("tellVisit", "What the browser of a visitor tells; the answer has no content", own),
            "options": _preflight("mayPageSend"),
        },
        "/t/{shop}/v1/{call}": {
            "parameters": [shop, _CALL, _KEY],
            "post": _collect("tellVisitAsSegment", "The same by Segment's protocol", segment),
            "options": _preflight("mayPageSendAsSegment"),
        },
        "/relevo.js": {"get": _script("script", "The script for the pages of shops")},
        "/relevo-forms.js": {"get": _script("formsScript", "The forms for the pages of shops")},
        "/relevo-push.js": {"get": _script("pushScript", "The service worker that shows push messages")},
        "/c/{token}": {
            "parameters": [parameter("token", "the signed token of the link in the mail")],
            "get": _page("showSignUp", "The page that confirms a sign-up. Opening it changes nothing"),
            "post": _page("confirmSignUp", "Confirm the sign-up, or say that nobody asked for it (`confirm=no`)"),
        },
    }


def _collect(operation: str, summary: str, content: _Document) -> _Document:
    return {
        "operationId": operation,
        "summary": summary,
        "security": [],
        "parameters": [_ORIGIN],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "202": {"description": "Kafka has what is kept of it"},
            "204": {"description": "Nothing of it is kept: no consent, a crawler, or nothing new"},
            **_refusals(),
        },
    }


def _refusals() -> _Document:
    where, wrong = "events[0].data.query", "is missing"
    return {
        "401": _problem("The key is not the storefront's", 401, "not-authentic", "The sender could not be verified"),
        "403": _problem("The page is not one of the shop's", 403, "not-the-shops-page", "Not a page of the shop"),
        "404": _problem("There is no such call", 404, "unknown-path", "Not Found"),
        "408": _problem("The body did not arrive in time", 408, "body-too-slow", "The body came too slowly"),
        "413": _problem("The body is larger than 256 KiB", 413, "body-too-large", "The body is too large"),
        "415": _problem("It is not JSON in UTF-8", 415, "unsupported-media-type", "The content type is not supported"),
        "422": problem(
            "It is not JSON, or nothing of it can be read",
            422,
            "invalid-payload",
            "The body is not valid",
            f"{where}: {wrong}",
            where=where,
            errors=[{"where": where, "problem": wrong}],
        ),
        "429": _problem("Too much from this shop or this address", 429, "too-many-requests", "Too much at once"),
        "503": _problem("It could not be stored in time", 503, "try-again", "It could not be stored in time"),
    }


def _problem(meaning: str, status: int, kind: str, title: str) -> _Document:
    return problem(meaning, status, kind, title, meaning)


def _script(operation: str, summary: str) -> _Document:
    return {
        "operationId": operation,
        "summary": summary,
        "security": [],
        "responses": {
            "200": answered("The script", _TEXT, media="text/javascript"),
            "304": {"description": "It is still the one with this ETag"},
        },
    }


def _page(operation: str, summary: str) -> _Document:
    return {
        "operationId": operation,
        "summary": summary,
        "security": [],
        "responses": {
            "200": answered("The page, in the visitor's language", _TEXT, media="text/html"),
            "404": answered("The link is not one of ours", _TEXT, media="text/html"),
            "503": answered("It could not be looked up or stored now", _TEXT, media="text/html"),
        },
    }


def _preflight(operation: str) -> _Document:
    return {
        "operationId": operation,
        "summary": "May pages of this origin send here? (CORS)",
        "security": [],
        "parameters": [_ORIGIN],
        "responses": {
            "204": {"description": "They may"},
            "401": _problem("There is no such storefront", 401, "not-authentic", "The sender could not be verified"),
            "403": _problem("The page is not one of the shop's", 403, "not-the-shops-page", "Not a page of the shop"),
            "404": _problem("There is no such call", 404, "unknown-path", "Not Found"),
            "503": _problem("The shop can't be looked up now", 503, "try-again", "It could not be stored in time"),
        },
    }
