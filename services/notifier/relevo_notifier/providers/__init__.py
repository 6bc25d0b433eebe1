"""The ways out: one folder a provider, with its options, its client and its reply codes, and a line each in `registry`.

Tested in `tests/notifier/test_providers.py`, one suite for all, against the sandbox's counterpart of the same name.
"""
