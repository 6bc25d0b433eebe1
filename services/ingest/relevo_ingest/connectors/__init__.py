"""What each shop platform says, and how to read it: one folder a platform, one line each in `registry`.

`connector` is the protocol. Imports `core` alone. Tested in `tests/ingest/test_connectors.py`, which runs on each.
"""
