"""What browsers send to a storefront, and a storefront that takes it."""

import asyncio
import json
from typing import Any

import httpx

from relevo_ingest.entrypoints.front_door import FrontDoor
from tests.ingest.test_any_request import PUBLIC_KEY, Stores, answered, make

ORIGIN = "https://tea.example.com"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
VISITOR = "b-3f9c2d9a41b37c6e"
HEADERS = {"origin": ORIGIN, "user-agent": BROWSER, "content-type": "text/plain;charset=UTF-8"}


def batch(*events: dict[str, Any], **envelope: Any) -> dict[str, Any]:
    """A body as our own script sends it."""
    return {"key": PUBLIC_KEY, "anonymous_id": VISITOR, "events": list(events), **envelope}


def told(
    stores: Stores, body: Any, path: str = "/t/tea", method: str = "POST", **headers: str | None
) -> httpx.Response:
    """The answer to what a browser sends; a header that is `None` is left out."""
    return told_to(make(stores), body, path, method, **headers)


def told_to(
    app: FrontDoor, body: Any, path: str = "/t/tea", method: str = "POST", **headers: str | None
) -> httpx.Response:
    """The answer of this application, as `told`."""
    given = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value is not None]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(answered(app, method, path, encoded, content))
