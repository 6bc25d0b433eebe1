"""One request on bare ASGI: its headers, its query, its body, and the answer, without a framework's objects."""

from collections.abc import Mapping

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from relevo_ingest.entrypoints.bodies import Bodies

_JSON = (b"content-type", b"application/json")
_NO_QUERY: Mapping[str, str] = {}


class Exchange:
    """A request that was routed, and how it is answered. `shop` is what metrics call its shop."""

    __slots__ = ("_body", "_receive", "_scope", "_send", "headers", "shop")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._body: bytes | None = None
        # Of a header that is repeated the first counts.
        self.headers: Mapping[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])
        }
        self.shop = "unknown"

    @property
    def method(self) -> str:
        """The method, in capitals."""
        method: str = self._scope["method"]
        return method

    @property
    def path(self) -> Mapping[str, str]:
        """What the path names: `shop`, and `platform` where there is one."""
        named: Mapping[str, str] = self._scope["path_params"]
        return named

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query."""
        query = self._scope["query_string"]
        return QueryParams(query) if query else _NO_QUERY

    async def body(self, bodies: Bodies) -> bytes:
        """The body; it is read once, however often it is asked for. Raises as `Bodies.read` does."""
        if self._body is None:
            self._body = await bodies.read(self._receive, self.headers)
        return self._body

    async def answer(self, said: bytes | Response) -> None:
        """Answers: JSON with the status 200, or whatever else it is."""
        if not isinstance(said, bytes):
            await said(self._scope, self._receive, self._send)
            return
        headers = [(b"content-length", str(len(said)).encode()), _JSON]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": said})
