"""A shop system that is asked for one thing at a time, by its address: BigCommerce, and whoever publishes keys."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from relevo_sandbox.shops.server import ShopApi, json


class Resources(ShopApi):
    """Things by path, with those parts of the query that name one; what is not there is 404, an empty list 204.

    With a `token` nobody else than who sends it (`X-Auth-Token`) gets an answer.
    """

    def __init__(self, token: str = "", naming: str = "") -> None:
        """`naming` is the part of a query that names a thing, such as `id:in`."""
        super().__init__()
        self.things: dict[str, Any] = {}
        self._token = token
        self._naming = naming

    def answer(self, request: Request) -> Response:
        """The thing. Text is sent as it is, all else as JSON."""
        if self._token and request.headers.get("x-auth-token") != self._token:
            return json({"status": 401, "title": "You are not authorized"}, 401)
        named = request.query_params.get(self._naming, "") if self._naming else ""
        path = f"{request.url.path}?{self._naming}={named}" if named else request.url.path
        found = self.things.get(path)
        if found is None:
            return json({"status": 404, "title": "Not found"}, 404)
        if isinstance(found, str):
            return Response(found, media_type="text/plain")
        return json(found) if found != [] else Response(status_code=204)
