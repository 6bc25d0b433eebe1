"""Codes that a shop makes by its platform's API: one module a platform, and a line of `registry.py` each. Pure.

Tested by `tests/notifier/test_shop_codes.py`, on servers that speak the published APIs (`tests/platform_servers`).
"""
