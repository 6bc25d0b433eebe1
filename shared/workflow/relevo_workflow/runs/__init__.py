"""Run time: what an input does to a customer's facts and runs. Never imports `compiler`.

`handle` is the way in: facts change, `decide` asks each run, `execution` moves it, `starting` begins new ones.
Tested in `tests/workflow/test_runs.py`, `tests/workflow/test_entry.py`, `tests/workflow/test_waiting_for_events.py`,
`tests/workflow/test_dates_and_segments.py`, `tests/workflow/test_properties.py`, `tests/golden/test_golden.py`.
"""
