"""`POST /t/{shop}`: what the browsers of a shop's visitors tell. An answer has no content: a browser can read nothing.

In order: is it a page of the shop, how often, is it a person, is the body acceptable, the use case, the answer.
"""

import base64
import binascii
import math
from collections.abc import Sequence

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_ingest.app.ports import KnownShop, ShopCatalog
from relevo_ingest.app.receive_visits import SignedIn, arrival_of, receive_visits
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.app.storefront_ports import Storefront, StorefrontCatalog, StorefrontDependencies
from relevo_ingest.core.errors import Busy, IngestError, InvalidPayload, TooMany
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.rates import Rates
from relevo_ingest.core.storefront.batches import Batch, event_id, read_batch
from relevo_ingest.core.storefront.hits import IDENTIFY, Proof, Readings, Rules, read_hits
from relevo_ingest.core.storefront.proofs import signed_in
from relevo_ingest.core.storefront.segment import CALLS, read_segment
from relevo_ingest.core.storefront.traffic import AddressRates, address_hash, host_of, is_automatic
from relevo_ingest.core.storefront.values import Pages
from relevo_ingest.entrypoints import problems
from relevo_ingest.entrypoints.bodies import check_encoding, media_type_of, read_body
from relevo_ingest.entrypoints.problems import Problem
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import BadToken, Visit, read_token
from relevo_runtime.metrics import Metrics

BODY_LIMIT = 256 * 1024
"""Bytes of one request. Source: a beacon has 64 KiB at most (Fetch, `keepalive`); Segment's batches are larger."""
_MEDIA = ("", "text/plain", "application/json")
_PREFLIGHT_SECONDS = 7200
_UNKNOWN = "unknown"


class VisitRates(Struct, frozen=True):
    """How much is taken from the browsers of one shop, and from one address."""

    shops: Rates
    addresses: AddressRates


class StorefrontParts(Struct, frozen=True):
    """What serves storefronts beside what serves the rest of ingest."""

    storefronts: StorefrontCatalog
    deps: StorefrontDependencies
    rates: VisitRates


