"""The counterpart of a push service."""
