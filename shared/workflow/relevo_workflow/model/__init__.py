"""What goes into decisions and what comes out: a customer's state, inputs, effects, decisions. Plain frozen values.

State and recorded decisions are stored as JSON: fields are only added, with a default. Imports no other room.
Tested in `tests/workflow/test_facts.py`, `tests/workflow/test_order_windows.py`, `tests/golden/test_golden.py`.
"""
