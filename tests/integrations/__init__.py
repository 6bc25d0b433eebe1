"""The modules for shops that are not written in Python: `make test-integrations`."""
