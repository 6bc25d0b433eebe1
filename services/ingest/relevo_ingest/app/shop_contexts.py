"""What the readers need to know of a shop, from the catalog."""

from collections.abc import Mapping

from relevo_ingest.app.ports import KnownShop
from relevo_ingest.core import normalise
from relevo_ingest.core.drafts import ShopContext


def context(shop: KnownShop, own_fields: Mapping[str, str] | None = None) -> ShopContext:
    """The shop as the readers of its messages see it."""
    return ShopContext(
        shop=shop.shop,
        currency=shop.currency,
        region=normalise.region_of(shop.locale),
        domain=shop.domain,
        own_fields=own_fields or {},
    )
