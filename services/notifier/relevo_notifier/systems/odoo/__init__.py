"""Odoo: orders, offers and stock, by the JSON-2 API of Odoo 19 and later (odoo.com/documentation)."""
