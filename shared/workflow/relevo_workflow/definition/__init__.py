"""A compiled workflow: its program of steps, its triggers and rules, and the index of a shop's workflows.

Immutable, made by `compiler`, used by `runs`: what both need to know of a workflow stands here or below.
Tested in `tests/workflow/test_cycles.py`, `tests/workflow/test_times.py`.
"""
