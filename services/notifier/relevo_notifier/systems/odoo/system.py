"""Odoo as an ERP."""

from relevo_notifier.core.systems import Access, Conversation, System
from relevo_notifier.systems.odoo import replies, requests
from relevo_notifier.systems.odoo.orders import create_purchase_order, create_quote, credit_check
from relevo_notifier.systems.odoo.stock import move_stock, receive_goods


def probe(access: Access) -> Conversation[str]:
    """The company whose ERP it is."""
    asked = yield requests.search("res.company", [], ("name",), access)
    return str(replies.first(asked, access, "there is no company")["name"])


ODOO = System(
    name="odoo",
    title="Odoo",
    port="erp",
    credentials={"api_key": "Preferences, Security, New API Key, of a user who may buy, sell and move stock"},
    settings={
        "database": "optional: the name of the database, where a host has several",
        "stock_location": "optional: the full name of the main stock, if it is not WH/Stock",
        "delivery_sku": "optional: the internal reference of the article that stands for delivery in offers",
    },
    operations={
        "create_purchase_order": create_purchase_order,
        "receive_goods": receive_goods,
        "move_stock": move_stock,
        "create_quote": create_quote,
        "credit_check": credit_check,
    },
    probe=probe,
)
