"""Run time: what an input does to a customer's facts and runs. Never imports `compiler`.

`handle` is the way in: facts change, `decide` asks each run, `progress` leads it from step to step, `starting` begins
new ones. `execution` is a run during one decision, `subject_update` a customer during one input: both are values, and
what happens to them gives the next one.
Tested in `tests/workflow/test_runs.py`, `tests/workflow/test_run_execution.py`, `tests/workflow/test_entry.py`,
`tests/workflow/test_waiting_for_events.py`, `tests/workflow/test_dates_and_segments.py`,
`tests/workflow/test_properties.py`, `tests/golden/test_golden.py`.
"""
