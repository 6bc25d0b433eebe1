"""Does a body look like the topic that its header claims? Platforms sign the body only, so a header proves nothing.

Whoever got hold of one signed body could send it under another topic: an order just placed as a cancelled one, a
request for data as one for erasure. So each topic says what a body of it has and what it never has. What can't be told
apart must do no harm.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

Marks = Mapping[str, tuple[str, ...]]
"""By kind of body, the fields that only this kind has."""


class Evidence(Struct, frozen=True, kw_only=True):
    """What a body of a topic looks like.

    `family` names its kind of body: a mark of another one (`Marks`) is never in it. `has`: fields with a value;
    `names`: fields that are there, also if they are empty; `one_of`: at least one of these is there; `never`: fields
    that it doesn't have. Of the state that it tells: `given` are fields with a value, `values` the values (in lower
    case) that a field may have, if it has one.
    """

    family: str
    has: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = {}
    given: tuple[str, ...] = ()


def foreign_marks(marks: Marks) -> Mapping[str, frozenset[str]]:
    """By kind of body, the fields that only other kinds have."""
    return {
        family: frozenset(mark for other, found in marks.items() if other != family for mark in found)
        for family in marks
    }


def also(known: Evidence, **more: Any) -> Evidence:
    """`known` and more: what is given is added to what there is."""
    fields = {name: getattr(known, name) for name in known.__struct_fields__}
    joined = {
        name: {**fields[name], **new} if name == "values" else (*fields[name], *new) for name, new in more.items()
    }
    return Evidence(**(fields | joined))


def with_status(known: Evidence, *values: str) -> Evidence:
    """`known`, with the values that its `status` may have."""
    return also(known, values={"status": values})


def shape_mismatch(
    topic: str, known: Evidence, foreign: Mapping[str, frozenset[str]], body: Mapping[str, Any]
) -> str | None:
    """Why a body of this shape can't be one of `topic`; `None` if nothing speaks against it."""
    missing = [name for name in known.has if not _given(body, name)]
    missing += [name for name in known.names if name not in body]
    if missing:
        return f"a body of {topic} has {missing[0]!r}, this one has not"
    if known.one_of and not any(name in body and body[name] is not None for name in known.one_of):
        return f"a body of {topic} has {' or '.join(map(repr, known.one_of))}, this one has not"
    suspects = foreign[known.family]
    if suspects.isdisjoint(body) and not any(name in body for name in known.never):
        return None  # nearly always
    other = next((name for name in body if (name in suspects or name in known.never) and _given(body, name)), None)
    return f"a body of {topic} never has {other!r}, this one has" if other else None


def state_mismatch(topic: str, known: Evidence, body: Mapping[str, Any]) -> str | None:
    """Why a body that tells this state can't be one of `topic`; `None` if nothing speaks against it."""
    absent = next((name for name in known.given if not _given(body, name)), None)
    if absent:
        return f"in a body of {topic}, {absent!r} has a value, here it has none"
    for name, allowed in known.values.items():
        value = body.get(name)
        if value and str(value).lower() not in allowed:
            return f"in a body of {topic}, {name!r} is {' or '.join(allowed)}; here it is {str(value)[:40]!r}"
    return None


def _given(body: Mapping[str, Any], name: str) -> bool:
    return body.get(name) not in (None, "", [], {})
