"""Akeneo: what is known of products, by its REST API (api.akeneo.com)."""
