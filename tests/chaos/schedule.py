"""What goes wrong, and in which order: the same seed gives the same faults after the same pauses."""

from collections.abc import Iterator, Sequence
from random import Random

from msgspec import Struct

SERVICES = ("ingest", "engine", "scheduler", "notifier")
SERVERS = ("kafka", "postgres")
VICTIMS = (*SERVICES, *SERVERS)
"""Who is killed: all of them before one is killed again."""
FULL_DISKS = ("full disk kafka", "full disk postgres")
DISTURBANCES = (
    "zombie engine",
    "zombie scheduler",
    "zombie notifier",
    "engine joins and leaves",
    "engine joins and is killed",
    "slow provider",
    "cut connections kafka",
    "cut connections postgres",
    "clock forward",
    "clock back",
    *FULL_DISKS,
)
"""What else goes wrong meanwhile, one after the other."""
LEAST_SECONDS, MOST_SECONDS = 1.5, 4.5


class Kill(Struct, frozen=True):
    """kill -9 of `victim`, `after` seconds."""

    after: float
    victim: str


def kills(seed: int, count: int) -> Sequence[Kill]:
    """Who is killed when."""
    random = Random(f"{seed}/kills")
    victims = _dealt(random, VICTIMS)
    return [Kill(random.uniform(LEAST_SECONDS, MOST_SECONDS), next(victims)) for _ in range(count)]


def disturbances(seed: int, can_fill_disks: bool) -> Iterator[str]:
    """What else goes wrong, without end."""
    possible = [one for one in DISTURBANCES if can_fill_disks or one not in FULL_DISKS]
    return _dealt(Random(f"{seed}/disturbances"), possible)


def _dealt(random: Random, cards: Sequence[str]) -> Iterator[str]:
    """The cards, shuffled anew each time that all were dealt."""
    while True:
        yield from random.sample(cards, len(cards))
