"""Brevo, as far as sending needs it."""
