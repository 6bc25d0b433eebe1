"""In which order services are exchanged. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

SERVICES = ("notifier", "ingest", "engine", "scheduler")
"""In the order of docs/running.md: whoever reads before whoever writes."""
Mixture = frozenset[str]
"""The services that are of the new release; the others are of the previous one."""


class Exchange(Struct, frozen=True):
    """One service goes to the new release, or back to the previous one."""

    service: str
    forward: bool

    def after(self, mixture: Mixture) -> Mixture:
        """The mixture that it makes of another."""
        return mixture | {self.service} if self.forward else mixture - {self.service}


UPGRADE: Sequence[Exchange] = [Exchange(name, True) for name in SERVICES]
ROLLBACK: Sequence[Exchange] = [Exchange(name, False) for name in reversed(SERVICES)]


def every_mixture() -> Iterator[Exchange]:
    """From nothing new through all mixtures, one service at a time (a Gray code), and then all to the new release."""
    mixture: Mixture = frozenset()
    for number in range(1, 1 << len(SERVICES)):
        service = SERVICES[(number & -number).bit_length() - 1]
        exchange = Exchange(service, service not in mixture)
        mixture = exchange.after(mixture)
        yield exchange
    yield from (Exchange(name, True) for name in SERVICES if name not in mixture)
