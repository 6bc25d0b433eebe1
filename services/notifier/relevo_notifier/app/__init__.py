"""The use cases, one a module: accept, prepare, attempt, report, look for what is due, learn contacts, watch secrets.

`ports` says what they need of the outside; they share `batcher`, `worker_pool`, `host_limiter` and `transient`.
"""
