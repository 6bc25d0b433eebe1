"""A contact policy as it is deployed: JSON that the `relevo` command makes of `policy.yaml` and the services read."""

from datetime import timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from relevo_contracts.contact import CHANNELS, Channel
from relevo_contracts.policy.hours import QuietHours

Kind = Literal["consent", "soft_opt_in", "transactional"]
"""What the law asks for: consent; or that the address was got in a sale and its owner has not objected (Directive
2002/58/EC, Art. 13(2)); or nothing, since the message belongs to a contract.
"""
MARKETING = "marketing"
TRANSACTIONAL = "transactional"


class Purpose(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What messages are for. Of several that want a place under a cap, the higher `priority` has it.

    Consent to `covered_by` (`marketing`) counts as consent to this one, as long as this one was not withdrawn.
    `label` is what people are shown, by language; under empty text for every other language.
    """

    kind: Kind = "consent"
    priority: int = 50
    covered_by: str = ""
    label: dict[str, str] = {}


class QuietRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hours in which nothing is sent on these channels (none: on every one); empty `hours` say that it is never quiet.

    `days` are weekdays (Monday is 0) that are quiet as a whole. `source` is where it is written.
    """

    hours: QuietHours | None = None
    days: tuple[int, ...] = ()
    channels: tuple[Channel, ...] = ()
    source: str = ""


class Cap(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """At most so many messages in any such time. No `purposes`, no `channels`: all of them, without transactional."""

    most: int
    per: timedelta
    purposes: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()

    def counts(self, purpose: str, channel: str) -> bool:
        """Whether a message that is not transactional counts."""
        return (not self.purposes or purpose in self.purposes) and (not self.channels or channel in self.channels)


class Repeats(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The same content goes to somebody once within this time. None of `purposes`: all, without transactional."""

    within: timedelta
    purposes: tuple[str, ...] = ()


class Policy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A shop's policy. `version` is the hash of its text.

    It is quiet by the rules of `quiet` and by those of the recipient's country (`countries`; what is not there is as
    in `relevo_contracts.policy.countries`, unless `legal_hours` is false). What was put off is spread over `spread`.
    `preferred` is the order of channels where neither the workflow nor the person has another. `priorities` are those
    of workflows that differ from the one of the purpose.
    """

    version: str = ""
    purposes: dict[str, Purpose] = {}
    quiet: tuple[QuietRule, ...] = ()
    countries: dict[str, tuple[QuietRule, ...]] = {}
    legal_hours: bool = False
    caps: tuple[Cap, ...] = ()
    repeats: tuple[Repeats, ...] = ()
    preferred: tuple[Channel, ...] = CHANNELS
    priorities: dict[str, int] = {}
    spread: timedelta = timedelta(0)

    def purpose(self, topic: str, purpose: str) -> Purpose:
        """What a message is for: the purpose that its workflow names, or what the law asks for if there is none."""
        found = self.purposes.get(topic or purpose)
        if found is not None:
            return found
        return _TRANSACTIONAL if purpose == TRANSACTIONAL else _MARKETING

    def priority(self, topic: str, purpose: str, workflow: str) -> int:
        """Of several messages the higher one goes first."""
        return self.priorities.get(workflow, self.purpose(topic, purpose).priority)

    def limits(self, topic: str, purpose: str, channel: str) -> tuple[Cap, ...]:
        """The caps that a message counts for."""
        if not self.caps or self.purpose(topic, purpose).kind == TRANSACTIONAL:
            return ()
        return tuple(cap for cap in self.caps if cap.counts(topic or purpose, channel))

    def once_within(self, topic: str, purpose: str) -> timedelta | None:
        """Within which time the same content is not sent again; `None`: it may be."""
        if not self.repeats or self.purpose(topic, purpose).kind == TRANSACTIONAL:
            return None
        name = topic or purpose
        return max((one.within for one in self.repeats if not one.purposes or name in one.purposes), default=None)

    def concerns(self, topic: str, purpose: str, channel: str) -> bool:
        """Whether a message has to be allotted a place: a cap counts it, or its content goes out once only."""
        if not (self.caps or self.repeats):
            return False
        return bool(self.limits(topic, purpose, channel)) or self.once_within(topic, purpose) is not None

    def ranks(self) -> bool:
        """Whether messages differ in priority, so that one may have to give way."""
        known = {50, *self.priorities.values(), *(one.priority for one in self.purposes.values())}
        return bool(self.caps) and len(known) > 1

    def longest(self) -> timedelta:
        """How far back caps and repeats look."""
        return max([cap.per for cap in self.caps] + [one.within for one in self.repeats], default=timedelta(0))


_MARKETING = Purpose()
_TRANSACTIONAL = Purpose(kind="transactional", priority=100)
AS_BEFORE = Policy()
"""Where a shop has none: marketing needs consent, transactional messages need none, and nothing is counted."""
UNREADABLE = Policy(version="unreadable")
"""A policy of another release: until it can be read nothing goes out that it may forbid."""

_decoder = msgspec.json.Decoder(Policy)


def read_policy(compiled: bytes | str) -> Policy:
    """A policy as the catalog keeps it. Raises `msgspec.MsgspecError` for what this release can't read."""
    return _decoder.decode(compiled)
