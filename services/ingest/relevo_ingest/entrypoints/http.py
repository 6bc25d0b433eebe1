"""The HTTP surface of ingest. Each endpoint: who is it, is the body acceptable, the use case, the answer."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from relevo_ingest.adapters.contexts import context
from relevo_ingest.adapters.shops import Shops
from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.receive_events import receive_events
from relevo_ingest.app.receive_webhook import Webhook, receive_webhook
from relevo_ingest.connectors.connector import HANDSHAKE_METHOD, METHOD, Connector, WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core import cloudevents
from relevo_ingest.core.errors import IngestError, InvalidPayload, InvalidSignature, TooMany
from relevo_ingest.core.rates import Rates
from relevo_ingest.core.signature import NOT_THE_SHOPS, bearer_token
from relevo_ingest.entrypoints import problems
from relevo_ingest.entrypoints.bodies import check_encoding, in_utf8, media_type_of, read_body
from relevo_ingest.entrypoints.links import LinkPages
from relevo_ingest.entrypoints.openapi import openapi
from relevo_ingest.settings import IngestSettings
from relevo_runtime.catalog import Shop
from relevo_runtime.clock import Clock
from relevo_runtime.http import application, flag, liveness
from relevo_runtime.metrics import Metrics
from relevo_runtime.openapi import serving


class Ingest(Struct, frozen=True):
    """What the endpoints work with."""

    settings: IngestSettings
    shops: Shops
    deps: IngestDependencies
    rates: Rates
    clock: Clock
    metrics: Metrics


def make_app(ingest: Ingest) -> Starlette:
    """The application; it holds no state of its own."""
    endpoints = _Endpoints(ingest)
    links = LinkPages(ingest.settings, ingest.shops, ingest.deps, ingest.clock)
    routes = [
        Route("/hooks/{shop}/{platform}", endpoints.counted(endpoints.webhook), methods=[METHOD, HANDSHAKE_METHOD]),
        Route("/events/{shop}", endpoints.counted(endpoints.events), methods=["POST"]),
        Route("/events/{shop}", endpoints.handshake, methods=["OPTIONS"]),
        Route("/u/{token}", links.show, methods=["GET"]),
        Route("/u/{token}", links.follow, methods=["POST"]),
        serving(openapi),
        liveness(),
    ]
    return application(routes)


class _Endpoints:
    def __init__(self, ingest: Ingest) -> None:
        self._settings = ingest.settings
        self._shops = ingest.shops
        self._dependencies = ingest.deps
        self._rates = ingest.rates
        self._clock = ingest.clock
        self._metrics = ingest.metrics
        self._nobodys = secrets.token_hex()

    async def webhook(self, request: Request) -> Response:
        """`POST /hooks/{shop}/{platform}`; a GET only asks, on platforms that do, whether the address is right."""
        connector = CONNECTORS.get(request.path_params["platform"])
        if connector is None:
            raise HTTPException(404)
        shop = await self._shop(request)
        given = await self._given(request)
        answer = connector.handshake(given)
        if answer is not None:
            return PlainTextResponse(answer)
        if request.method != METHOD:
            raise HTTPException(405, headers={"Allow": METHOD})
        received = self._clock.now()
        shop = self._of_platform(shop, connector, given, received)
        self._within_rate(shop)
        # From here on nothing is refused for its content, nor for a wrong content type: it came from the shop.
        headers = {name: given.headers[name] for name in connector.headers if name in given.headers}
        body = in_utf8(request, given.body)
        webhook = Webhook(connector=connector, headers=headers, body=body, received=received)
        return _receipt(await receive_webhook(self._dependencies, context(shop), webhook))

    def _of_platform(self, shop: Shop | None, connector: Connector, given: WebhookRequest, received: datetime) -> Shop:
        """The shop that sent the request. Raises `InvalidSignature`.

        For a shop that is not known, or is on another platform, the work is the same, with a secret that nobody has.
        """
        known = shop if shop is not None and shop.platform == connector.name else None
        connector.authenticate([self._nobodys] if known is None else known.valid_secrets(received), given)
        if known is None:
            raise InvalidSignature(NOT_THE_SHOPS)
        return known

    async def _given(self, request: Request) -> WebhookRequest:
        return WebhookRequest(
            headers=request.headers, body=await self._body(request), method=request.method, query=request.query_params
        )

    async def events(self, request: Request) -> Response:
        """`POST /events/{shop}`."""
        shop = await self._shop(request)
        token = bearer_token(request.headers.get("authorization"))
        if shop is None or not shop.accepts_token(token, "events"):
            raise InvalidSignature("the bearer token is not one of the shop's for events, or there is no such shop")
        _check_event_type(request)
        body = await self._body(request)
        content_type = request.headers.get("content-type", "")
        events, batch = cloudevents.parse(content_type, request.headers, body, self._settings.ingest_batch_limit)
        self._within_rate(shop, len(events))
        received = self._clock.now()
        # Who posts events of their own learns of a slip at once, unless they ask for notes instead.
        strict = flag(request, "strict", default=True)
        own = msgspec.structs.replace(context(shop), types=self._shops.types(shop.shop))
        return _receipt(await receive_events(self._dependencies, own, events, received, batch=batch, strict=strict))

    async def handshake(self, request: Request) -> Response:
        """`OPTIONS /events/{shop}`: may this origin send here? Source: CloudEvents HTTP 1.1 Web Hooks, section 4.

        Every origin may ask, for any shop; what it sends needs the token all the same.
        """
        headers = {"Allow": "OPTIONS, POST"}
        origin = request.headers.get("webhook-request-origin")
        if origin:
            headers |= {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
        return Response(status_code=200, headers=headers)

    def counted(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint with its errors turned into problems, counted by shop and status."""

        async def run(request: Request) -> Response:
            request.state.shop = "unknown"
            try:
                response = await self._unless_outdated(endpoint, request)
            except problems.Problem as problem:
                response = problem.response()
            except IngestError as error:
                response = problems.of_error(error, self._settings.ingest_retry_after).response()
            self._metrics.webhooks.labels(request.state.shop, str(response.status_code)).inc()
            return response

        return run

    async def _unless_outdated(self, endpoint: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
        """The endpoint's answer. A refusal stands only if the catalog is still the one that it was made by."""
        try:
            return await endpoint(request)
        except (InvalidSignature, InvalidPayload):
            if not await self._shops.changed():
                raise
        return await endpoint(request)

    async def _shop(self, request: Request) -> Shop | None:
        """The shop that the path names, if there is one. The sender must not learn whether: they may be guessing."""
        shop = await self._shops.get(request.path_params["shop"])
        if shop is not None:
            # A path may name anything: only shops that exist become labels.
            request.state.shop = shop.shop
        return shop

    def _within_rate(self, shop: Shop, cost: int = 1) -> None:
        """Raises `TooMany` if the shop sends more than its share. Only what is genuine counts."""
        seconds = self._rates.wait(shop.shop, cost)
        if seconds:
            raise TooMany(shop.shop, seconds)

    async def _body(self, request: Request) -> bytes:
        """The body; it is read once, however often it is asked for."""
        if not hasattr(request.state, "body"):
            request.state.body = await read_body(
                request, limit=self._settings.ingest_body_limit, seconds=self._settings.ingest_body_timeout
            )
        body: bytes = request.state.body
        return body


def _check_event_type(request: Request) -> None:
    """Raises `Problem` (415) unless the request is one of CloudEvents' three modes."""
    if media_type_of(request) in (cloudevents.STRUCTURED, cloudevents.BATCH):
        check_encoding(request)
        return
    if not (cloudevents.is_json(request.headers.get("content-type", "")) and cloudevents.is_binary(request.headers)):
        given = media_type_of(request)[:80] or "missing"
        raise problems.unsupported(
            f"the content type is {given!r}; send an event as {cloudevents.STRUCTURED}, "
            f"several as {cloudevents.BATCH}, or the data as {cloudevents.JSON} with the attributes in ce-* headers"
        )
    check_encoding(request)


def _receipt(receipt: Receipt) -> Response:
    return Response(msgspec.json.encode(receipt), 200, media_type="application/json")
