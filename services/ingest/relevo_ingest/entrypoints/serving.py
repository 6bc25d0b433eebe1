"""What every endpoint for events has around it: its errors become problems, its answers are counted."""

from collections.abc import Awaitable, Callable

from msgspec import Struct
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from relevo_ingest.app.answer_survey import SurveyCatalog
from relevo_ingest.app.ports import IngestDependencies, PublicKeyServer, ShopCatalog
from relevo_ingest.app.record_hits import HitRecorder
from relevo_ingest.app.say_consent import ConsentDependencies
from relevo_ingest.core.errors import IngestError, InvalidPayload, InvalidSignature
from relevo_ingest.core.rates import Rates
from relevo_ingest.entrypoints import problems
from relevo_ingest.entrypoints.exchange import Exchange
from relevo_ingest.entrypoints.gathering import Gathering
from relevo_ingest.entrypoints.storefront import StorefrontParts
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.last_deliveries import DeliveryRecorder
from relevo_runtime.metrics import Metrics
from relevo_runtime.traces import NO_TRACES, Traces

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
    hits: HitRecorder
    consents: ConsentDependencies
    surveys: SurveyCatalog
    traces: Traces = NO_TRACES


class Counted:
    """An endpoint as an application: its errors are turned into problems, its answers counted by shop and status."""

    def __init__(self, ingest: Ingest, endpoint: Endpoint) -> None:
        self._settings = ingest.settings
        self._shops = ingest.shops
        self._metrics = ingest.metrics
        self._gathering = ingest.gathering
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, as ASGI has it."""
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
