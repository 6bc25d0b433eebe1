"""The use cases: accept, send, recover, learn."""
