"""The staff of a test: who could be asked, and when they work."""

from collections.abc import Callable
from typing import TypeVar

from relevo_contracts.staff import Absence, Member, Shift
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node

_EXAMPLE = 'staff: [{name: Ana, roles: [finance], hours: ["mon-fri 09:00-17:00"]}]'
ValueT = TypeVar("ValueT")


def read_staff(node: Node | None, problems: Problems) -> tuple[Member, ...]:
    """The members that a test gives; what is wrong with one is noted."""
    if node is None:
        return ()
    if node.items is None:
        problems.error(node.position, f"'staff' must be a list, but this is {node.kind}", _EXAMPLE)
    return tuple(_member(one, problems) for one in node.items or ())


def _member(node: Node, problems: Problems) -> Member:
    fields = Fields(node, problems, "one of the staff", _EXAMPLE)
    skills, levels = _skills(fields)
    member = Member(
        shop="",
        name=fields.text("name", required=True),
        roles=list(fields.texts("roles")),
        skills=skills,
        levels=levels,
        hours=_read_each(fields, "hours", _hours),
        absences=_read_each(fields, "absences", Absence.read),
        timezone=fields.zone("timezone", "shop").replace("shop", ""),
        capacity=fields.count("capacity", 0, least=0),
        active=not fields.yes_or_no("away"),
    )
    fields.done()
    return member


def _skills(fields: Fields) -> tuple[list[str], dict[str, int]]:
    """Skills as a list, or each with its level."""
    node = fields.get("skills")
    if node is None or node.entries is None:
        return list(fields.texts("skills")), {}
    inner = Fields(node, fields.problems, "'skills'")
    return [*node.entries], {name: inner.count(name, 1) for name in node.entries}


def _read_each(fields: Fields, name: str, read: Callable[[str], ValueT]) -> list[ValueT]:
    found = list[ValueT]()
    for text in fields.texts(name):
        try:
            found.append(read(text))
        except ValueError as error:
            fields.wrong(name, str(error))
    return found


def _hours(text: str) -> str:
    Shift.read(text)
    return text
