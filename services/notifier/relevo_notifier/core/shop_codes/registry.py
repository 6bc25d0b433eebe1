"""The platforms that make codes by their API."""

from collections.abc import Mapping
from types import MappingProxyType

from relevo_notifier.core.shop_codes.exchange import CodeMaker
from relevo_notifier.core.shop_codes.magento import MagentoCodes
from relevo_notifier.core.shop_codes.prestashop import PrestaShopCodes
from relevo_notifier.core.shop_codes.shopify import ShopifyCodes
from relevo_notifier.core.shop_codes.woocommerce import WooCommerceCodes

MAKERS: Mapping[str, CodeMaker] = MappingProxyType(
    {
        "shopify": ShopifyCodes(),
        "woocommerce": WooCommerceCodes(),
        "magento": MagentoCodes(),
        "adobe-commerce": MagentoCodes(),
        "prestashop": PrestaShopCodes(),
    }
)
