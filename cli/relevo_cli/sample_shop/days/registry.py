"""The platforms that the sample shop can run on: one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from relevo_cli.sample_shop.days.adobe_commerce import AdobeCommerceDay
from relevo_cli.sample_shop.days.bigcommerce import BigCommerceDay
from relevo_cli.sample_shop.days.magento import MagentoDay
from relevo_cli.sample_shop.days.orocommerce import OroCommerceDay
from relevo_cli.sample_shop.days.prestashop import PrestaShopDay
from relevo_cli.sample_shop.days.shop_events import Platform
from relevo_cli.sample_shop.days.shopify import ShopifyDay
from relevo_cli.sample_shop.days.woocommerce import WooCommerceDay

_ALL: tuple[Platform, ...] = (
    ShopifyDay(),
    WooCommerceDay(),
    PrestaShopDay(),
    MagentoDay(),
    AdobeCommerceDay(),
    OroCommerceDay(),
    BigCommerceDay(),
)
PLATFORMS: Mapping[str, Platform] = MappingProxyType({one.name: one for one in _ALL})
"""Each by the name that `relevo demo --platform NAME` takes."""
