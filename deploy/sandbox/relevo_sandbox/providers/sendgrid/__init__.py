"""SendGrid, as far as sending needs it."""
