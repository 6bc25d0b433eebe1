"""The HTTP surface of ingest. Each endpoint: who is it, is the body acceptable, the use case, the answer."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import IngestDependencies, KnownShop, PublicKeyServer, ShopCatalog
from relevo_ingest.app.receive_events import receive_events
from relevo_ingest.app.receive_webhook import Delivery, Webhook
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.connectors.connector import HANDSHAKE_METHOD, METHOD, Connector, WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core import cloudevents
from relevo_ingest.core.errors import Busy, IngestError, InvalidPayload, InvalidSignature, TooMany
from relevo_ingest.core.rates import Rates
from relevo_ingest.core.signature import NOT_THE_SHOPS, bearer_token
from relevo_ingest.entrypoints import problems
from relevo_ingest.entrypoints.bodies import Bodies, check_encoding, in_utf8, media_type_of
from relevo_ingest.entrypoints.exchange import Exchange
from relevo_ingest.entrypoints.front_door import FrontDoor
from relevo_ingest.entrypoints.gathering import Gathering
from relevo_ingest.entrypoints.links import LinkPages
from relevo_ingest.entrypoints.openapi import openapi
from relevo_ingest.entrypoints.script import script_routes
from relevo_ingest.entrypoints.sign_up_pages import SignUpPages
from relevo_ingest.entrypoints.storefront import StorefrontEndpoints, StorefrontParts
from relevo_ingest.entrypoints.webhook_batches import WebhookBatches
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.errors import SecretsSealed
from relevo_runtime.http import application, flag, liveness
from relevo_runtime.last_deliveries import DeliveryRecorder
from relevo_runtime.metrics import Metrics
from relevo_runtime.openapi import serving

Endpoint = Callable[[Exchange], Awaitable[bytes | Response]]
"""What is said to a request: a JSON document with the status 200, or something else."""


class Ingest(Struct, frozen=True):
    """What the endpoints work with."""

    settings: IngestSettings
    shops: ShopCatalog
    deps: IngestDependencies
    rates: Rates
    clock: Clock
    metrics: Metrics
    gathering: Gathering
    public_keys: PublicKeyServer
    storefront: StorefrontParts
    deliveries: DeliveryRecorder


def make_app(ingest: Ingest) -> FrontDoor:
    """The application; it holds no state of its own."""
    endpoints = _Endpoints(ingest)
    links = LinkPages(ingest.settings, ingest.shops, ingest.deps, ingest.clock)
    visits = StorefrontEndpoints(ingest.settings, ingest.shops, ingest.storefront, ingest.clock, ingest.metrics)
    hooks, events = _Counted(ingest, endpoints.webhook), _Counted(ingest, endpoints.events)
    routes = [
        Route("/hooks/{shop}/{platform}", hooks, methods=[METHOD, HANDSHAKE_METHOD]),
        Route("/events/{shop}", events, methods=["POST"]),
        Route("/events/{shop}", _handshake, methods=["OPTIONS"]),
        Route("/u/{token}", links.show, methods=["GET"]),
        Route("/u/{token}", links.follow, methods=["POST"]),
        *visits.routes(),
        *SignUpPages(ingest.settings, ingest.shops, ingest.storefront, ingest.clock).routes(),
        *script_routes(),
        serving(openapi),
        liveness(),
    ]
    return FrontDoor(application(routes), hooks=hooks, events=events)


async def _handshake(request: Request) -> Response:
    """`OPTIONS /events/{shop}`: may this origin send here? Source: CloudEvents HTTP 1.1 Web Hooks, section 4.

    Every origin may ask, for any shop; what it sends needs the token all the same.
    """
    headers = {"Allow": "OPTIONS, POST"}
    origin = request.headers.get("webhook-request-origin")
    if origin:
        headers |= {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return Response(status_code=200, headers=headers)


class _Counted:
    """An endpoint as an application: its errors are turned into problems, its answers counted by shop and status."""

    def __init__(self, ingest: Ingest, endpoint: Endpoint) -> None:
        self._settings = ingest.settings
        self._shops = ingest.shops
        self._metrics = ingest.metrics
        self._gathering = ingest.gathering
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        said: bytes | Response
        try:
            said = await self._unless_outdated(exchange)
        except problems.Problem as problem:
            said = problem.response()
        except IngestError as error:
            said = problems.of_error(error, self._settings.ingest_retry_after).response()
        status = 200 if isinstance(said, bytes) else said.status_code
        self._metrics.webhooks.labels(exchange.shop, str(status)).inc()
        await exchange.answer(said)
        self._gathering.answered()

    async def _unless_outdated(self, exchange: Exchange) -> bytes | Response:
        """The endpoint's answer. A refusal stands only if the catalog is still the one that it was made by."""
        try:
            return await self._endpoint(exchange)
        except (InvalidSignature, InvalidPayload):
            if not await self._shops.changed():
                raise
        return await self._endpoint(exchange)


