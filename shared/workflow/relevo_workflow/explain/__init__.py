"""What happened to a customer and why, in sentences.

Other packages import from here, not from the modules behind it.
Tested in `tests/workflow/test_explain.py`.
"""

from relevo_workflow.explain.explanation import Explanation, Line, RunInProgress, explain
from relevo_workflow.explain.records import Call, Delivery, RecordedDecision, RetiredWorkflow, StaffAnswer

__all__ = [
    "Call",
    "Delivery",
    "Explanation",
    "Line",
    "RecordedDecision",
    "RetiredWorkflow",
    "RunInProgress",
    "StaffAnswer",
    "explain",
]
