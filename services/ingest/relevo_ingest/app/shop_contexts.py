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


class ShopContexts:
    """`context` of many messages: made anew when what is known of the shop is."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[KnownShop, Mapping[str, str], ShopContext]] = {}

    def of(self, shop: KnownShop, own_fields: Mapping[str, str]) -> ShopContext:
        """The shop as the readers of its messages see it."""
        made = self._made.get(shop.shop)
        if made is None or made[0] is not shop or made[1] is not own_fields:
            made = self._made[shop.shop] = (shop, own_fields, context(shop, own_fields))
        return made[2]
