"""The workflow language of Relevo: parse, check, decide, simulate. Pure: no IO, no clock, no randomness.

What other packages use stands here, and in four rooms of its own kind: `relevo_workflow.testing`,
`relevo_workflow.changes`, `relevo_workflow.explain` and `relevo_workflow.diagram`. All else is internal.

- `load_workflow` turns files into a `Definition`, `diagnose` says everything that is wrong with them;
  `compile_workflow` reads what was deployed once, and refuses only what can't run.
- `handle` is what the product does: (definitions, customer, input, now) -> (customer, decisions with effects).
- `Subject`, `Facts` and `Run` are stored; inputs come in; effects are what the world is asked to do.

Names are loaded when they are first used: a command that parses a duration does not load CEL.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relevo_workflow.compiler.cross_workflow_checks import check_starts, starts_others
    from relevo_workflow.compiler.json_schema import workflow_schema
    from relevo_workflow.compiler.load import WORKFLOW_FILE, compile_workflow, diagnose, load_workflow
    from relevo_workflow.compiler.readers.blocks import BLOCKS_FOLDER, ended_entries
    from relevo_workflow.compiler.readers.events import EVENT_FILE_SUFFIXES, EVENTS_FOLDER, diagnose_events, event_files
    from relevo_workflow.compiler.readers.policy import POLICY_FILE, diagnose_policy, policy_schema
    from relevo_workflow.definition.calendar_rules import next_occurrence
    from relevo_workflow.definition.contests import Contest, contests, with_winners
    from relevo_workflow.definition.program import Program
    from relevo_workflow.definition.workflow import Definition, EventTrigger, ManualTrigger
    from relevo_workflow.definition.workflow_index import CALENDAR_TIMERS, CalendarSpec, WorkflowIndex
    from relevo_workflow.expressions.expression import Expression
    from relevo_workflow.expressions.field_paths import EXPRESSION_ROOTS, Token, tokenize
    from relevo_workflow.model.catalogue import (
        Product,
        ProductVariant,
        describes_product,
        fold_product,
        of_line,
        products_named,
        with_catalogue,
    )
    from relevo_workflow.model.decision import Check, Decision, Handled
    from relevo_workflow.model.effects import (
        ArmTimer,
        CallSystem,
        CancelTimer,
        CloseTask,
        Effect,
        Emit,
        EscalateTask,
        Http,
        KeepCoupon,
        OpenTask,
        Recall,
        RemindTask,
        Send,
        SetAttributes,
        StartRun,
        Subscribe,
        TakeCoupon,
        Unsubscribe,
    )
    from relevo_workflow.model.inputs import (
        EventInput,
        Input,
        OutcomeInput,
        ResponseInput,
        StartInput,
        TaskInput,
        TimerInput,
    )
    from relevo_workflow.model.order_history import was_placed
    from relevo_workflow.model.recommendations import (
        MOST_RECOMMENDED,
        SOURCES,
        Ranked,
        Rankings,
        Recommend,
        RecommendationSource,
    )
    from relevo_workflow.model.state import Facts, Run, Shop, Subject
    from relevo_workflow.runs.customer_merge import CUSTOMER_MERGED, merge_customers
    from relevo_workflow.runs.facts import CUSTOMER_REDACTED
    from relevo_workflow.runs.handle import handle, rearm_alarms
    from relevo_workflow.runs.recommendations import recommends, with_recommendations
    from relevo_workflow.runs.redaction import precedes_erasure, precedes_shop_erasure
    from relevo_workflow.runs.segments import is_member
    from relevo_workflow.steps.coupon import CouponStep
    from relevo_workflow.steps.emit import EmitStep
    from relevo_workflow.steps.goto import Goto
    from relevo_workflow.steps.header_texts import secrets_of
    from relevo_workflow.steps.http import HttpStep
    from relevo_workflow.steps.registry import STEP_TYPES
    from relevo_workflow.steps.start import StartStep
    from relevo_workflow.steps.step_type import StepType
    from relevo_workflow.steps.system import SystemStep
    from relevo_workflow.steps.task import StaffStep
    from relevo_workflow.syntax.declared_fields import StepField
    from relevo_workflow.syntax.diagnostics import Diagnostic, Position, Problems, WorkflowError, nearest, suggestion
    from relevo_workflow.syntax.durations import parse_duration
    from relevo_workflow.syntax.fields import NAME_PATTERN
    from relevo_workflow.syntax.yaml_source import read_yaml
    from relevo_workflow.values.value import LiquidText

__all__ = [
    "BLOCKS_FOLDER",
    "CALENDAR_TIMERS",
    "CUSTOMER_MERGED",
    "CUSTOMER_REDACTED",
    "EVENTS_FOLDER",
    "EVENT_FILE_SUFFIXES",
    "EXPRESSION_ROOTS",
    "MOST_RECOMMENDED",
    "NAME_PATTERN",
    "POLICY_FILE",
    "SOURCES",
    "STEP_TYPES",
    "WORKFLOW_FILE",
    "ArmTimer",
    "CalendarSpec",
    "CallSystem",
    "CancelTimer",
    "Check",
    "CloseTask",
    "Contest",
    "CouponStep",
    "Decision",
    "Definition",
    "Diagnostic",
    "Effect",
    "Emit",
    "EmitStep",
    "EscalateTask",
    "EventInput",
    "EventTrigger",
    "Expression",
    "Facts",
    "Goto",
    "Handled",
    "Http",
    "HttpStep",
    "Input",
    "KeepCoupon",
    "LiquidText",
    "ManualTrigger",
    "OpenTask",
    "OutcomeInput",
    "Position",
    "Problems",
    "Product",
    "ProductVariant",
    "Program",
    "Ranked",
    "Rankings",
    "Recall",
    "Recommend",
    "RecommendationSource",
    "RemindTask",
    "ResponseInput",
    "Run",
    "Send",
    "SetAttributes",
    "Shop",
    "StaffStep",
    "StartInput",
    "StartRun",
    "StartStep",
    "StepField",
    "StepType",
    "Subject",
    "Subscribe",
    "SystemStep",
    "TakeCoupon",
    "TaskInput",
    "TimerInput",
    "Token",
    "Unsubscribe",
    "WorkflowError",
    "WorkflowIndex",
    "check_starts",
    "compile_workflow",
    "contests",
    "describes_product",
    "diagnose",
    "diagnose_events",
    "diagnose_policy",
    "ended_entries",
    "event_files",
    "fold_product",
    "handle",
    "is_member",
    "load_workflow",
    "merge_customers",
    "nearest",
    "next_occurrence",
    "of_line",
    "parse_duration",
    "policy_schema",
    "precedes_erasure",
    "precedes_shop_erasure",
    "products_named",
    "read_yaml",
    "rearm_alarms",
    "recommends",
    "secrets_of",
    "starts_others",
    "suggestion",
    "tokenize",
    "was_placed",
    "with_catalogue",
    "with_recommendations",
    "with_winners",
    "workflow_schema",
]

_HOMES = {
    "model.state": "Facts Run Shop Subject",
    "model.inputs": "EventInput Input OutcomeInput ResponseInput StartInput TaskInput TimerInput",
    "model.effects": (
        "ArmTimer CallSystem CancelTimer CloseTask Effect Emit EscalateTask Http KeepCoupon OpenTask Recall RemindTask "
        "Send SetAttributes StartRun Subscribe TakeCoupon Unsubscribe"
    ),
    "model.decision": "Check Decision Handled",
    "model.order_history": "was_placed",
    "model.recommendations": "MOST_RECOMMENDED Ranked Rankings Recommend RecommendationSource SOURCES",
    "definition.contests": "Contest contests with_winners",
    "model.catalogue": "Product ProductVariant fold_product describes_product of_line products_named with_catalogue",
    "syntax.diagnostics": "Diagnostic Position Problems WorkflowError nearest suggestion",
    "syntax.durations": "parse_duration",
    "syntax.declared_fields": "StepField",
    "syntax.fields": "NAME_PATTERN",
    "syntax.yaml_source": "read_yaml",
    "expressions.expression": "Expression",
    "expressions.field_paths": "EXPRESSION_ROOTS Token tokenize",
    "values.value": "LiquidText",
    "steps.header_texts": "secrets_of",
    "steps.coupon": "CouponStep",
    "steps.goto": "Goto",
    "steps.http": "HttpStep",
    "steps.registry": "STEP_TYPES",
    "steps.emit": "EmitStep",
    "steps.start": "StartStep",
    "steps.step_type": "StepType",
    "steps.system": "SystemStep",
    "steps.task": "StaffStep",
    "definition.calendar_rules": "next_occurrence",
    "definition.program": "Program",
    "definition.workflow": "Definition EventTrigger ManualTrigger",
    "definition.workflow_index": "CALENDAR_TIMERS CalendarSpec WorkflowIndex",
    "compiler.cross_workflow_checks": "check_starts starts_others",
    "compiler.json_schema": "workflow_schema",
    "compiler.load": "WORKFLOW_FILE compile_workflow diagnose load_workflow",
    "compiler.readers.blocks": "BLOCKS_FOLDER ended_entries",
    "compiler.readers.events": "EVENTS_FOLDER EVENT_FILE_SUFFIXES diagnose_events event_files",
    "compiler.readers.policy": "POLICY_FILE diagnose_policy policy_schema",
    "runs.customer_merge": "CUSTOMER_MERGED merge_customers",
    "runs.facts": "CUSTOMER_REDACTED",
    "runs.handle": "handle rearm_alarms",
    "runs.recommendations": "recommends with_recommendations",
    "runs.redaction": "precedes_erasure precedes_shop_erasure",
    "runs.segments": "is_member",
}
"""The room and module of each public name."""
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """A public name, from its module (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return __all__
