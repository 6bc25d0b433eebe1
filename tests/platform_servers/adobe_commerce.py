"""A shop of Adobe Commerce and the hosts of Adobe, all of one server: events subscribed to, registrations, a sign-in.

Source: AdobeDocs/commerce-extensibility, "REST endpoints for eventing"; AdobeDocs/adobe-io-events,
events-api-reference.yaml.
"""

import json as text
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from relevo_ingest.connectors.adobe_commerce.api import AdobeCommerceApi
from tests.platform_servers import magento
from tests.platform_servers.magento import MagentoServer
from tests.platform_servers.server import json

CREDENTIALS = {
    "token": magento.TOKEN,
    "client_id": "the-client-id-of-the-project",
    "client_secret": "p8e-its-secret",
    "org_id": "12345",
    "project_id": "67890",
    "workspace_id": "13579",
    "provider_id": "1902bc50-the-provider",
}
TOKEN = "a-token-of-the-sign-in"
_EVENTING = "/rest/all/V1/eventing"
_REGISTRATIONS = "/events/12345/67890/13579/registrations"


class AdobeCommerceServer(MagentoServer):
    """`subscriptions` are the shop's, by the names of events; `registrations` are Adobe's, by their ids."""

    def __init__(self) -> None:
        super().__init__()
        self.subscriptions: dict[str, list[str]] = {}
        self.registrations: dict[str, dict[str, Any]] = {}
        self.may_subscribe = True
        self.without_events: tuple[str, ...] = ("observer.rma_", "observer.company_")
        self._made = 0

    @property
    def api(self) -> AdobeCommerceApi:
        """The API with this server for each of its hosts; Adobe's have another name of this machine."""
        other = self.url.replace("127.0.0.1", "localhost")
        return AdobeCommerceApi(sign_in=f"{self.url}/ims-host", events=other)

    async def answer(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if path == "/ims-host/ims/token/v3":
            return self._signed_in(body)
        if path.startswith("/events/"):
            return self._events(request, path, body)
        if path.startswith(_EVENTING):
            return self._eventing(request, path.removeprefix(_EVENTING), body)
        return await super().answer(request, body)

    def _signed_in(self, body: bytes) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        wanted = {name: CREDENTIALS[name] for name in ("client_id", "client_secret")}
        if any(form.get(name) != value for name, value in wanted.items()) or "adobeio_api" not in form["scope"]:
            return json({"error": "invalid_client", "error_description": "invalid client_secret parameter"}, 400)
        return json({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86399})

    def _eventing(self, request: Request, path: str, body: bytes) -> Response:
        if request.headers.get("authorization") != f"Bearer {magento.TOKEN}" or not self.may_subscribe:
            resources = {"resources": "Magento_AdobeCommerceEventsClient::event_subscribe"}
            return json(
                {"message": "The consumer isn't authorized to access %resources.", "parameters": resources}, 401
            )
        if request.method == "GET" and path == "/getEventSubscriptions":
            shown = [
                {"name": name, "parent": "", "fields": [{"name": one} for one in fields], "rules": []}
                for name, fields in self.subscriptions.items()
            ]
            return json(shown)
        event = text.loads(body)["event"]
        names = [one["name"] for one in event["fields"]]
        if event["name"].startswith(self.without_events):
            return json({"message": f'The "{event["name"]}" event is not defined in the system'}, 400)
        if (request.method, path) == ("POST", "/eventSubscribe"):
            assert event["name"] not in self.subscriptions, "a subscription that there is can't be made"
            self.subscriptions[event["name"]] = names
        else:
            assert (request.method, path) == ("PUT", f"/eventSubscribe/{event['name']}")
            self.subscriptions[event["name"]] += names
        return json([])

    def _events(self, request: Request, path: str, body: bytes) -> Response:
        right = request.headers.get("authorization") == f"Bearer {TOKEN}"
        if not right or request.headers.get("x-api-key") != CREDENTIALS["client_id"]:
            return json({"error_code": "401013", "message": "Oauth token is not valid"}, 401)
        if not path.startswith(_REGISTRATIONS):
            return json({"error_code": "403000", "message": "The workspace is not of this credential"}, 403)
        own = path.removeprefix(_REGISTRATIONS).removeprefix("/")
        match request.method:
            case "GET" if not own:
                return json({"_embedded": {"registrations": list(self.registrations.values())}})
            case "POST":
                return self._register(text.loads(body))
            case _ if own not in self.registrations:
                return json({"error_code": "404000", "message": "There is no such registration"}, 404)
            case "GET":
                return json(self.registrations[own])
            case "PUT":
                self.registrations[own] |= text.loads(body)
                return json(self.registrations[own])
        del self.registrations[own]
        return Response(status_code=204)

    def _register(self, wanted: dict[str, Any]) -> Response:
        assert wanted["client_id"] == CREDENTIALS["client_id"]
        assert {one["provider_id"] for one in wanted["events_of_interest"]} == {CREDENTIALS["provider_id"]}
        self._made += 1
        made = {"registration_id": f"r-{self._made}", "enabled": True, "webhook_status": "verified", **wanted}
        self.registrations[made["registration_id"]] = made
        return json(made, 201)
