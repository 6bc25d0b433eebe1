"""Shopify's webhooks. `topics.read` is the way in; each other module knows one family of topics.

Tested in `tests/ingest/test_shopify_topics.py`, `tests/ingest/test_shopify_truth.py`, `tests/ingest/test_evidence.py`.
"""
