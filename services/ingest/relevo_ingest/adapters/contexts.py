"""What the readers need to know of a shop, from the catalog."""

from relevo_ingest.core import normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_runtime.catalog import Shop


def context(shop: Shop) -> ShopContext:
    """The shop as the readers of its messages see it."""
    return ShopContext(
        shop=shop.shop, currency=shop.currency, region=normalise.region_of(shop.locale), domain=shop.domain
    )
