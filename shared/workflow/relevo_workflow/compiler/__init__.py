"""Compile time: files become a checked definition, or problems with positions. Never imports `runs`.

`load` is the way in, `ast` the syntax tree of steps, `readers` one module a part of the files, `lints` the habits.
Tested in `tests/workflow/test_diagnostics.py`, `tests/workflow/test_malformed_input.py`,
`tests/workflow/test_lints.py`, `tests/workflow/test_use_before_save.py`, `tests/workflow/test_schema.py`.
"""