class StorefrontEndpoints(Struct, frozen=True):
    """The endpoints below `/t/`."""

    settings: IngestSettings
    shops: ShopCatalog
    parts: StorefrontParts
    clock: Clock
    metrics: Metrics

    def routes(self) -> list[Route]:
        """Their routes."""
        paths = ("/t/{shop}", "/t/{shop}/v1/{call}")
        posted = [Route(path, self.collect, methods=["POST"]) for path in paths]
        return [*posted, *(Route(path, self.preflight, methods=["OPTIONS"]) for path in paths)]

    async def preflight(self, request: Request) -> Response:
        """May pages of this origin send here? Source: Fetch, section 3.2.2."""
        try:
            _, front = await self._open(request)
        except IngestError as error:
            return problems.of_error(error, self.settings.ingest_retry_after).response()
        except Problem as problem:
            return problem.response()
        assert front
        allowed = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "content-type, authorization",
            "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        }
        return Response(status_code=204, headers=_shared(request) | allowed)

    async def collect(self, request: Request) -> Response:
        """Takes what one browser tells: 202 if something of it is kept, 204 if nothing is."""
        shop = _UNKNOWN
        shared: dict[str, str] = {}
        try:
            known, front = await self._open(request)
            shop, shared = known.shop, _shared(request)
            kept = await self._take(request, known, front)
            answer = Response(status_code=202 if kept else 204)
        except Problem as problem:
            answer = problem.response()
        except IngestError as error:
            answer = problems.of_error(error, self.settings.ingest_retry_after).response()
        self.metrics.visits.labels(shop, str(answer.status_code)).inc()
        answer.headers.update(shared)
        return answer

    async def _take(self, request: Request, shop: KnownShop, front: Storefront) -> bool:
        """Whether something of what a page of the shop sent is kept. Raises `Problem` and `IngestError`."""
        ip_hash = address_hash(
            self.settings.link_secret.get_secret_value(),
            shop.shop,
            client_address(request, self.settings.ingest_client_header),
        )
        _within(self.parts.rates.addresses.wait(ip_hash), shop.shop)
        if front.filter_bots and is_automatic(request.headers):
            return False
        batch = await self._batch(request)
        if not front.accepts_key(batch.key or _key_of(request)):
            raise _no_such_storefront()
        if shop.held:
            raise Busy(shop.held)
        _within(self.parts.rates.shops.wait(shop.shop, max(1, len(batch.hits))), shop.shop)
        readings = _read(batch, shop, front)
        proven = self._proven(readings.proofs, front, shop.shop)
        kept = await receive_visits(self.parts.deps, readings, proven, arrival_of(shop.shop, self.clock.now()), ip_hash)
        if readings.wrong and not kept:
            raise InvalidPayload.of(readings.wrong)
        return kept

    async def _open(self, request: Request) -> tuple[KnownShop, Storefront]:
        """The shop whose page asks. A refusal stands only if the catalog is still the one that it was made by."""
        try:
            return await self._opened(request)
        except Problem:
            changed = await self.parts.storefronts.changed()
            if not (await self.shops.changed() or changed):
                raise
        return await self._opened(request)

    async def _opened(self, request: Request) -> tuple[KnownShop, Storefront]:
        name = request.path_params["shop"]
        shop, front = await self.shops.get(name), await self.parts.storefronts.get(name)
        if shop is None or front is None:
            raise _no_such_storefront()
        if "call" in request.path_params and request.path_params["call"] not in CALLS:
            raise Problem(404, "unknown-path", "Not Found", f"there is no call {request.path_params['call'][:40]!r}")
        origin = request.headers.get("origin", "")
        if not front.is_at(host_of(origin)):
            detail = f"the origin {origin[:100] or 'is missing'!r} is not one of the shop's domains: add it with "
            raise Problem(403, "not-the-shops-page", "Not a page of the shop", detail + "`relevo shops storefront`")
        return shop, front

    async def _batch(self, request: Request) -> Batch:
        if media_type_of(request.headers) not in _MEDIA:
            raise problems.unsupported("send JSON as application/json or text/plain")
        check_encoding(request.headers)
        seconds = self.settings.ingest_body_timeout
        body = await read_body(request.receive, request.headers, limit=BODY_LIMIT, seconds=seconds)
        received = self.clock.now()
        call = request.path_params.get("call")
        with collecting():  # the answer has no content: nobody reads what was left out
            return read_segment(CALLS[call], body, received) if call else read_batch(body, received)

    def _proven(self, proofs: Sequence[Proof], front: Storefront, shop: str) -> list[SignedIn]:
        """Those of the proofs that hold. What doesn't is as if it were not said: it may be but old."""
        found = (self._signed_in(proof, front, shop) for proof in proofs)
        return [one for one in found if one is not None]

    def _signed_in(self, proof: Proof, front: Storefront, shop: str) -> SignedIn | None:
        now, identifier = self.clock.now(), event_id(proof.hit)
        if proof.kind == IDENTIFY:
            customer = signed_in(proof.token, front.valid_secrets(now), now)
            return SignedIn(proof.visitor, identifier, customer_id=customer) if customer else None
        try:
            link = read_token(self.settings.link_secret.get_secret_value(), proof.token)
        except BadToken:
            return None
        holds = isinstance(link, Visit) and link.shop == shop and now - link.at <= self.settings.ingest_visit_links
        return SignedIn(proof.visitor, identifier, key=link.key) if holds and isinstance(link, Visit) else None


def client_address(request: Request, header: str) -> str:
    """The address of the visitor: as the nearest proxy saw it, if `header` says that one is there."""
    if header and (given := request.headers.get(header)):
        return given.rpartition(",")[2].strip()[:100]
    return request.client.host if request.client else ""


def _read(batch: Batch, shop: KnownShop, front: Storefront) -> Readings:
    rules = Rules(
        shop=context(shop),
        pages=Pages(front.is_at),
        source=f"/shops/{shop.shop}/storefront",
        assumed=front.consent == "assumed",
    )
    with collecting():
        return read_hits(batch.hits, rules)


def _key_of(request: Request) -> str:
    """The public key where the body has none: in the address, or as Segment's libraries send it."""
    if key := request.query_params.get("key"):
        return key
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        user = base64.b64decode(given, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        return ""
    return user.decode("utf-8", "replace").partition(":")[0]


def _shared(request: Request) -> dict[str, str]:
    """What lets pages of the shop see the status of an answer. No credentials: there is nothing to be signed in to."""
    allowed = {"Access-Control-Allow-Origin": request.headers.get("origin", ""), "Vary": "Origin"}
    return allowed | {"Access-Control-Expose-Headers": "Retry-After"}


def _within(seconds: float, shop: str) -> None:
    if seconds:
        raise TooMany(shop, math.ceil(seconds))


def _no_such_storefront() -> Problem:
    detail = (
        "the key is not that of the storefront, or there is no such shop: compare it with `relevo shops storefront`"
    )
    return Problem(401, "not-authentic", "The sender could not be verified", detail)
