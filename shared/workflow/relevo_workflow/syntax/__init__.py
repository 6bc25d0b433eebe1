"""How workflows are written: YAML nodes that know where they stand, problems with positions, durations, local times.

Knows no workflow. Imports no other room.
Tested in `tests/workflow/test_yaml_traps.py`, `tests/workflow/test_positions.py`, `tests/workflow/test_times.py`,
`tests/workflow/test_diagnostics.py`.
"""
