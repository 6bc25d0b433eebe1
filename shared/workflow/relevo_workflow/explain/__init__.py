"""What happened to a customer and why, in sentences."""

from relevo_workflow.explain.explanation import (
    Call,
    Delivery,
    Explanation,
    Line,
    RecordedDecision,
    RetiredWorkflow,
    RunInProgress,
    Said,
    explain,
)

__all__ = [
    "Call",
    "Delivery",
    "Explanation",
    "Line",
    "RecordedDecision",
    "RetiredWorkflow",
    "RunInProgress",
    "Said",
    "explain",
]
