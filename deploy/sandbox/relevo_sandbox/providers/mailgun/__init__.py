"""Mailgun, as far as sending needs it."""
