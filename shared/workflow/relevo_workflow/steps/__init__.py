"""One module a step type: its class, its fields, its reader, what it does. `registry` has a line for each.

Tested in `tests/workflow/test_staff_and_systems.py`, `tests/workflow/test_waiting_for_events.py`,
`tests/workflow/test_recipients.py`, `tests/workflow/test_header_texts.py`.
"""
