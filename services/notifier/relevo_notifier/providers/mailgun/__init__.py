"""E-mail through Mailgun. Its codes are tested in `tests/notifier/test_mailgun.py`."""
