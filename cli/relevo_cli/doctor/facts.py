"""What a look at a running system brought up. Each part is there, or the reason why it could not be looked at."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from relevo_control.app.systems_asked import ShopPorts, Unserved
from relevo_runtime.catalog import Deployed, Shop
from relevo_runtime.pauses import Pause


class Unavailable(Struct, frozen=True):
    """A part that does not answer, and why. `silent`: it may be there, its answer did not come in time."""

    why: str
    silent: bool = False


class Waiting(Struct, frozen=True):
    """Things that should have been done by now: how many, and how late the oldest is."""

    count: int = 0
    oldest: timedelta = timedelta(0)


class Retried(Struct, frozen=True):
    """Messages or calls that were tried in vain and are tried again, with the most frequent reason."""

    what: str
    waiting: Waiting
    reason: str


class Settled(Struct, frozen=True):
    """Messages or calls of the last day that ended so, with the most frequent reason."""

    what: str
    state: str
    count: int
    reason: str


class Unreadable(Struct, frozen=True):
    """A workflow in service that this release can't read."""

    workflow: str
    why: str


class CouponPool(Struct, frozen=True):
    """A pool of codes that workflows take from: how many are left, and were taken in the last two weeks."""

    shop: str
    pool: str
    left: int
    taken: int


class DatabaseFacts(Struct, frozen=True, kw_only=True):
    """What PostgreSQL tells. `ahead` is how far its clock is ahead of this machine's; `deployed` are the workflows in
    service, of which somebody has to find out which are `unreadable`.
    """

    version: str
    ahead: timedelta
    migrations: Sequence[str] = ()
    timers: Waiting = Waiting()
    outbox: Waiting = Waiting()
    queues: Mapping[str, Waiting] = {}
    again: Sequence[Retried] = ()
    settled: Sequence[Settled] = ()
    shops: Sequence[Shop] = ()
    pauses: Sequence[Pause] = ()
    coupons: Sequence[CouponPool] = ()
    secrets: Mapping[str, Sequence[str]] = {}
    deployed: Sequence[Deployed] = ()
    unreadable: Sequence[Unreadable] = ()
    ports: ShopPorts | None = None
    unserved: Sequence[Unserved] = ()


class Group(Struct, frozen=True, kw_only=True):
    """A consumer group: its members, and for each topic how many records it has not read yet."""

    members: int
    lag: Mapping[str, int]


class TopicFacts(Struct, frozen=True, kw_only=True):
    """A topic as it is on the broker. `kept` counts the records there, `today` those of the last day."""

    partitions: int
    leaderless: int = 0
    lacking_replicas: int = 0
    kept: int = 0
    today: int = 0
    from_the_future: bool = False


class BrokerFacts(Struct, frozen=True, kw_only=True):
    """What Kafka tells. Topics and groups by the names that Relevo has for them."""

    brokers: int
    topics: Mapping[str, TopicFacts]
    groups: Mapping[str, Group]


class ServiceFacts(Struct, frozen=True, kw_only=True):
    """What a service's /readyz tells. `ahead` is how far its machine's clock is ahead of this one's."""

    ready: bool
    version: str
    parts: Mapping[str, tuple[bool, str]]
    ahead: timedelta


class Facts(Struct, frozen=True, kw_only=True):
    """All of it. `partitions` and `version` are what this command's settings and release say; `disk` is the free
    share and bytes where an embedded system keeps its data.
    """

    version: str
    partitions: int
    postgres: DatabaseFacts | Unavailable
    kafka: BrokerFacts | Unavailable
    services: Mapping[str, ServiceFacts | Unavailable]
    secrets_here: frozenset[str] = frozenset()
    disk: tuple[float, int] | None = None
