"""WooCommerce's webhooks. `topics.read` is the way in; each other module knows one resource. The page for shop owners
is docs/woocommerce.md; the tests are tests/ingest/test_woocommerce.py.
"""
