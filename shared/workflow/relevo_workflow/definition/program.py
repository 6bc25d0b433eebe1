"""A workflow's steps, compiled: a flat program of steps with stable ids."""

from dataclasses import dataclass, field

from relevo_workflow.steps.step import Step


@dataclass(frozen=True, slots=True)
class Program:
    """The steps by id, in the order of the file, and the first one.

    `given` are the ids that somebody wrote; the others were made up. `within` names the step and the arm around a step
    that stands in one.
    """

    steps: dict[str, Step]
    first: str
    given: frozenset[str] = frozenset()
    within: dict[str, tuple[str, str]] = field(default_factory=dict)
