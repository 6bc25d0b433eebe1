"""A shop that is polled, in memory: records that change while they are read, and an API that lists them by time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from relevo_ingest.app.poll_cursor import Cursor, Pace
from relevo_ingest.app.poll_shops import Lease, PolledShop, Polling, PollPolicy
from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    Exchange,
    Page,
    PlatformApi,
    Record,
    failed_status,
)
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext

T = TypeVar("T")
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class ListApi:
    """Lists `things` by time and id, `size` a page; the next page begins after the last record."""

    credentials: Mapping[str, str] = {}

    def __init__(self, *names: str, size: int = 2) -> None:
        self.resources = names or ("things",)
        self._size = size

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        assert connection.base_url
        assert now
        return request

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        return failed_status(response)

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        assert until > since
        return ApiRequest(path=f"/{resource}", query={"since": since.isoformat(), "after": ""})

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        answer = yield request
        rows: list[tuple[datetime, str, int]] = msgspec.json.decode(answer.body, type=list[tuple[datetime, str, int]])
        records = [
            Record(topic=resource, id=name, updated=at, body=msgspec.json.encode({"id": name, "version": version}))
            for at, name, version in rows[: self._size]
        ]
        if len(rows) <= self._size:
            return Page(records=records)
        last = records[-1]
        return Page(
            records=records,
            following=ApiRequest(path=f"/{resource}", query={"since": last.updated.isoformat(), "after": last.id}),
        )


class MemoryShop:
    """What the shop has, and what arrived of it. `between` runs before each page is answered."""

    def __init__(self) -> None:
        self.now = START
        self.rows: dict[str, tuple[datetime, int]] = {}
        self.arrived: list[tuple[str, int]] = []
        self.answers: list[ApiFailure] = []
        self.between: Callable[[], None] = lambda: None
        self.asked: list[ApiRequest] = []

    def change(self, name: str, *, late: timedelta = timedelta(0)) -> None:
        """A record changes now; it is stored with the time at which that began."""
        version = self.rows[name][1] + 1 if name in self.rows else 1
        self.rows[name] = (self.now - late, version)

    def latest(self) -> dict[str, int]:
        return {name: version for name, (_, version) in self.rows.items()}

    async def converse(self, api: PlatformApi, connection: Connection, exchange: Exchange[T]) -> T | ApiFailure:
        assert api
        assert connection
        try:
            request = next(exchange)
            while True:
                self.asked.append(request)
                self.between()
                if self.answers:
                    return self.answers.pop(0)
                request = exchange.send(self._answer(request))
        except StopIteration as end:
            result: T = end.value
            return result

    def _answer(self, request: ApiRequest) -> ApiResponse:
        since, after = datetime.fromisoformat(request.query["since"]), request.query["after"]
        rows = sorted((at, name, version) for name, (at, version) in self.rows.items())
        wanted = [row for row in rows if row[:2] > (since, after)]
        return ApiResponse(status=200, body=msgspec.json.encode(wanted))

    async def receive(self, shop: PolledShop, records: Sequence[Record]) -> object:
        assert shop
        for record in records:
            body = msgspec.json.decode(record.body)
            self.arrived.append((body["id"], body["version"]))
        return None


class MemoryLeases:
    """Leases of one process in memory."""

    def __init__(self) -> None:
        self.cursors: dict[str, dict[str, Cursor]] = {}
        self.ended: list[tuple[str, timedelta, int, str]] = []
        self.held = True

    async def claim(self, shops: Sequence[str], most: int) -> Sequence[Lease]:
        return [Lease(shop=shop, epoch=1, cursors=self.cursors.get(shop, {})) for shop in shops[:most]]

    async def renew(self, lease: Lease) -> bool:
        assert lease
        return self.held

    async def move(self, lease: Lease, resource: str, cursor: Cursor) -> bool:
        if self.held:
            kept = msgspec.json.decode(msgspec.json.encode(cursor), type=Cursor)
            self.cursors.setdefault(lease.shop, {})[resource] = kept
        return self.held

    async def end(self, lease: Lease, pause: timedelta, failures: int, error: str) -> bool:
        self.ended.append((lease.shop, pause, failures, error))
        return self.held


class Counted:
    """What was counted."""

    def __init__(self) -> None:
        self.records = 0
        self.failed: list[str] = []

    def polled(self, shop: str, resource: str, records: int) -> None:
        assert shop
        assert resource
        self.records += records

    def poll_failed(self, shop: str) -> None:
        self.failed.append(shop)


def polled(name: str, api: Any) -> PolledShop:
    return PolledShop(
        context=ShopContext(shop=name),
        connector=CONNECTORS["woocommerce"],
        api=api,
        lists=api,
        connection=Connection(base_url="https://shop.example", credentials={}),
    )


class Shops:
    """The shops that are polled."""

    def __init__(self, *shops: PolledShop) -> None:
        self.known = {one.context.shop: one for one in shops}

    async def all(self) -> Mapping[str, PolledShop]:
        return self.known


def polling(shop: MemoryShop, shops: Shops, leases: Any, *, policy: PollPolicy | None = None) -> Polling:
    return Polling(
        shops=shops,
        leases=leases,
        requests=shop,
        receive=shop.receive,
        counters=Counted(),
        now=lambda: shop.now,
        jitter=lambda: 1.0,
        policy=policy or PollPolicy(pace=Pace()),
    )
