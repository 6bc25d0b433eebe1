"""E-mail through Brevo. Its codes are tested in `tests/notifier/test_brevo.py`."""
