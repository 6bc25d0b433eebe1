"""What the use cases need of the world outside: each protocol is implemented by one adapter."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from relevo_contracts.event_types import EventTypes
from relevo_contracts.link_rules import LinkRules
from relevo_ingest.connectors.platform_api import ApiFailure, Exchange
from relevo_ingest.core.aliases import Alias, Lookup
from relevo_ingest.core.drafts import Finished, Limits
from relevo_ingest.core.states import Entity, StateQuery, StateView

T = TypeVar("T")
Message = tuple[bytes, bytes]
"""The partition key and the value of a message on Kafka."""
Outcome: TypeAlias = T | Exception
"""What became of one of several things that were asked for together: an error of one is that one's alone."""


async def outcome_of(work: Awaitable[T]) -> Outcome[T]:
    """What `work` returns or raises, as a value."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - whoever asked for it looks at it
        return error


class KnownShop(Protocol):
    """A shop of the catalog, as far as ingest needs it."""

    @property
    def shop(self) -> str: ...  # noqa: D102 - the class says it, as of all of these
    @property
    def platform(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def domain(self) -> str: ...  # noqa: D102
    @property
    def locale(self) -> str: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def held(self) -> str: ...  # noqa: D102
    @property
    def links(self) -> LinkRules: ...  # noqa: D102

    def valid_secrets(self, now: datetime) -> list[str]:
        """The webhook secrets that hold at `now`. Raises `SecretsSealed` if there are some, and none was opened."""
        ...

    def accepts_token(self, token: str, purpose: Literal["events"]) -> bool:
        """Whether `token` is one of the shop's for this purpose; takes the same time whichever it is."""
        ...


class ShopCatalog(Protocol):
    """Which shops there are. What it knows may be a little older than what is stored, so it alone refuses nobody."""

    async def get(self, name: str) -> KnownShop | None:
        """The shop, or `None` if it is not known. Raises `Busy`."""
        ...

    def fresh(self) -> bool:
        """Whether `get` would answer without looking at what is stored."""
        ...

    def at_hand(self, name: str) -> KnownShop | None:
        """The shop by what is known, however old."""
        ...

    async def changed(self) -> bool:
        """Whether what is stored is another than at the call, by a look that began after it. Raises `Busy`."""
        ...

    def own_fields(self, name: str) -> Mapping[str, str]:
        """By which names a shop keeps what is not a field of its platform."""
        ...

    def types(self, name: str) -> EventTypes:
        """The events that a shop has: the built-in ones, and those that it declared."""
        ...


class MergingKeys(Protocol):
    """What merging needs of the keys."""

    async def known(self, shop: str, names: Sequence[Alias]) -> list[str]:
        """The keys that these names have; raises `Busy`."""
        ...

    async def merge(self, shop: str, merged: Sequence[str], kept: str) -> None:
        """All names of the `merged` keys lead to `kept` from now on; raises `Busy`."""
        ...


class Keys(MergingKeys, Protocol):
    """Finds and makes the keys of persons and products."""

    async def key_of_each(self, lookups: Sequence[Lookup]) -> list[Outcome[str]]:
        """The key of each, or `Busy` if it can't be found now."""
        ...


class States(Protocol):
    """Keeps the last known state of entities."""

    async def observe_each(self, messages: Sequence[Sequence[StateQuery]]) -> list[Outcome[list[StateView]]]:
        """What each message asks: what is known, with what the message tells kept; `Busy` if it can't be asked now."""
        ...


class EventLog(Protocol):
    """Where events are stored. Each call returns once everything is acknowledged, or raises `Busy`."""

    async def events(self, messages: Sequence[Message]) -> None: ...  # noqa: D102 - the class says it

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        """Stores the events of several senders together; what `events` would raise for a group is its outcome."""
        ...

    async def unrecognised(self, message: Message) -> None: ...  # noqa: D102 - the class says it


class Erasures(Protocol):
    """Where events that erase wait until they can no longer be taken back."""

    async def postpone(self, finished: Sequence[Finished], due: datetime, request: str) -> None:
        """Keeps them until `due`; if those of the same `request` wait or were taken back, these stay as they are.

        Raises `Busy`.
        """
        ...


class Ids(Protocol):
    """Remembers which content came with which id."""

    async def used_otherwise(self, shop: str, digests: Mapping[str, bytes], now: datetime) -> Sequence[str]:
        """Those of the ids that came before with another digest; if there are none, all are kept. Raises `Busy`."""
        ...


class ShopApi(Protocol):
    """The API of one shop's platform."""

    async def ask(self, exchange: Exchange[T]) -> T | ApiFailure:
        """What came of the exchange, or why there is nothing: it never raises for what the platform does."""
        ...


class Counters(Protocol):
    """Counts what was malformed (a header may name any topic: only those that a platform has may become labels), and
    which messages were opened and clicked.
    """

    def unrecognised(self, shop: str, topic: str, kind: str) -> None: ...  # noqa: D102 - the class says it

    def left_out(self, shop: str, topic: str, notes: Sequence[str]) -> None: ...  # noqa: D102 - the class says it

    def hit(self, shop: str, kind: str) -> None: ...  # noqa: D102 - the class says it

    def hits_lost(self, reason: str, number: int) -> None: ...  # noqa: D102 - the class says it


class Notification(Struct, frozen=True, kw_only=True):
    """A webhook that only names what has changed, while it waits for that to be fetched.

    `number` is its place among all of them, `failures` how often what it names was not fetched.
    """

    delivery: str
    topic: str
    headers: Mapping[str, str]
    body: bytes
    received: datetime
    number: int = 0
    failures: int = 0


class Notifications(Protocol):
    """Where webhooks wait for what they name to be fetched."""

    async def add(self, shop: str, platform: str, entity: Entity, notification: Notification) -> None:
        """Keeps a webhook that names `entity`. When this returns, it is safe. Raises `Busy`."""
        ...


class PublicKeyServer(Protocol):
    """Fetches the public keys of platforms that sign with a private one."""

    async def get(self, addresses: Sequence[str]) -> Mapping[str, bytes]:
        """The keys that there are, by their addresses. Raises `Busy` if none of them could be asked for."""
        ...


class IngestDependencies(Struct, frozen=True):
    """What a use case works with. `budget` is how many seconds of wall-clock time storing may take.

    `erasing_after` is how long (by the clock) a webhook's event that erases waits.
    """

    keys: Keys
    states: States
    log: EventLog
    erasures: Erasures
    ids: Ids
    notifications: Notifications
    counters: Counters
    limits: Limits
    budget: float
    erasing_after: timedelta = timedelta(hours=24)
