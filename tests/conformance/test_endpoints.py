"""Every endpoint of ingest is tried with what its OpenAPI document says, and with what it does not: no 5xx."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.entrypoints.openapi import openapi
from relevo_runtime.clock import SystemClock
from relevo_runtime.http import serve
from tests.conformance.fuzzing import fuzz, narrowed
from tests.ingest.conftest import SECRET, TOKEN
from tests.ingest.signing import signed
from tests.ingest.test_any_request import PUBLIC_KEY, Stores, make
from tests.ingest.visits import BROWSER, ORIGIN

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ENDPOINTS = ("/events/{shop}", "/hooks/{shop}/{platform}", "/t/{shop}")


def signing(app: Any) -> Any:
    """The application behind somebody who signs whatever arrives at a shop's address, as its platform does."""

    async def signed_app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        parts = scope.get("path", "").split("/")
        if scope["type"] != "http" or len(parts) != 4 or parts[2] != parts[3] or parts[3] not in CONNECTORS:
            await app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        made = signed(parts[3], body, SECRET, "", SystemClock().now()).headers
        added = [(name.encode(), value.encode()) for name, value in made.items() if "topic" not in name]
        whole = {**scope, "headers": [*scope["headers"], *added]}

        async def once() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await app(whole, once, send)

    return signed_app


@pytest.mark.timeout(600)
async def test_no_endpoint_of_ingest_answers_with_a_5xx() -> None:
    stores = Stores()
    values = {
        "shop": ["tea", *CONNECTORS],
        "platform": list(CONNECTORS),
        "key": [PUBLIC_KEY],
        "strict": ["false", "true"],
    }
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": ORIGIN, "User-Agent": BROWSER}
    document = narrowed(openapi(), values, 1)
    assert set(ENDPOINTS) <= set(document["paths"])
    async with serve(signing(make(stores)), "127.0.0.1", 0, stop_timeout=1) as port:
        code, said = await fuzz(document, f"http://127.0.0.1:{port}", cases=4, headers=headers)
    assert code == 0, said
    assert stores.stored or stores.kept, "something of it went through"
