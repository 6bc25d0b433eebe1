"""The counterpart of WhatsApp's Cloud API."""
