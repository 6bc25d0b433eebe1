"""The use cases of ingest, one a module: webhooks, a shop's own events, unsubscribing, reading a message again.

`event_store` and `merging` are what they share, `ports` what they need of the outside.
"""
