"""An SMTP server that delivers nothing."""
