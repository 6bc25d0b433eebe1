"""`relevo init`: a repository of workflows for one shop, made of the library. Tested in `tests/cli/test_init.py`."""
