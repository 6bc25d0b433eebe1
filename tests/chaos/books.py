"""The three books, and what they differ in: what got a 200, what the database says, what arrived. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tests.chaos.client import Posted

STEPS = {"first": timedelta(0), "second": timedelta(minutes=6)}
"""The steps of the workflow that send, and how long after the checkout each is due."""


class Run(Struct, frozen=True):
    """A run, as the database has it."""

    run_id: str
    token: str
    ended: bool


class Delivery(Struct, frozen=True):
    """A delivery, as the database has it. `id` is the effect key: run/step/turn."""

    id: str
    state: str
    doubts: int

    @property
    def run_id(self) -> str:
        """Of which run it is."""
        return self.id.rsplit("/", 2)[0]

    @property
    def step(self) -> str:
        """Of which step."""
        return self.id.rsplit("/", 2)[1]

    @property
    def doubted(self) -> bool:
        """Nobody can know whether an attempt arrived, and the database says so."""
        return self.doubts > 0 or self.state == "in_doubt"


class Arrival(Struct, frozen=True):
    """A message at the sink. `shown` is the latest that the clock had shown when it was seen there."""

    effect: str
    to: str
    shown: datetime


class Books(Struct, frozen=True, kw_only=True):
    """All three. `may_skip`: what came too late to be sent is not lost, since the database says that it was skipped."""

    taken: Mapping[str, Posted]
    runs: Sequence[Run]
    deliveries: Sequence[Delivery]
    arrivals: Sequence[Arrival]
    may_skip: bool = False


class Differences(Struct, frozen=True, kw_only=True):
    """What the books differ in, each as a line for people."""

    lost: Sequence[str]
    duplicated: Sequence[str]
    in_doubt: Sequence[str]
    early: Sequence[str]
    stuck: Sequence[str]

    @property
    def complete(self) -> bool:
        """Nothing is missing any more."""
        return not self.lost and not self.stuck


def compare(books: Books) -> Differences:
    """Compare the books of a system that has come to rest."""
    runs, sent = _by_token(books.runs), {one.id: one for one in books.deliveries}
    arrived = Counter(one.effect for one in books.arrivals)
    decided = {(one.run_id, one.step): one for one in books.deliveries}
    lost = [f"{token}: no run" for token in books.taken if token not in runs]
    stuck = [f"{run.token}: run {run.run_id} has not ended" for run in books.runs if not run.ended]
    duplicated = [f"{token}: {len(found)} runs" for token, found in runs.items() if len(found) > 1]
    for token in books.taken:
        for run in runs.get(token, [])[:1]:
            lost += _missing(run, decided, arrived, may_skip=books.may_skip)
    duplicated += [
        f"{effect}: arrived {count} times"
        for effect, count in arrived.items()
        if count > 1 and not (effect in sent and sent[effect].doubted)
    ]
    duplicated += [f"{effect}: arrived, and the database does not know it" for effect in arrived if effect not in sent]
    steps = Counter((one.run_id, one.step) for one in books.deliveries)
    duplicated += [f"{run}/{step}: decided {count} times" for (run, step), count in steps.items() if count > 1]
    return Differences(
        lost=lost,
        duplicated=duplicated,
        in_doubt=[f"{one.id}: {one.state} after {one.doubts} doubts" for one in sent.values() if one.doubted],
        early=_early(books),
        stuck=stuck + [f"{one.id}: {one.state}" for one in sent.values() if one.state in ("queued", "sending")],
    )


def _by_token(runs: Sequence[Run]) -> Mapping[str, list[Run]]:
    found: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.token].append(run)
    return found


def _missing(
    run: Run, decided: Mapping[tuple[str, str], Delivery], arrived: Mapping[str, int], *, may_skip: bool
) -> Iterator[str]:
    """The messages of a run that are not at the sink, unless nobody can know."""
    for step in STEPS:
        one = decided.get((run.run_id, step))
        if one is None:
            yield f"{run.run_id}/{step}: never decided"
        elif not (arrived.get(one.id) or one.doubted or (may_skip and one.state == "skipped")):
            yield f"{one.id}: {one.state}"


def _early(books: Books) -> list[str]:
    begun = {run.run_id: books.taken[run.token].at for run in books.runs if run.token in books.taken}
    early = []
    for one in books.arrivals:
        run_id, step, _ = one.effect.rsplit("/", 2)
        wait = STEPS.get(step, timedelta(0))
        due = begun[run_id] + wait if run_id in begun else one.shown
        if wait and one.shown < due:  # what is sent at once has no timer, and its clocks were read at two moments
            early.append(f"{one.effect}: there at {one.shown}, due at {due}")
    return early
