"""Shopify's webhooks. `topics.read` is the way in; each other module knows one family of topics."""
