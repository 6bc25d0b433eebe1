"""What can be decided of a message at the moment of sending."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

Rule: TypeAlias = Literal[
    "late",
    "no_address",
    "bad_address",
    "suppressed",
    "unsubscribed",
    "no_consent",
    "redacted",
    "recalled",
    "quiet_hours",
    "capped",
    "repeated",
]


class Go(Struct, frozen=True):
    """It may go out now."""


class Skip(Struct, frozen=True):
    """It will not go out. `rule` names why for programs, `reason` says it to people."""

    rule: Rule
    reason: str


class Later(Struct, frozen=True):
    """Not now: look at it again at `at`."""

    at: datetime
    reason: str
    rule: Rule = "quiet_hours"


Verdict: TypeAlias = Go | Skip | Later
