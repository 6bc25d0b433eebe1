"""Loads a workflow from its files: YAML, grammar, names and types. Every problem at once, each with its position."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

import msgspec

from relevo_contracts.event_types import with_declared
from relevo_workflow.compiler.ast import parse_steps, saved_shapes
from relevo_workflow.compiler.lints import check_habits
from relevo_workflow.compiler.positions import positions_of
from relevo_workflow.compiler.readers.blocks import read_blocks, shown_by
from relevo_workflow.compiler.readers.events import EVENTS_FOLDER, event_files, read_declared
from relevo_workflow.compiler.readers.header import HeaderReader, read_not_after, trigger_kinds
from relevo_workflow.compiler.readers.policy import POLICY_FILE, read_policy_file
from relevo_workflow.compiler.readers.segments import read_segments
from relevo_workflow.compiler.readers.steps import read_program
from relevo_workflow.compiler.readers.surveys import read_surveys, warn_unasked, with_surveys
from relevo_workflow.compiler.readers.templates import read_templates
from relevo_workflow.definition.contests import contests
from relevo_workflow.definition.control_flow import cycle_without_wait, unreachable
from relevo_workflow.definition.program import Program
from relevo_workflow.definition.workflow import (
    DateTrigger,
    Definition,
    EventTrigger,
    InactivityTrigger,
    SegmentTrigger,
)
from relevo_workflow.expressions.compilation import ExpressionCompiler
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.shapes import DYN, run_shape
from relevo_workflow.steps.reading import StepNode
from relevo_workflow.steps.wait import WaitUntil
from relevo_workflow.syntax.diagnostics import Diagnostic, Position, Problems, WorkflowError
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node, read_yaml
from relevo_workflow.values.reader import Reading

WORKFLOW_FILE = "workflow.yaml"
_CHANGE = ("ad-hoc", "administrative", "production")
_MAX_BYTES = 1_000_000


def load_workflow(files: Mapping[str, str]) -> Definition:
    """The definition of `files`, checked: `workflow.yaml`, `templates/*.yaml`, `surveys/*.yaml`, layouts,
    `blocks/*.yaml`, `segments.yaml`, `events/*`, and `policy.yaml`.

    Raises `WorkflowError` with every problem that was found. Files of tests are ignored here.
    """
    definition, found = diagnose(files)
    if definition is None:
        raise WorkflowError(one for one in found if one.severity == "error")
    return definition


def compile_workflow(files: Mapping[str, str]) -> Definition:
    """The definition of `files` that were deployed once: as `load_workflow`, but what can run is not refused.

    A rule that became stricter since then is not a reason to stop; what it says is among the definition's `warnings`,
    with the severity `error`. Raises `WorkflowError` with every problem that leaves nothing to run.
    """
    problems = Problems()
    definition = _load(files, problems)
    if definition is None or problems.fatal:
        raise WorkflowError(problems.fatal)
    return replace(definition, warnings=tuple(one for one in problems.sorted if one not in problems.fatal))


def diagnose(files: Mapping[str, str]) -> tuple[Definition | None, list[Diagnostic]]:
    """Every error and warning of `files`, in the order of files and lines; the definition if there is no error."""
    problems = Problems()
    definition = _load(files, problems)
    return (None if problems.errors else definition), problems.sorted


def version_of(files: Mapping[str, str]) -> str:
    """The content hash of the files that make up a workflow: 16 hexadecimal digits.

    Its tests don't count, nor do the contact policy, which is deployed by itself, and what a deployment adds
    (`compiled/…`, `….json`): the version stays the same.
    """
    counted = {
        path: text
        for path, text in files.items()
        if not path.startswith(("tests/", "compiled/"))
        and path != POLICY_FILE
        and (path.startswith(EVENTS_FOLDER) or not path.endswith(".json"))
    }
    return sha256(msgspec.json.encode(counted, order="deterministic")).hexdigest()[:16]


def _load(files: Mapping[str, str], problems: Problems) -> Definition | None:
    if WORKFLOW_FILE not in files or sum(map(len, files.values())) > _MAX_BYTES:
        missing = WORKFLOW_FILE not in files
        problems.error(
            Position(WORKFLOW_FILE), "there is no workflow.yaml" if missing else "the files are larger than 1 MB"
        )
        return None
    root = read_yaml(WORKFLOW_FILE, files[WORKFLOW_FILE], problems)
    return _definition(files, root, problems) if root is not None else None


def _definition(files: Mapping[str, str], root: Node, problems: Problems) -> Definition:
    surveys = read_surveys(files, problems)
    types = with_surveys(with_declared(read_declared(files, problems)), surveys)
    broken = {name for name, _ in event_files(files) if name not in types}
    fields = Fields(root, problems, "a workflow")
    before = len(problems.errors)
    syntax_tree = parse_steps(fields.need("steps"), problems)
    kinds = trigger_kinds(root, types)
    readable = "steps" in fields and len(problems.errors) == before
    run = run_shape(saved_shapes(syntax_tree, problems, types)) if readable else DYN
    names = TypeEnvironment((), kinds.all, run, types)
    broken |= {node.entries["id"].text for node in root.walk() if node.entries and "id" in node.entries}
    policy = read_policy_file(files, problems)
    reading = Reading(problems, ExpressionCompiler(problems), names, broken=broken, policy=policy)
    segments = read_segments(files, fields.get("segments"), reading)
    blocks = read_blocks(files, problems)
    templates, layouts = read_templates(files, reading, surveys, blocks)
    program = read_program(reading, syntax_tree, read_not_after(fields))
    reading.warn_unused_templates(templates)
    warn_unasked(surveys, templates, problems)
    if not problems.errors:
        _check_paths(program, syntax_tree, problems)
    definition = _header(fields, HeaderReader(reading, segments))
    fields.done()
    if not problems.errors:
        check_habits(
            replace(definition, program=program, templates=templates, files=dict(files)), root, syntax_tree, reading
        )
    whole = replace(
        definition,
        version=version_of(files),
        program=program,
        templates=templates,
        blocks=shown_by(templates, blocks),
        layouts=layouts,
        files=dict(files),
        types=types,
        policy=policy,
        positions=positions_of(root, syntax_tree),
    )
    _check_contests(whole, problems)
    return _indexed(whole, problems)


def _check_contests(whole: Definition, problems: Problems) -> None:
    """Splits whose winner nothing could decide."""
    for contest in contests(whole):
        if contest.by != "clicks" and whole.goal is None:
            said, advice = f"a winner by {contest.by} needs a goal", "goal: {event: order.placed, within: 14d}"
        elif contest.by == "revenue" and whole.goal is not None and whole.goal.value is None:
            said, advice = "a winner by revenue needs what the goal is worth", "value: event.total"
        else:
            continue
        problems.error(whole.position_of(contest.step), said, advice)


def _check_paths(program: Program, syntax_tree: list[StepNode], problems: Problems) -> None:
    """Steps that no run reaches, and cycles that never wait."""
    positions = {inner.id: inner.node.position for step in syntax_tree for inner in step.walk()}
    for step_id in unreachable(program):
        problems.lint(
            positions[step_id], f"no run can reach the step '{step_id}'", "what comes before it goes elsewhere"
        )
    around = cycle_without_wait(program)
    if around:
        cycle = " → ".join([*around, around[0]])
        past = next((one for one in around if isinstance(program.steps[one], WaitUntil)), "")
        advice = f"'{past}' is over at once where its time is past: add a wait of a length, such as wait: 1d"
        problems.error(
            positions[around[0]],
            f"runs would go round for ever: {cycle}",
            advice if past else "put a wait into the cycle",
        )


def _header(fields: Fields, header: HeaderReader) -> Definition:
    """What stands above the steps."""
    return Definition(
        name=fields.name("workflow", required=True),
        title=fields.text("title"),
        description=fields.text("description"),
        change=fields.choice("change", _CHANGE, "ad-hoc"),
        key=header.key(fields),
        triggers=header.triggers(fields),
        restarts=header.restarts(fields),
        exits=header.exits(fields),
        goal=header.goal(fields),
        reentry=header.reentry(fields),
        holdout=fields.percent("holdout", 0.0),
        enrolment=header.enrolment(fields),
        window=header.window(fields),
        segments=header.segments,
    )


def _indexed(definition: Definition, problems: Problems) -> Definition:
    """The definition with what the engine looks up: which event types concern it, and how."""
    exits = frozenset(rule.event for rule in definition.exits)
    arms = [(step, arm) for step in definition.program.steps.values() for arm in step.event_arms()]
    waited = {event for _, arm in arms for event in arm.events}
    triggers = frozenset(one.event for one in definition.triggers if isinstance(one, EventTrigger))
    goal = {definition.goal.event} if definition.goal else set()
    every = exits | waited | triggers | goal | {rule.event for rule in definition.restarts}
    timed = any(isinstance(one, DateTrigger | InactivityTrigger | SegmentTrigger) for one in definition.triggers)
    return replace(
        definition,
        event_types=frozenset(every),
        exit_types=exits,
        trigger_types=triggers,
        timed=timed,
        early=tuple((f"{step.id}/{arm.label}", arm) for step, arm in arms if arm.early),
        watched_segments=frozenset(one.segment for one in definition.triggers if isinstance(one, SegmentTrigger)),
        warnings=tuple(problems.warnings),
    )
