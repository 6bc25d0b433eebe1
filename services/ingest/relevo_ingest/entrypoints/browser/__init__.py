"""The script that pages of shops load, its forms and their words: served by `script.py` beside it."""