class _Endpoints:
    def __init__(self, ingest: Ingest) -> None:
        self._settings = ingest.settings
        self._shops = ingest.shops
        self._dependencies = ingest.deps
        self._rates = ingest.rates
        self._clock = ingest.clock
        self._gathering = ingest.gathering
        self._deliveries = ingest.deliveries
        self._batches = WebhookBatches(ingest.deps, ingest.gathering)
        self._public_keys = ingest.public_keys
        self._bodies = Bodies(ingest.settings)
        self._nobodys = secrets.token_hex()

    async def webhook(self, exchange: Exchange) -> bytes | Response:
        """`POST /hooks/{shop}/{platform}`; a GET only asks, on platforms that do, whether the address is right."""
        connector = CONNECTORS.get(exchange.path["platform"])
        if connector is None:
            raise HTTPException(404)
        shop = await self._shop(exchange)
        given = await self._given(exchange)
        answer = connector.handshake(given)
        if answer is not None:
            if shop is not None:
                self._deliveries.ping(shop.shop, self._clock.now())
            return PlainTextResponse(answer)
        if exchange.method != METHOD:
            raise HTTPException(405, headers={"Allow": METHOD})
        received = self._clock.now()
        keys = await self._keys_of(connector, given)
        shop = self._of_platform(
            shop, connector, msgspec.structs.replace(given, received=received, keys=keys), received
        )
        self._deliveries.webhook(shop.shop, received)
        self._within_rate(shop)
        # From here on nothing is refused for its content, nor for a wrong content type: it came from the shop.
        headers = {name: given.headers[name] for name in connector.headers if name in given.headers}
        body = in_utf8(given.headers, given.body)
        webhook = Webhook(connector=connector, headers=headers, body=body, received=received)
        known = context(shop, self._shops.own_fields(shop.shop))
        return _receipt(await self._batches.receive(Delivery.of(known, webhook)))

    def _of_platform(
        self, shop: KnownShop | None, connector: Connector, given: WebhookRequest, received: datetime
    ) -> KnownShop:
        """The shop that sent the request. Raises `InvalidSignature`, or `Busy` if its secrets can't be opened here.

        For a shop that is not known, or is on another platform, the work is the same, with a secret that nobody has.
        """
        known = shop if shop is not None and shop.platform == connector.name else None
        connector.authenticate([self._nobodys] if known is None else _secrets(known, received), given)
        if known is None:
            raise InvalidSignature(NOT_THE_SHOPS)
        return known

    async def _keys_of(self, connector: Connector, given: WebhookRequest) -> Mapping[str, bytes]:
        """The public keys that the request's signature needs; most platforms sign with the shop's own secret."""
        wanted = connector.signature.keys
        return {} if wanted is None else await self._public_keys.get(wanted.addresses(given.headers))

    async def _given(self, exchange: Exchange) -> WebhookRequest:
        body = await exchange.body(self._bodies)
        return WebhookRequest(headers=exchange.headers, body=body, method=exchange.method, query=exchange.query)

    async def events(self, exchange: Exchange) -> bytes | Response:
        """`POST /events/{shop}`."""
        shop, headers = await self._shop(exchange), exchange.headers
        token = bearer_token(headers.get("authorization"))
        if shop is None or not shop.accepts_token(token, "events"):
            raise InvalidSignature("the bearer token is not one of the shop's for events, or there is no such shop")
        _check_event_type(headers)
        body = await exchange.body(self._bodies)
        content_type = headers.get("content-type", "")
        events, batch = cloudevents.parse(content_type, headers, body, self._settings.ingest_batch_limit)
        self._within_rate(shop, len(events))
        received = self._clock.now()
        # Who posts events of their own learns of a slip at once, unless they ask for notes instead.
        strict = flag(exchange.query, "strict", default=True)
        own = msgspec.structs.replace(context(shop), types=self._shops.types(shop.shop))
        await self._gathering.wait()
        return _receipt(await receive_events(self._dependencies, own, events, received, batch=batch, strict=strict))

    async def _shop(self, exchange: Exchange) -> KnownShop | None:
        """The shop that the path names, if there is one. The sender must not learn whether: they may be guessing."""
        shop = await self._shops.get(exchange.path["shop"])
        if shop is not None:
            # A path may name anything: only shops that exist become labels.
            exchange.shop = shop.shop
        return shop

    def _within_rate(self, shop: KnownShop, cost: int = 1) -> None:
        """Raises `TooMany` if the shop sends more than its share, `Busy` if it is held. Only what is genuine counts."""
        if shop.held:
            raise Busy(shop.held)
        seconds = self._rates.wait(shop.shop, cost)
        if seconds:
            raise TooMany(shop.shop, seconds)


def _secrets(shop: KnownShop, now: datetime) -> list[str]:
    try:
        return shop.valid_secrets(now)
    except SecretsSealed as error:
        raise Busy(str(error)) from error


def _check_event_type(headers: Mapping[str, str]) -> None:
    """Raises `Problem` (415) unless the request is one of CloudEvents' three modes."""
    given = media_type_of(headers)
    own = cloudevents.is_json(headers.get("content-type", "")) and cloudevents.is_binary(headers)
    if given not in (cloudevents.STRUCTURED, cloudevents.BATCH) and not own:
        raise problems.unsupported(
            f"the content type is {given[:80] or 'missing'!r}; send an event as {cloudevents.STRUCTURED}, "
            f"several as {cloudevents.BATCH}, or the data as {cloudevents.JSON} with the attributes in ce-* headers"
        )
    check_encoding(headers)


def _receipt(receipt: Receipt) -> bytes:
    return msgspec.json.encode(receipt)
