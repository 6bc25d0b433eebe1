"""The use cases of ingest: receive a webhook, receive events, unsubscribe."""
