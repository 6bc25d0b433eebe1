"""The step types that there are: a new one is its module, a line here, its tests and a section of the reference."""

from collections.abc import Iterable

from relevo_workflow.steps.approve import APPROVE
from relevo_workflow.steps.branch import BRANCH
from relevo_workflow.steps.coupon import COUPON
from relevo_workflow.steps.decide_table import DECIDE
from relevo_workflow.steps.emit import EMIT
from relevo_workflow.steps.goto import GOTO
from relevo_workflow.steps.http import HTTP
from relevo_workflow.steps.send import SEND
from relevo_workflow.steps.set_attributes import SET
from relevo_workflow.steps.split import SPLIT
from relevo_workflow.steps.start import START
from relevo_workflow.steps.step_type import StepType
from relevo_workflow.steps.stop import STOP
from relevo_workflow.steps.system import SYSTEM
from relevo_workflow.steps.task import TASK
from relevo_workflow.steps.wait import WAIT
from relevo_workflow.steps.wait_for import WAIT_FOR
from relevo_workflow.syntax.declared_fields import Holds

_ALL = (WAIT, WAIT_FOR, BRANCH, SPLIT, SEND, COUPON, SYSTEM, HTTP, TASK, APPROVE, DECIDE, SET, EMIT, START, GOTO, STOP)

STEP_TYPES: dict[str, StepType] = {one.keyword: one for one in _ALL}
"""By keyword, in the order of the reference."""


def fields_that_hold(what: Holds) -> frozenset[str]:
    """The names of the fields of any step that hold expressions, values, or text with Liquid."""
    fields = (one for step_type in _ALL for one in (*step_type.fields, *step_type.arm_fields))
    return frozenset(one.name for one in fields if one.holds == what)


def block_names() -> frozenset[str]:
    """The names of the fields of any step that hold lists of steps."""
    fields: Iterable[str] = (
        one.name
        for step_type in _ALL
        for one in (*step_type.fields, *step_type.arm_fields)
        if one.schema == {"$ref": "#/$defs/steps"}
    )
    return frozenset(fields)
