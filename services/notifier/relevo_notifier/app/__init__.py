"""The use cases, one a module: accept, prepare, attempt, report, look for what is due, learn contacts, watch secrets.

`ports` says what they need of the outside, `batcher`, `worker_pool`, `host_limiter` and `transient` are what they share.
"""
