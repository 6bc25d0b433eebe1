"""Web push: messages to browsers, through the push service of each (RFC 8030, 8291, 8292)."""
