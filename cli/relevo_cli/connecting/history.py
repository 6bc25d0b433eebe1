"""Reads what a shop had before it was connected, as history: what is read updates what is known and starts nothing.

How far each list was read is kept after each page, so that the same command goes on after Ctrl-C or an error. A page
that is read twice makes the same events, which count once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from relevo_cli.connecting.session import Session
from relevo_cli.console import counted, err, local_minute, out
from relevo_cli.errors import CommandError
from relevo_cli.ingest_use_cases import dependencies
from relevo_ingest.adapters.shop_fields import fields_of_shops
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.read_history import Reader, read_history
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.connectors.platform_api import ApiFailure, ApiRequest, ChangeLists, Page
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import Busy
from relevo_runtime import catalog
from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import parse_duration

STATEMENTS = Statements.load("relevo_cli.connecting", "history.sql")
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
LIVE = timedelta(hours=1)
"""What is younger is left to webhooks, which may be on their way: an event that history told starts nothing."""
_SLACK = timedelta(days=1)
_REASONS = 3
_SAME = "the API gives the same page again and again"


class ListProgress(Struct, frozen=True, kw_only=True):
    """How far a list was read: what changed in `[since, until)`; `next` asks for the next page, if there is more."""

    since: datetime
    until: datetime
    next: ApiRequest | None = None
    records: int = 0
    events: int = 0
    total: int | None = None


class ReadPlan(Struct, frozen=True):
    """What is to be read of a list: on from `place.next`, or what changed in `[begin, place.until)`."""

    place: ListProgress
    begin: datetime


class ListResult(Struct, frozen=True, kw_only=True):
    """What was read of a list. `failure` says why it could not be read to its end."""

    resource: str
    place: ListProgress
    failure: str = ""
    without: Counter[str] = Counter()


class HistoryReport(Struct, frozen=True):
    """What was read of a shop."""

    lists: Sequence[ListResult]

    @property
    def failed(self) -> bool:
        """Whether something could not be read."""
        return any(one.failure for one in self.lists)


def span_of(text: str) -> timedelta:
    """The span that `--backfill` says. Raises `CommandError`."""
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise CommandError(f"--backfill: {error}") from None
    if length <= timedelta(0):
        raise CommandError("--backfill: how far back to read, such as 90d")
    return length


async def read(session: Session, span: timedelta, progress: Progress) -> HistoryReport:
    """Reads every list. Raises `CommandError` if what was read can't be stored."""
    shop = await catalog.shop(session.database, session.connected.shop)
    if shop is None:
        raise CommandError(f"shop {session.connected.shop} is not known any more")
    lists = session.platform.history
    if lists is None:
        raise CommandError(f"--backfill: the API of {session.platform.connector.title} lists nothing to read")
    before = await _places(session.database, shop.shop)
    until = end_of_history(session.connected.connected_at, session.now)
    own_fields = (await fields_of_shops(session.database)).get(shop.shop, {})
    async with dependencies(session.settings) as (deps, _):
        reader = _Reader(session, deps, context(shop, own_fields), lists, progress)
        try:
            read_ = [
                await reader.list_(name, plan_read(before.get(name), session.now - span, until))
                for name in lists.resources
            ]
        except Busy as error:
            raise CommandError(f"what was read can't be stored now: {error}; the same command goes on") from None
    return HistoryReport(read_)


def end_of_history(connected: datetime, now: datetime) -> datetime:
    """Until when a change is history: webhooks tell what comes after, and some of them may still be on their way."""
    return max(min(connected, now), now - LIVE)


def plan_read(before: ListProgress | None, since: datetime, until: datetime) -> ReadPlan:
    """Goes on where it was interrupted, or behind what was read to its end; else begins."""
    if before is None or before.since > since + _SLACK:
        return ReadPlan(ListProgress(since=since, until=until), since)
    if before.next is not None:
        return ReadPlan(before, before.until)
    return ReadPlan(ListProgress(since=before.since, until=max(until, before.until)), before.until)


class _Reader:
    """Reads lists page by page."""

    def __init__(
        self, session: Session, deps: IngestDependencies, shop: ShopContext, lists: ChangeLists, progress: Progress
    ) -> None:
        self._session = session
        self._reader = Reader(deps, shop, session.platform.connector, session.now)
        self._shop = shop
        self._lists = lists
        self._progress = progress

    async def list_(self, resource: str, todo: ReadPlan) -> ListResult:
        """Reads one list to its end, or until it can't be read."""
        place, lists = todo.place, self._lists
        task = self._progress.add_task(resource, total=place.total, completed=place.records)
        without: Counter[str] = Counter()
        request = place.next
        if request is None and todo.begin < place.until:
            request = lists.changed(resource, todo.begin, place.until)
        while request is not None:
            page = await self._session.api.ask(lists.page(resource, request))
            if isinstance(page, ApiFailure):
                return ListResult(resource=resource, place=place, failure=page.reason, without=without)
            place = await self._page(resource, page, place, without, task)
            if page.following == request:
                return ListResult(resource=resource, place=place, failure=_SAME, without=without)
            request = page.following
        return ListResult(resource=resource, place=place, without=without)

    async def _page(
        self, resource: str, page: Page, place: ListProgress, without: Counter[str], task: TaskID
    ) -> ListProgress:
        """Stores a page, then that it was read."""
        told = await read_history(self._reader, page.records)
        without.update(told.without)
        after = replace(
            place,
            next=page.following,
            records=place.records + told.records,
            events=place.events + told.events,
            total=place.total if page.total is None else place.records + page.total,
        )
        await _keep(self._session.database, self._shop.shop, resource, after)
        self._progress.update(task, completed=after.records, total=after.total)
        return after


async def forget(database: Connection, shop: str) -> None:
    """What was read was of another shop of the platform."""
    await database.execute(STATEMENTS["forget"], shop)


async def _places(database: Connection, shop: str) -> Mapping[str, ListProgress]:
    rows = await database.fetch(STATEMENTS["of_shop"], shop)
    return {row["resource"]: msgspec.convert({**row, "resource": None}, ListProgress) for row in rows}


async def _keep(database: Connection, shop: str, resource: str, place: ListProgress) -> None:
    row = (place.since, place.until, place.next, place.records, place.events, place.total)
    await database.execute(STATEMENTS["keep"], shop, resource, *row)


def show(read_: HistoryReport) -> None:
    """What was read, as people read it."""
    for one in read_.lists:
        place = one.place
        span = f"{local_minute(place.since, UTC)} to {local_minute(place.until, UTC)} UTC"
        made = f"{counted(place.records, 'record')}, {counted(place.events, 'event')}"
        out().print(f"{one.resource}: {made} of history, {span}", markup=False, soft_wrap=True)
        for reason, count in one.without.most_common(_REASONS):
            out().print(f"  {count} without an event: {reason}", markup=False, soft_wrap=True)
        if one.failure:
            err().print(f"  NOT read to the end: {one.failure}", markup=False, soft_wrap=True, style="red")


def as_json(read_: HistoryReport) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "resource": one.resource,
            "since": one.place.since,
            "until": one.place.until,
            "records": one.place.records,
            "events": one.place.events,
            "failure": one.failure,
            "without_event": dict(one.without),
        }
        for one in read_.lists
    ]
