"""Zendesk: tickets, by the Support API (developer.zendesk.com/api-reference/ticketing)."""
