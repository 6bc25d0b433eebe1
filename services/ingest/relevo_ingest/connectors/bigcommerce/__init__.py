"""BigCommerce's webhooks, which only name what has changed: it is fetched from the API and then read. `topics.read` is
the way in; each other module knows one resource. The page for shop owners is docs/bigcommerce.md; the tests are
tests/ingest/test_bigcommerce.py.

Source: bigcommerce/docs: docs/integrations/webhooks, docs/webhooks/callbacks, reference (orders.v2, carts.v3, …).
"""
