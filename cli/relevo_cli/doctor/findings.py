"""One thing that is wrong, or worth knowing, and what to do about it."""

from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning", "note"]
ORDER: tuple[Severity, ...] = ("error", "warning", "note")


class Finding(Struct, frozen=True):
    """`what` is a sentence, `do` what helps, mostly a command. A note is for information: nothing has to be done."""

    severity: Severity
    part: str
    what: str
    do: str = ""
