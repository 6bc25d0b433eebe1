"""Adobe Commerce's REST API, which is Magento's."""

from relevo_ingest.connectors.commerce_api import CommerceApi


class AdobeCommerceApi(CommerceApi):
    """What is asked of a shop of Adobe Commerce."""
