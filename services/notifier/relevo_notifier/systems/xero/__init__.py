"""Xero: the books, by the Accounting API (developer.xero.com), with a custom connection."""
