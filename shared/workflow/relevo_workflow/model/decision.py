"""A decision and its trace: what was done for a customer, and why."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from relevo_workflow.model.effects import Effect
from relevo_workflow.model.state import Run, Subject

Kind = Literal["started", "not_started", "advanced", "waiting", "exited", "ended", "ignored", "migrated"]


class Check(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One expression that was evaluated: where, its text, its value, the fields that it read, or why it failed.

    `failed` are those operands of a condition joined by `&&` that were not true.
    """

    at: str
    expression: str
    value: Any = None
    fields: dict[str, Any] = {}
    error: str = ""
    failed: tuple[str, ...] = ()


class Decision(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one input did to one workflow of a customer.

    `run` is the run afterwards (`None` if none was started). `path` names the steps and arms that were entered, in
    order (`wait-4h`, `branch-1/otherwise`). `reason` is for people. `at` is the time that the decision reckons with.
    """

    workflow: str
    version: str
    kind: Kind
    reason: str
    at: datetime
    run: Run | None = None
    effects: tuple[Effect, ...] = ()
    trace: tuple[Check, ...] = ()
    path: tuple[str, ...] = ()
    input_id: str = ""


class Handled(Struct, frozen=True, gc=False):
    """The customer after an input, and every decision that it caused (none for what concerns no workflow).

    `effects` are those of no run: timers of triggers that depend on time.
    """

    subject: Subject
    decisions: tuple[Decision, ...] = ()
    effects: tuple[Effect, ...] = ()
