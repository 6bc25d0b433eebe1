"""From one version of a workflow to another: aligned steps, differences, runs that move.

Other packages import from here, not from the modules behind it.
Tested in `tests/workflow/test_alignment.py`, `tests/workflow/test_migration.py`.
"""

from relevo_workflow.changes.comparison import Comparison, compare_versions, file_diff
from relevo_workflow.changes.migration import Migrated, Transition, describe_repeats

__all__ = [
    "Comparison",
    "Migrated",
    "Transition",
    "compare_versions",
    "describe_repeats",
    "file_diff",
]
