"""One operation of a port: what a workflow gives, what it gets, whichever system of a shop carries it out."""

from typing import Annotated

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1)]
"""Text that must be there."""
PlainDay = Annotated[
    str,
    Meta(pattern=r"^(\d{4}-\d{2}-\d{2}(T.*)?)?$", description="a day (2026-03-01), or a time of that day"),
]
"""A day, or an instant as computed times travel: systems are given the day that it is in the shop's time zone."""


class Operation(Struct, frozen=True, kw_only=True):
    """`name` is `port.operation`, as workflows write it. `example` is the answer of a test that gives none.

    `given` and `answer` are types of their own: fields are only added, with a default.
    """

    name: str
    summary: str
    given: type[Struct]
    answer: type[Struct]
    example: Struct

    @property
    def port(self) -> str:
        """What kind of system it is for."""
        return self.name.partition(".")[0]

    @property
    def action(self) -> str:
        """What the system is to do."""
        return self.name.partition(".")[2]
