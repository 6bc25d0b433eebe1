"""The HTTP surface of ingest. Each endpoint: who is it, is the body acceptable, the use case, the answer."""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import KnownShop
from relevo_ingest.app.receive_events import receive_events
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.connectors.connector import HANDSHAKE_METHOD, METHOD
from relevo_ingest.core import cloudevents
from relevo_ingest.core.errors import InvalidSignature
from relevo_ingest.core.signature import bearer_token
from relevo_ingest.entrypoints import problems
from relevo_ingest.entrypoints.bodies import Bodies, check_encoding, media_type_of
from relevo_ingest.entrypoints.exchange import Exchange
from relevo_ingest.entrypoints.front_door import FrontDoor
from relevo_ingest.entrypoints.links import LinkPages
from relevo_ingest.entrypoints.openapi import openapi
from relevo_ingest.entrypoints.preferences import PreferencePages
from relevo_ingest.entrypoints.redirects import LinkRedirects
from relevo_ingest.entrypoints.script import script_routes
from relevo_ingest.entrypoints.serving import Counted, Ingest
from relevo_ingest.entrypoints.sign_up_pages import SignUpPages
from relevo_ingest.entrypoints.storefront import StorefrontEndpoints
from relevo_ingest.entrypoints.surveys import SurveyPages
from relevo_ingest.entrypoints.webhooks import Webhooks, within_rate
from relevo_runtime.http import application, flag, liveness
from relevo_runtime.openapi import serving
from relevo_runtime.traces import CONTEXT


def make_app(ingest: Ingest) -> FrontDoor:
    """The application; it holds no state of its own."""
    webhooks = Webhooks(ingest)
    links = LinkPages(ingest.settings, ingest.shops, ingest.consents, ingest.clock)
    preferences = PreferencePages(ingest.settings, ingest.shops, ingest.consents, ingest.clock)
    visits = StorefrontEndpoints(ingest.settings, ingest.shops, ingest.storefront, ingest.clock, ingest.metrics)
    hooks, events = Counted(ingest, webhooks.endpoint), Counted(ingest, _Events(ingest).endpoint)
    routes = [
        Route("/hooks/{shop}/{platform}", hooks, methods=[METHOD, HANDSHAKE_METHOD]),
        Route("/events/{shop}", events, methods=["POST"]),
        Route("/events/{shop}", _handshake, methods=["OPTIONS"]),
        Route("/u/{token}", links.show, methods=["GET"]),
        Route("/u/{token}", links.follow, methods=["POST"]),
        *LinkRedirects(ingest.settings, ingest.hits, ingest.clock).routes(),
        *preferences.routes(),
        *SurveyPages(ingest.settings, ingest.shops, ingest.surveys, ingest.consents, ingest.clock).routes(),
        *visits.routes(),
        *SignUpPages(ingest.settings, ingest.shops, ingest.storefront, ingest.clock).routes(),
        *script_routes(),
        serving(openapi),
        liveness(),
    ]
    return FrontDoor(application(routes), hooks=hooks, events=events, direct=webhooks)


async def _handshake(request: Request) -> Response:
    """`OPTIONS /events/{shop}`: may this origin send here? Source: CloudEvents HTTP 1.1 Web Hooks, section 4.

    Every origin may ask, for any shop; what it sends needs the token all the same.
    """
    headers = {"Allow": "OPTIONS, POST"}
    origin = request.headers.get("webhook-request-origin")
    if origin:
        headers |= {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return Response(status_code=200, headers=headers)


class _Events:
    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._settings = ingest.settings
        self._shops = ingest.shops
        self._bodies = Bodies(ingest.settings)

    async def endpoint(self, exchange: Exchange) -> bytes | Response:
        """`POST /events/{shop}`."""
        shop, headers = await self._shop(exchange), exchange.headers
        token = bearer_token(headers.get("authorization"))
        if shop is None or not shop.accepts_token(token, "events"):
            raise InvalidSignature("the bearer token is not one of the shop's for events, or there is no such shop")
        _check_event_type(headers)
        body = await exchange.body(self._bodies)
        content_type = headers.get("content-type", "")
        events, batch = cloudevents.parse(content_type, headers, body, self._settings.ingest_batch_limit)
        within_rate(self._ingest, shop, len(events))
        received = self._ingest.clock.now()
        # Who posts events of their own learns of a slip at once, unless they ask for notes instead.
        strict = flag(exchange.query, "strict", default=True)
        own = msgspec.structs.replace(context(shop), types=self._shops.types(shop.shop))
        await self._ingest.gathering.wait()
        span = self._ingest.traces.here(
            "receive events", "server", {"relevo.shop": shop.shop}, links=(headers.get(CONTEXT, ""),)
        )
        with span:
            receipt = await receive_events(
                self._ingest.deps, own, events, received, batch=batch, strict=strict, traceparent=span.traceparent
            )
        return _receipt(receipt)

    async def _shop(self, exchange: Exchange) -> KnownShop | None:
        """The shop that the path names, if there is one. The sender must not learn whether: they may be guessing."""
        shop = await self._shops.get(exchange.path["shop"])
        if shop is not None:
            # A path may name anything: only shops that exist become labels.
            exchange.shop = shop.shop
        return shop


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
