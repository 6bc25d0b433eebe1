"""E-mail through Amazon SES. Its codes are tested in `tests/notifier/test_ses.py`."""
