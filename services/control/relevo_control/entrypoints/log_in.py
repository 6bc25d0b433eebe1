"""`GET /v1/log-in`: where people log in, for commands that shall send them there. It is open, and holds no secret."""

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_control.settings import ControlSettings


class LogIn(Struct, frozen=True):
    """The OpenID provider and the id of the client there; both are empty where there are tokens alone. Then what is
    asked for, with spaces.
    """

    issuer: str
    client_id: str
    scopes: str = "openid email profile groups"


def log_in(settings: ControlSettings) -> Route:
    """The route."""
    where = LogIn(settings.control_oidc_issuer, settings.control_oidc_client_id, settings.control_oidc_scopes)
    body = msgspec.json.encode(where)

    async def answer(_: Request) -> Response:
        return Response(body, media_type="application/json")

    return Route("/v1/log-in", answer, methods=["GET"])
