"""Which step of a new version is which step of an old one: by the ids that people gave, else by content and neighbours.

Ids that nobody wrote are made from what a step does, or numbered; they name a step within one version and say nothing
about another. So both versions are read as sequences of steps, in the order of the file, and aligned so that as much as
possible stays the same. No two steps change places in that, unless an `id:` of their own says which they are.
"""

from dataclasses import dataclass
from functools import lru_cache

from msgspec import Struct

from relevo_workflow.definition.program import Program
from relevo_workflow.steps.step import Step

Content = tuple[str, ...]
_NAMED = 10_000
"""Worth more than all that content can say about any other step."""
_SAME, _LIKE, _KIND = 100, 50, 10
_BESIDE, _PLACE = 10, 5


class Alignment(Struct, frozen=True):
    """For each step of the old version: the step that takes its place (none: it is gone).

    Several where content and neighbours don't tell them apart, with an empty id among them if it may be gone as well.
    """

    places: dict[str, tuple[str, ...]]

    def place(self, step_id: str) -> str:
        """The one step that takes the place of an old one; empty if there is none, or more than one could."""
        found = self.places.get(step_id, ())
        return found[0] if len(found) == 1 else ""

    def choices(self, step_id: str) -> tuple[str, ...]:
        """The steps that could take its place where that is not clear; empty where it is."""
        found = self.places.get(step_id, ())
        return found if len(found) > 1 else ()


@lru_cache(maxsize=64)
def _aligned(old: "_Sequence", new: "_Sequence") -> Alignment:
    return _Aligner(old, new).aligned()


def align(old: Program, new: Program) -> Alignment:
    """The alignment of two versions."""
    return _aligned(_Sequence.of(old), _Sequence.of(new))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A step as it is compared: its content, those of its neighbours, and of the step and arm that it stands in."""

    id: str
    given: bool
    kind: type[Step]
    content: Content
    before: Content
    after: Content
    place: Content


@dataclass(frozen=True, slots=True)
class _Sequence:
    """The steps of a version, in the order of the file."""

    entries: tuple[_Entry, ...]

    @classmethod
    def of(cls, program: Program) -> "_Sequence":
        order = list(program.steps.values())
        contents = [("start",), *(step.content() for step in order), ("end",)]
        entries = [
            _Entry(
                id=step.id,
                given=step.id in program.given,
                kind=type(step),
                content=contents[number],
                before=contents[number - 1],
                after=contents[number + 1],
                place=_place(program, step.id),
            )
            for number, step in enumerate(order, start=1)
        ]
        return cls(tuple(entries))


def _place(program: Program, step_id: str) -> Content:
    outer, arm = program.within.get(step_id, ("", ""))
    return (*program.steps[outer].content(), arm) if outer in program.steps else ()


class _Aligner:
    """Finds all best alignments of two sequences, by what every pair of beginnings and of endings is worth."""

    def __init__(self, old: _Sequence, new: _Sequence) -> None:
        self._old, self._new = old.entries, new.entries
        known = {one.id for one in self._old}
        # An id that somebody wrote is the step, also one that was made up before and is written down now.
        self._named = {one.id for one in self._new if one.given and one.id in known}

    def aligned(self) -> Alignment:
        worth = [[self._worth(old, new) for new in self._new] for old in self._old]
        begin, end = _best(worth), _best([row[::-1] for row in worth[::-1]])
        rows, columns = len(self._old), len(self._new)
        best = begin[rows][columns]
        places: dict[str, tuple[str, ...]] = {}
        for i, old in enumerate(self._old):
            if old.id in self._named:
                places[old.id] = (old.id,)
                continue
            left = end[rows - i - 1]
            found = [
                new.id
                for j, new in enumerate(self._new)
                if worth[i][j] and begin[i][j] + worth[i][j] + left[columns - j - 1] == best
            ]
            if any(begin[i][j] + left[columns - j] == best for j in range(columns + 1)):
                found.append("")
            places[old.id] = tuple(found) if found != [""] else ()
        return Alignment(places)

    def _worth(self, old: _Entry, new: _Entry) -> int:
        """How much it says for an alignment that these two are one; 0: they can't be."""
        if old.id in self._named or new.id in self._named:
            return _NAMED if old.id == new.id else 0
        if old.kind is not new.kind or (old.given and new.given):
            return 0  # two names that people gave are two steps
        beside = _BESIDE * ((old.before == new.before) + (old.after == new.after))
        return _likeness(old, new) + beside + _PLACE * (old.place == new.place)


def _likeness(old: _Entry, new: _Entry) -> int:
    if old.content == new.content:
        return _SAME
    return _LIKE if old.kind.often_edited or set(old.content[1:]) & set(new.content[1:]) else _KIND


def _best(worth: list[list[int]]) -> list[list[int]]:
    """The worth of the best alignment of each pair of beginnings."""
    columns = len(worth[0]) if worth else 0
    table = [[0] * (columns + 1)]
    for row in worth:
        above, line = table[-1], [0]
        for j, one in enumerate(row):
            paired = above[j] + one if one else 0
            line.append(max(above[j + 1], line[j], paired))
        table.append(line)
    return table
