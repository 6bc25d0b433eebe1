"""What the use cases of a storefront need of the world outside, beside `app.ports`."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core.aliases import Alias, Visitor
from relevo_ingest.core.storefront.opt_in import OptIn, State


class Storefront(Protocol):
    """What a shop lets browsers tell."""

    @property
    def consent(self) -> Literal["required", "assumed"]: ...  # noqa: D102 - the class says it, as of both
    @property
    def filter_bots(self) -> bool: ...  # noqa: D102

    def is_at(self, host: str) -> bool:
        """Whether pages of the shop are at `host`."""
        ...

    def accepts_key(self, key: str) -> bool:
        """Whether `key` is the storefront's."""
        ...

    def valid_secrets(self, now: datetime) -> list[str]:
        """The secrets by which its server signs who is signed in, as far as they hold at `now`."""
        ...


class StorefrontCatalog(Protocol):
    """Which storefronts there are; as `ShopCatalog`."""

    async def get(self, shop: str) -> Storefront | None:
        """The storefront of a shop, or `None`. Raises `Busy`."""
        ...

    async def changed(self) -> bool:
        """Whether what is stored is another than at the call. Raises `Busy`."""
        ...


class Visitors(Protocol):
    """Finds out what is known of a browser."""

    async def visitor(self, shop: str, name: Alias) -> Visitor | None:
        """What the name of a browser leads to; `None` if it was never heard of. Raises `Busy`."""
        ...


class OptIns(Protocol):
    """Keeps sign-ups in two steps. Each call raises `Busy` if it can't be done now."""

    async def ask(self, one: OptIn) -> bool:
        """Keeps the sign-up; false if its address was asked too often lately, or its owner wants none."""
        ...

    async def find(self, shop: str, request: str) -> OptIn | None:
        """The sign-up, or `None` if there is none any more."""
        ...

    async def finish(self, shop: str, request: str, state: State, at: datetime, ip_hash: str) -> None:
        """Its owner confirmed or declined it; what had ended before stays as it is."""
        ...


class StorefrontDependencies(Struct, frozen=True):
    """What the use cases of a storefront work with. `confirm_url` makes the link of a sign-up."""

    ingest: IngestDependencies
    visitors: Visitors
    opt_ins: OptIns
    confirm_url: Callable[[OptIn], str]
