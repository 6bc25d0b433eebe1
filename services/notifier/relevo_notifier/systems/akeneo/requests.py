"""What Akeneo is asked. Sources: its documentation, "Authentication" and the products endpoints."""

from typing import Any
from urllib.parse import quote

from relevo_notifier.core.requests import basic_auth
from relevo_notifier.core.systems import Access, Ask


def token(access: Access) -> Ask:
    """A token, for an hour, of the connection and its user."""
    keys = access.credentials
    client = basic_auth(keys["client_id"], keys["secret"])
    body = {"grant_type": "password", "username": keys["username"], "password": keys["password"]}
    return Ask(method="POST", path="/api/oauth/v1/token", headers={"Authorization": client}, body=body)


def product(sku: str, access: Access) -> Ask:
    """A product by its identifier."""
    return _ask("GET", f"/api/rest/v1/products/{quote(sku, safe='')}", access)


def version(access: Access) -> Ask:
    """Which PIM it is."""
    return _ask("GET", "/api/rest/v1/system-information", access)


def _ask(method: str, path: str, access: Access, body: Any = None) -> Ask:
    return Ask(method=method, path=path, headers={"Authorization": f"Bearer {access.token}"}, body=body)
