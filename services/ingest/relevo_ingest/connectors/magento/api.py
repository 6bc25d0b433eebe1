"""Magento's REST API, which Adobe Commerce has, too."""

from relevo_ingest.connectors.commerce_api import CommerceApi


class MagentoApi(CommerceApi):
    """What is asked of a Magento."""
