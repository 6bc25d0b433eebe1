"""Amazon SES, as far as sending needs it."""
