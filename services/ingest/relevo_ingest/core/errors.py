"""What can be wrong with a message that arrived: one class for each answer that the sender gets."""

import re
from collections.abc import Iterable, Sequence

from relevo_contracts.checking import path
from relevo_contracts.declared import Fault

FieldProblem = tuple[str, str]
"""The path of a value in the body, and what is wrong with it."""

_SHOWN = 5
_PATH = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<where>.*)`)?$", re.DOTALL)


def as_problem(fault: Fault) -> FieldProblem:
    """A fault of a payload, as its sender reads it."""
    return path(fault.place), fault.advice


class IngestError(Exception):
    """The root of every error that ingest raises on purpose."""


class InvalidPayload(IngestError):  # noqa: N818 - named for what the sender is told
    """The body can't be an event: `where` is the path in the body, `problem` says what is wrong there.

    `wrong` has everything that is: this place and problem, and all others.
    """

    def __init__(self, where: str, problem: str, *more: FieldProblem) -> None:
        self.where = where
        self.problem = problem
        self.wrong: tuple[FieldProblem, ...] = ((where, problem), *more)
        super().__init__("; ".join(f"{place}: {what}" if place else what for place, what in self.wrong[:_SHOWN]))

    @classmethod
    def of(cls, wrong: Iterable[FieldProblem]) -> "InvalidPayload":
        """Everything that is wrong; there is at least one thing."""
        (where, problem), *more = wrong
        return cls(where, problem, *more)

    @classmethod
    def from_decoder(cls, error: Exception, under: str = "") -> "InvalidPayload":
        """From what msgspec says (``Expected `str`, got `int` - at `$.email` ``), with `under` before the path."""
        match = _PATH.match(str(error))
        problem, where = (match["problem"], match["where"] or "$") if match else (str(error), "$")
        path = f"{under}{where.removeprefix('$')}".removeprefix(".")
        return cls(path or "body", problem)

    def under(self, prefix: str) -> "InvalidPayload":
        """The same error, seen from outside: `prefix` is the path of the part that was looked at."""
        return InvalidPayload.of((f"{prefix}.{where}" if where else prefix, problem) for where, problem in self.wrong)


class IdUsed(IngestError):  # noqa: N818 - named for what the sender is told
    """An event came before with this id and another content; `ids` are all such of the request."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        super().__init__(f"an event with this id came before with other content: {', '.join(self.ids[:_SHOWN])}")


class InvalidSignature(IngestError):  # noqa: N818 - named for what the sender is told
    """The signature or the token is missing or matches none of the shop's secrets."""


class TooMany(IngestError):  # noqa: N818 - named for what the sender is told
    """The shop sends more than its share: it may send again in `seconds`."""

    def __init__(self, shop: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"{shop} sends more requests than RELEVO_INGEST_RATE allows")


class Busy(IngestError):  # noqa: N818 - named for what the sender is told
    """The events could not be stored within the sender's time limit: nothing was lost, the sender must try again."""

    @classmethod
    def after(cls, cause: BaseException, why: str) -> "Busy":
        """It is busy because of `cause`."""
        error = cls(why)
        error.__cause__ = cause
        return error
