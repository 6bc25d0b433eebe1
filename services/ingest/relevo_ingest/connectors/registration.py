"""How webhooks are registered at a platform, as values: its folder says what to ask, others send it and compare.

What there should be and what there is are compared here, for all platforms alike: doing what `steps` says and comparing
again finds nothing to do.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from relevo_ingest.connectors.platform_api import Exchange


class Registered(Struct, frozen=True, kw_only=True):
    """A webhook as the platform lists it. `problem` says why it delivers nothing; empty if it does.

    `topic` is as the platform's registration writes it.
    """

    id: str
    topic: str
    address: str
    problem: str = ""


class Registration(Protocol):
    """The webhooks of a platform. Pure: its exchanges are driven by whoever sends requests."""

    @property
    def topics(self) -> Sequence[str]:
        """What is to be registered, in the platform's writing."""
        ...

    @property
    def further(self) -> Sequence[str]:
        """What is to be registered where the shop has it and the credentials may: a refusal is nothing to mend."""
        ...

    @property
    def signed_by(self) -> str:
        """The name of the credential with which the platform signs webhooks; empty: each is given a secret of ours."""
        ...

    @property
    def pings(self) -> bool:
        """Whether the platform sends something to the address as soon as a webhook is made."""
        ...

    def listed(self) -> Exchange[Sequence[Registered]]:
        """Every webhook of the shop that this connection can see. Raises `InvalidPayload`."""
        ...

    def create(self, topic: str, address: str, secret: str) -> Exchange[Registered]:
        """Make a webhook. Raises `InvalidPayload`."""
        ...

    def delete(self, webhook: Registered) -> Exchange[None]:
        """Remove a webhook."""
        ...


class Step(Struct, frozen=True, kw_only=True):
    """What becomes of one webhook, and why. `found` is the one that there is; to replace is to delete and create."""

    do: Literal["keep", "create", "replace", "delete"]
    topic: str
    found: Registered | None = None
    why: str = ""


def steps(
    registration: Registration, address: str, found: Sequence[Registered], made: Mapping[str, str]
) -> Sequence[Step]:
    """What is to be done so that each topic is delivered to `address` once, with a secret that is known.

    `made` has the ids of the webhooks that were made here before, by topic. Others' webhooks are left alone.
    """
    ids = set(made.values())
    ours = [one for one in found if _same(one.address, address) or one.id in ids]
    wanted = (*registration.topics, *registration.further)
    planned = [step for topic in wanted for step in _of_topic(registration, topic, address, ours, made)]
    forgotten = [one for one in ours if one.id in ids and one.topic not in wanted]
    return [*planned, *(_delete(one, "nothing is made of this topic any more") for one in forgotten)]


def _of_topic(
    registration: Registration, topic: str, address: str, ours: Sequence[Registered], made: Mapping[str, str]
) -> Sequence[Step]:
    def order(one: Registered) -> tuple[bool, bool, bool, str]:
        return (bool(one.problem), not _same(one.address, address), one.id != made.get(topic), one.id)

    there = sorted((one for one in ours if one.topic == topic), key=order)
    if not there:
        return [Step(do="create", topic=topic, why="there is none")]
    best, *others = there
    why = _wrong(registration, best, address, made)
    step = Step(do="replace" if why else "keep", topic=topic, found=best, why=why)
    return [step, *(_delete(one, "it is a second one for this topic") for one in others)]


def _wrong(registration: Registration, one: Registered, address: str, made: Mapping[str, str]) -> str:
    """Why the webhook can't stay; empty if it can."""
    if one.problem:
        return one.problem
    if not _same(one.address, address):
        return f"it delivers to {one.address[:200]}"
    if not registration.signed_by and one.id != made.get(one.topic):
        return "it was not made here, so its secret is not known"
    return ""


def _delete(one: Registered, why: str) -> Step:
    return Step(do="delete", topic=one.topic, found=one, why=why)


def _same(one: str, other: str) -> bool:
    return one.strip().rstrip("/") == other.strip().rstrip("/")
