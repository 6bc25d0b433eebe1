"""A step type as the registry has it: its keyword, its fields, and what the compiler asks of its syntax."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from relevo_contracts.event_types import EventTypes
from relevo_workflow.expressions.shapes import DYN, Shape
from relevo_workflow.steps.reading import Arm, StepNode, StepReading
from relevo_workflow.steps.step import Step
from relevo_workflow.syntax.declared_fields import StepField, node_field, schema_of
from relevo_workflow.syntax.diagnostics import Position
from relevo_workflow.syntax.json_shapes import STEPS, Schema
from relevo_workflow.syntax.yaml_source import Node

Saved = tuple[str, Node, Shape]
"""A name that is saved, where it stands, and the shape of what is kept there."""


def steps_field(name: str) -> StepField[Node | None]:
    """A field that holds a list of steps; what reads it compiles the block of that arm."""
    return node_field(name, STEPS, "what follows; default: the step after")


ARM_STEPS = steps_field("steps")
"""The steps of an arm, in steps that are a list of arms."""


def _no_arms(body: Node) -> Iterable[Arm]:
    del body
    return ()


def _no_stem(body: Node) -> str:
    del body
    return ""


def _anything(body: Node, name: str) -> Shape:
    del body, name
    return DYN


def _nothing_saved(body: Node, types: EventTypes) -> Iterator[Saved]:
    del body, types
    yield from ()


def _at_blocks(node: StepNode) -> Iterable[tuple[str, Position]]:
    return ((block.label, block.node.position) for block in node.blocks)


@dataclass(frozen=True, slots=True)
class StepType:
    """One type of step.

    `fields` are those of its mapping, `arm_fields` those of each arm. `arms` are the lists of steps in it. `stem` is a
    word for the ids of steps that nobody named; `numbered`: these are counted from one. `shape` is that of what it
    keeps by `as`, `arms_save` what its arms keep; `always_saves`: it makes no sense without `as`. `label_positions` is
    where the arms stand that its paths name. `body` is the schema of what follows the keyword, where that is not a
    mapping of `fields` alone.
    """

    keyword: str
    summary: str
    read: Callable[[StepReading], Step | None]
    fields: Sequence[StepField[Any]] = ()
    arm_fields: Sequence[StepField[Any]] = ()
    arms: Callable[[Node], Iterable[Arm]] = _no_arms
    stem: Callable[[Node], str] = _no_stem
    numbered: bool = False
    shape: Callable[[Node, str], Shape] = _anything
    arms_save: Callable[[Node, EventTypes], Iterator[Saved]] = _nothing_saved
    always_saves: bool = False
    label_positions: Callable[[StepNode], Iterable[tuple[str, Position]]] = _at_blocks
    body: Schema | None = None

    @property
    def schema(self) -> Schema:
        """What an editor accepts after the keyword."""
        return schema_of(self.fields) if self.body is None else self.body


def text_at(name: str) -> Callable[[Node], str]:
    """A stem: the text of a field."""
    return lambda body: text_of((body.entries or {}).get(name))


def text_of(node: Node | None) -> str:
    """The text of a scalar, or of the first one of a list; empty if there is none."""
    if node is None:
        return ""
    return node.text or next((one.text for one in node.items or ()), "")
