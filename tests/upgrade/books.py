"""The three books of an upgrade: what got a 200, what the database says, what arrived. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tests.chaos import books
from tests.chaos.books import Arrival, Books, Delivery, Differences
from tests.chaos.client import Posted

FLOW = "upgrade"
"""The workflow whose runs have to do all; those of the library may end otherwise, by what customers do."""


class Run(books.Run, frozen=True):
    """A run of any workflow, as the database has it."""

    workflow: str


class Ledger(Struct, frozen=True, kw_only=True):
    """All of it. `called` has the idempotency keys that the other system was asked with."""

    taken: Mapping[str, Posted]
    runs: Sequence[Run]
    deliveries: Sequence[Delivery]
    calls: Sequence[Delivery]
    arrivals: Sequence[Arrival]
    called: Sequence[str]


def compare(ledger: Ledger) -> Differences:
    """The books of the one workflow in full; of all others, that what is sent arrived, and once."""
    ours = [one for one in ledger.runs if one.workflow == FLOW]
    named = {one.run_id for one in ours}
    theirs = [one for one in ledger.deliveries if _run_of(one.id) not in named]
    others = {one.id for one in theirs}
    found = books.compare(
        Books(
            taken=ledger.taken,
            runs=ours,
            deliveries=[one for one in ledger.deliveries if one.id not in others],
            arrivals=[one for one in ledger.arrivals if one.effect not in others],
        )
    )
    arrived = Counter(one.effect for one in ledger.arrivals)
    calls = _of_calls([one for one in ledger.calls if _run_of(one.id) in named], Counter(ledger.called))
    return Differences(
        lost=[*found.lost, *calls.lost, *(f"{one.id}: {one.state}" for one in theirs if _missing(one, arrived))],
        duplicated=[
            *found.duplicated,
            *calls.duplicated,
            *(f"{one.id}: arrived {arrived[one.id]} times" for one in theirs if arrived[one.id] > 1),
        ],
        in_doubt=[*found.in_doubt, *(f"{one.id}: {one.state}" for one in (*theirs, *ledger.calls) if one.doubted)],
        early=found.early,
        stuck=[*found.stuck, *calls.stuck],
    )


def _of_calls(calls: Sequence[Delivery], called: Mapping[str, int]) -> Differences:
    return Differences(
        lost=[f"{one.id}: {one.state}, and was never made" for one in calls if not called.get(one.id)],
        duplicated=[f"{one.id}: called {called[one.id]} times" for one in calls if called.get(one.id, 0) > 1],
        in_doubt=[],
        early=[],
        stuck=[f"{one.id}: {one.state}" for one in calls if one.state in ("queued", "calling")],
    )


def _run_of(delivery: str) -> str:
    return delivery.rsplit("/", 2)[0]


def _missing(delivery: Delivery, arrived: Mapping[str, int]) -> bool:
    return delivery.state == "sent" and not arrived.get(delivery.id) and not delivery.doubted
