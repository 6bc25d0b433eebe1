"""The previous release beside this one, on the schema that this one migrates: `make test-upgrade`.

`beside.py` has the test; `playing.py` is what it runs. `test_migrations.py` holds the rules by which migrations keep
the previous release at work, and needs no other release.
"""
