"""Sends e-mail and SMS once, at a moment when it may, and reports what became of each delivery."""
