"""`/hooks/{shop}/{platform}`: is it from the shop's platform, and what became of it."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache, partial

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import KnownShop, Outcome
from relevo_ingest.app.receive_webhook import Delivery, Webhook
from relevo_ingest.app.shop_contexts import ShopContexts
from relevo_ingest.connectors.connector import METHOD, Connector, WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.errors import Busy, IngestError, InvalidSignature, TooMany
from relevo_ingest.core.signature import NOT_THE_SHOPS
from relevo_ingest.entrypoints.bodies import Bodies, in_utf8
from relevo_ingest.entrypoints.exchange import Exchange
from relevo_ingest.entrypoints.front_door import Guarded
from relevo_ingest.entrypoints.serving import Counted, Ingest
from relevo_ingest.entrypoints.webhook_batches import WebhookBatches
from relevo_runtime.errors import SecretsSealed
from relevo_runtime.http_direct import WholeRequest
from relevo_runtime.metrics import Counter
from relevo_runtime.traces import CONTEXT

_encode = msgspec.json.Encoder().encode
_REMEMBERED = 1024


class Webhooks:
    """The endpoint of webhooks, for requests of the framework's kind (`endpoint`) and whole ones (`take`)."""

    prefix = b"/hooks/"

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._shops = ingest.shops
        self._contexts = ShopContexts()
        self._batches = WebhookBatches(ingest.deps, ingest.gathering, traces=ingest.traces)
        self._bodies = Bodies(ingest.settings)
        self._nobodys = secrets.token_hex()
        self._taken = lru_cache(_REMEMBERED)(self._counter)

    @property
    def limit(self) -> int:
        """How many bytes a body may have."""
        return self._ingest.settings.ingest_body_limit

    async def endpoint(self, exchange: Exchange) -> bytes | Response:
        """`POST /hooks/{shop}/{platform}`; a GET only asks, on platforms that do, whether the address is right."""
        connector = CONNECTORS.get(exchange.path["platform"])
        if connector is None:
            raise HTTPException(404)
        shop = await self._shops.get(exchange.path["shop"])
        if shop is not None:
            # A path may name anything: only shops that exist become labels.
            exchange.shop = shop.shop
        body = await exchange.body(self._bodies)
        given = WebhookRequest(headers=exchange.headers, body=body, method=exchange.method, query=exchange.query)
        answer = connector.handshake(given)
        if answer is not None:
            if shop is not None:
                self._ingest.deliveries.ping(shop.shop, self._ingest.clock.now())
            return PlainTextResponse(answer)
        if exchange.method != METHOD:
            raise HTTPException(405, headers={"Allow": METHOD})
        received = self._ingest.clock.now()
        keys = await self._keys_of(connector, given)
        given = msgspec.structs.replace(given, received=received, keys=keys)
        delivery = self._delivery(shop, connector, given, received)
        return _encode(await self._batches.receive(delivery, exchange.headers.get(CONTEXT, "")))

    def take(self, request: WholeRequest) -> bool:
        """Receives a webhook for which nothing has to be waited for before it can be let in.

        Whatever is out of the ordinary is not taken, so that `endpoint` says what there is to say of it.
        """
        match request.target.decode().split("/"):
            case ["", "hooks", name, platform] if name and platform in CONNECTORS:
                connector = CONNECTORS[platform]
            case _:
                return False
        if connector.signature.keys is not None or not self._shops.fresh():
            return False
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
        received = self._ingest.clock.now()
        given = WebhookRequest(headers=headers, body=request.body, received=received)
        if connector.handshake(given) is not None:
            return False
        try:
            delivery = self._delivery(self._shops.at_hand(name), connector, given, received)
        except IngestError:
            return False
        self._batches.add(delivery, partial(self._answer, request, delivery.shop.shop), headers.get(CONTEXT, ""))
        return True

    def _answer(self, request: WholeRequest, shop: str, outcome: Outcome[Receipt]) -> None:
        if isinstance(outcome, Exception):
            request.answer_by(Guarded(Counted(self._ingest, partial(_raised, shop, outcome))))
            return
        self._taken(shop).inc()
        request.answer(_encode(outcome))
        self._ingest.gathering.answered()

    def _counter(self, shop: str) -> Counter:
        return self._ingest.metrics.webhooks.labels(shop, "200")

    def _delivery(
        self, shop: KnownShop | None, connector: Connector, given: WebhookRequest, received: datetime
    ) -> Delivery:
        """The webhook, known to be from its shop. Raises `InvalidSignature`, `TooMany` or `Busy`."""
        known = self._of_platform(shop, connector, given, received)
        self._ingest.deliveries.webhook(known.shop, received)
        self._within_rate(known)
        # From here on nothing is refused for its content, nor for a wrong content type: it came from the shop.
        headers = {name: given.headers[name] for name in connector.headers if name in given.headers}
        body = in_utf8(given.headers, given.body)
        webhook = Webhook(connector=connector, headers=headers, body=body, received=received)
        return Delivery.of(self._contexts.of(known, self._shops.own_fields(known.shop)), webhook)

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
        return {} if wanted is None else await self._ingest.public_keys.get(wanted.addresses(given.headers))

    def _within_rate(self, shop: KnownShop) -> None:
        within_rate(self._ingest, shop)


def within_rate(ingest: Ingest, shop: KnownShop, cost: int = 1) -> None:
    """Raises `TooMany` if the shop sends more than its share, `Busy` if it is held. Only what is genuine counts."""
    if shop.held:
        raise Busy(shop.held)
    seconds = ingest.rates.wait(shop.shop, cost)
    if seconds:
        raise TooMany(shop.shop, seconds)


async def _raised(shop: str, error: Exception, exchange: Exchange) -> bytes:
    exchange.shop = shop
    raise error


def _secrets(shop: KnownShop, now: datetime) -> list[str]:
    try:
        return shop.valid_secrets(now)
    except SecretsSealed as error:
        raise Busy(str(error)) from error
