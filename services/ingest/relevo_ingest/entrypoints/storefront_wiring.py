"""Puts together what serves the storefronts."""

import asyncio
from functools import partial

from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.opt_ins import OptIns
from relevo_ingest.adapters.storefronts import Storefronts
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.storefront_ports import StorefrontDependencies
from relevo_ingest.core.rates import Rates
from relevo_ingest.core.storefront.opt_in import OptIn
from relevo_ingest.core.storefront.traffic import AddressRates
from relevo_ingest.entrypoints.storefront import StorefrontParts, VisitRates
from relevo_ingest.settings import IngestSettings
from relevo_runtime.links import Confirm, token_of
from relevo_runtime.postgres import Pool
from relevo_runtime.secret_keys import SecretKeys


def storefront_parts(settings: IngestSettings, pool: Pool, deps: IngestDependencies) -> StorefrontParts:
    """What serves the storefronts, with its adapters. Needs a running event loop."""
    monotonic = asyncio.get_running_loop().time
    storefronts = Storefronts(
        pool,
        SecretKeys(settings),
        interval=settings.ingest_shops_interval,
        forced=settings.ingest_shops_forced,
        monotonic=monotonic,
    )
    rates = VisitRates(
        Rates(settings.ingest_storefront_rate, settings.ingest_storefront_burst, monotonic),
        AddressRates(settings.ingest_visitor_rate, settings.ingest_visitor_burst, monotonic),
    )
    own = StorefrontDependencies(deps, Identity(pool), OptIns(pool), partial(confirm_url, settings))
    return StorefrontParts(storefronts, own, rates)


def confirm_url(settings: IngestSettings, one: OptIn) -> str:
    """The link by which the owner of an address confirms a sign-up."""
    token = token_of(settings.link_secret.get_secret_value(), Confirm(one.shop, one.id))
    return f"{settings.public_url}/c/{token}"
