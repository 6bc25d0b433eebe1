"""Other systems of shops, one folder each: what an operation of a port asks them, and what their answers mean. Pure.

docs/add-an-adapter.md says how one is added. Tested by `tests/notifier/test_systems.py`, one suite for all of them,
over local servers that speak their published APIs (`tests/system_servers`).
"""
