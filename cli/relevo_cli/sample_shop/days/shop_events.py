"""What happens in the sample shop, in no platform's words, and what is told of it: the seam to the platforms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct
from starlette.applications import Starlette

from relevo_cli.sample_shop.bodies import Basket
from relevo_cli.sample_shop.expectations import Expected
from relevo_cli.sample_shop.people import Shopper
from relevo_runtime.catalog import Shop
from relevo_runtime.connections import ShopConnection
from relevo_runtime.storefronts import Storefront

OrderEvent = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded"]


class Post(Struct, frozen=True, kw_only=True):
    """A request that the shop, or a visitor's browser, makes at an instant. `path` is where ingest takes it."""

    at: datetime
    name: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Entry(Struct, frozen=True, kw_only=True):
    """What the shop's own API has under a name from an instant on; a shop that is asked shows it in lists, too."""

    at: datetime
    resource: str
    number: str
    value: Any


Output = Post | Entry


class Account(Struct, frozen=True, kw_only=True):
    """Somebody's account with the shop, and whether they agreed to marketing by e-mail."""

    who: Shopper
    opened: datetime
    agrees: bool = False


class Cart(Struct, frozen=True, kw_only=True):
    """Somebody's cart as it is now; `who` is nobody while it is not known whose it is."""

    basket: Basket
    who: Shopper | None
    filled: datetime


class Order(Struct, frozen=True, kw_only=True):
    """An order as it is now, with the times of what has happened to it."""

    basket: Basket
    who: Shopper
    guest: bool
    phone: bool
    placed: datetime
    paid: datetime | None = None
    shipped: datetime | None = None
    delivered: datetime | None = None
    cancelled: datetime | None = None
    refunded: datetime | None = None

    def after(self, event: OrderEvent, at: datetime) -> "Order":
        """The order once `event` has happened to it."""
        return msgspec.structs.replace(self, **{event: at})


class Dialect(Protocol):
    """How a platform tells what happens. Pure: the same events become the same bytes."""

    def account(self, account: Account) -> Iterable[Output]:
        """An account was opened."""
        ...

    def consent(self, account: Account, at: datetime) -> Iterable[Output]:
        """Somebody changed their mind about marketing; `account` says to what."""
        ...

    def cart(self, cart: Cart, at: datetime) -> Iterable[Output]:
        """A cart was filled, or changed."""
        ...

    def order(self, order: Order, event: OrderEvent, at: datetime) -> Iterable[Output]:
        """An order was placed, or something has happened to it."""
        ...


class Day(Struct, frozen=True, kw_only=True):
    """What happens in a shop, in order of time, and what must arrive."""

    begins: datetime
    outputs: tuple[Output, ...]
    expected: tuple[Expected, ...]
    shoppers: tuple[Shopper, ...]

    @property
    def counted(self) -> tuple[Output, ...]:
        """What people count: the requests; of a shop that makes none, the changes that it is asked for."""
        return tuple(one for one in self.outputs if isinstance(one, Post)) or self.outputs

    @property
    def unit(self) -> str:
        """What is counted, for people."""
        return "webhooks" if any(isinstance(one, Post) for one in self.outputs) else "changes"

    @property
    def ends(self) -> datetime:
        """When the last thing has happened or the last message is due."""
        return max([self.begins, *(one.at for one in self.outputs), *(one.not_before for one in self.expected)])


class Place(Struct, frozen=True, kw_only=True):
    """Where the sample shop is known, and how it is reached: what a platform adds to it."""

    shop: Shop
    storefront: Storefront | None = None
    connection: ShopConnection | None = None


class ShopServer(Protocol):
    """A platform's API as an HTTP application."""

    @property
    def app(self) -> Starlette:
        """What answers."""
        ...

    def settings(self, address: str) -> Mapping[str, str]:
        """What ingest is told of it by environment variables, given its address."""
        ...

    def put(self, entry: Entry) -> None:
        """The shop has it from now on."""
        ...

    def unread(self) -> datetime | None:
        """Since when there has been something that nobody has asked for yet, of what is to be asked for."""
        ...


class Platform(Protocol):
    """A shop system on which the sample shop can run."""

    @property
    def name(self) -> str:
        """As in `relevo shops add --platform NAME`."""
        ...

    @property
    def title(self) -> str:
        """The platform's own name."""
        ...

    @property
    def remarks(self) -> Sequence[str]:
        """What the platform can't tell, and what the day does about it; for people."""
        ...

    @property
    def flows(self) -> Sequence[str]:
        """The workflows of the library that run in the shop."""
        ...

    @property
    def shoppers(self) -> int:
        """How many people shop in a day, unless somebody wishes otherwise."""
        ...

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """The sample shop on this platform; its API answers at the address `api`."""
        ...

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The day, of a shop that ingest knows as `shop`. The same arguments give the same bytes."""
        ...

    def server(self) -> ShopServer | None:
        """The shop's own API with nothing in it yet, if Relevo asks it."""
        ...
