"""The shop platforms that there are: one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from relevo_ingest.connectors.adobe_commerce.api import AdobeCommerceApi
from relevo_ingest.connectors.adobe_commerce.connector import AdobeCommerce
from relevo_ingest.connectors.adobe_commerce.listing import AdobeCommerceLists
from relevo_ingest.connectors.adobe_commerce.registration import AdobeCommerceRegistration
from relevo_ingest.connectors.bigcommerce.api import BigCommerceApi
from relevo_ingest.connectors.bigcommerce.connector import BigCommerce
from relevo_ingest.connectors.bigcommerce.listing import BigCommerceLists
from relevo_ingest.connectors.bigcommerce.registration import BigCommerceRegistration
from relevo_ingest.connectors.connector import Connector
from relevo_ingest.connectors.magento.api import MagentoApi
from relevo_ingest.connectors.magento.listing import MagentoLists
from relevo_ingest.connectors.magento.topics import TOPICS as MAGENTO
from relevo_ingest.connectors.module_connector import ModuleConnector
from relevo_ingest.connectors.orocommerce.api import OroCommerceApi
from relevo_ingest.connectors.orocommerce.connector import OroCommerce
from relevo_ingest.connectors.orocommerce.listing import OroCommerceLists
from relevo_ingest.connectors.orocommerce.registration import OroCommerceRegistration
from relevo_ingest.connectors.platform_api import ChangeLists, FetchesById, PlatformApi
from relevo_ingest.connectors.prestashop.api import PrestaShopApi
from relevo_ingest.connectors.prestashop.listing import PrestaShopLists
from relevo_ingest.connectors.prestashop.topics import TOPICS as PRESTASHOP
from relevo_ingest.connectors.registration import Registration
from relevo_ingest.connectors.shopify.api import ShopifyApi
from relevo_ingest.connectors.shopify.connector import Shopify
from relevo_ingest.connectors.shopify.listing import ShopifyLists
from relevo_ingest.connectors.shopify.registration import ShopifyRegistration
from relevo_ingest.connectors.woocommerce.api import WooCommerceApi
from relevo_ingest.connectors.woocommerce.connector import WooCommerce
from relevo_ingest.connectors.woocommerce.listing import WooCommerceLists
from relevo_ingest.connectors.woocommerce.registration import WooCommerceRegistration

CONNECTORS: Mapping[str, Connector] = MappingProxyType(
    {
        "adobe-commerce": AdobeCommerce(),
        "bigcommerce": BigCommerce(),
        "orocommerce": OroCommerce(),
        "magento": ModuleConnector("magento", "Magento Open Source", MAGENTO),
        "prestashop": ModuleConnector("prestashop", "PrestaShop", PRESTASHOP),
        "shopify": Shopify(),
        "woocommerce": WooCommerce(),
    }
)
"""Each platform by the name that its address has."""

APIS: Mapping[str, PlatformApi] = MappingProxyType(
    {
        "adobe-commerce": AdobeCommerceApi(),
        "magento": MagentoApi(),
        "bigcommerce": BigCommerceApi(),
        "orocommerce": OroCommerceApi(),
        "prestashop": PrestaShopApi(),
        "shopify": ShopifyApi(),
        "woocommerce": WooCommerceApi(),
    }
)
"""The platforms' own APIs, of those that are asked."""

FETCHES: Mapping[str, FetchesById] = MappingProxyType(
    {
        "bigcommerce": BigCommerceApi(),
        "orocommerce": OroCommerceApi(),
    }
)
"""How things are fetched, of the platforms whose webhooks only name them."""

POLLED: Mapping[str, ChangeLists] = MappingProxyType(
    {
        "magento": MagentoLists(),
        "prestashop": PrestaShopLists(),
    }
)
"""What is asked again and again, of the platforms without webhooks of their own."""

HISTORIES: Mapping[str, ChangeLists] = MappingProxyType(
    {
        "adobe-commerce": AdobeCommerceLists(),
        "bigcommerce": BigCommerceLists(),
        "magento": MagentoLists(),
        "orocommerce": OroCommerceLists(),
        "prestashop": PrestaShopLists(),
        "shopify": ShopifyLists(),
        "woocommerce": WooCommerceLists(),
    }
)
"""What a shop had before it was connected, of the platforms whose API lists it."""

REGISTRATIONS: Mapping[str, Registration] = MappingProxyType(
    {
        "adobe-commerce": AdobeCommerceRegistration(),
        "bigcommerce": BigCommerceRegistration(),
        "orocommerce": OroCommerceRegistration(),
        "shopify": ShopifyRegistration(),
        "woocommerce": WooCommerceRegistration(),
    }
)
"""How webhooks are registered, of the platforms that have them and an API for that."""


def topics_of(event_type: str) -> Mapping[str, list[str]]:
    """The topics that can make an event of this type, by the titles of the platforms that have any."""
    found = {
        one.title: [topic for topic, made in one.events_by_topic.items() if event_type in made]
        for one in CONNECTORS.values()
    }
    return {title: topics for title, topics in found.items() if topics}
