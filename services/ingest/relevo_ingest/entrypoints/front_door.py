"""The way in that most requests take: straight to their endpoint, past the framework, which costs more than they do."""

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from relevo_ingest.connectors.registry import CONNECTORS
from relevo_runtime.http_direct import Direct
from relevo_runtime.problems import answer_bug

_DELIVERY = "POST"


class Guarded:
    """An endpoint as an application. A bug of ours is answered, and raised for the server to log."""

    def __init__(self, endpoint: ASGIApp) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, as ASGI has it."""
        try:
            await self._endpoint(scope, receive, send)
        except Exception as error:
            await (await answer_bug(Request(scope), error))(scope, receive, send)
            raise


class FrontDoor:
    """An application before the framework's own, which has the same routes and serves everything else.

    What comes through here would come to the same endpoint there: `hooks` for a webhook of a platform that there is,
    `events` for a shop's own events. Other methods, other spellings and unknown paths are the framework's. `direct`
    takes webhooks before they come here at all, where the server can.
    """

    def __init__(self, framework: Starlette, *, hooks: ASGIApp, events: ASGIApp, direct: Direct) -> None:
        self.framework = framework
        self.direct = direct
        self._hooks = Guarded(hooks)
        self._events = Guarded(events)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """All that is served, by whichever way."""
        return self.framework.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, as ASGI has it."""
        endpoint, named = self._directly(scope)
        if endpoint is None:
            await self.framework(scope, receive, send)
            return
        scope["path_params"] = named
        await endpoint(scope, receive, send)

    def _directly(self, scope: Scope) -> tuple[ASGIApp | None, Mapping[str, str]]:
        if scope["type"] == "http" and scope["method"] == _DELIVERY:
            match scope["path"].split("/"):
                case ["", "hooks", shop, platform] if shop and platform in CONNECTORS:
                    return self._hooks, {"shop": shop, "platform": platform}
                case ["", "events", shop] if shop:
                    return self._events, {"shop": shop}
        return None, {}
