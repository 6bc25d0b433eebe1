"""E-mail through Postmark. Its codes are tested in `tests/notifier/test_postmark.py`."""
