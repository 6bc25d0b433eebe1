"""One thing that happens in a test of a workflow."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from relevo_workflow.syntax.diagnostics import Position

CUSTOMER_KEY = "customer-1"
NOWHERE = Position("")


@dataclass(frozen=True, slots=True)
class ScenarioEvent:
    """Something that happens: a shop event, what someone does to the task (`staff`) or to the message of a `step`."""

    at: datetime
    position: Position
    event: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    key: str = CUSTOMER_KEY
    historical: bool = False
    test: bool = False
    staff: str = ""
    step: str = ""
    step_position: Position = NOWHERE
    by: str = ""
    role: str = ""
    note: str = ""
    manual: bool = False
    answer: dict[str, str] = field(default_factory=dict)
