"""E-mail through SendGrid. Its codes are tested in `tests/notifier/test_sendgrid.py`."""
