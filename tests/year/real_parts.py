"""`python -m tests.year.real_parts`: the same lives through the services, with real Kafka, PostgreSQL and mail server.

Events come in over HTTP, and the books are made of what the topics say and of what arrived at the mail server.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
from msgspec import Struct

from relevo_cli import database
from relevo_cli.authoring.sources import shipped_library
from relevo_cli.backlog import backlog_of
from relevo_cli.demonstration.sinks import Sinks
from relevo_cli.demonstration.topics import TopicReader, reading_topics
from relevo_cli.processes import SHORT_LEASE
from relevo_cli.system import ServicePlan, System, running_system
from relevo_cli.workflow_files import load_folders
from relevo_runtime import catalog
from relevo_runtime.postgres import Statements
from relevo_runtime.settings import RuntimeSettings
from relevo_testing.leaps import SPEED, Feed, Leaps, stand
from tests.year import rules
from tests.year.__main__ import table
from tests.year.life import BEGINNING, Happening, Life, life
from tests.year.shop_year import NOT_OF_CUSTOMERS, Message, Year

STATEMENTS = Statements.load("tests.year", "books.sql")
_SHOP, _TOKEN, _SOURCE = "tea", "year-token", "year"
_AFTER = timedelta(days=4)
"""So long after the last day what was put off goes out."""
RULES = tuple(one for one in rules.RULES if one not in (rules.without_end, rules.codes_without_consent))
"""Runs are on their way when the days are over, and codes come from no pool here."""


class Books(Struct, frozen=True, kw_only=True):
    """What came of it. `lost` are messages that were sent and did not arrive, `twice` those that arrived again."""

    years: Sequence[Year]
    events: int
    runs: tuple[int, int]
    waiting: int
    lost: list[str]
    twice: list[str]
    unsettled: list[str]
    given_up: int
    until: datetime
    seconds: float

    def faults(self) -> list[str]:
        """Everything that is wrong."""
        broken = [f"{one.life.email}: {rule.__name__}: {found}" for one in self.years for rule in RULES
                  for found in rule(one)]  # fmt: skip
        wrong = {"lost": self.lost, "twice": self.twice, "without an outcome": self.unsettled}
        return [*broken, *(f"{what}: {one}" for what, found in wrong.items() for one in found)]


class Events:
    """The lives' events, told to ingest in order; who the customers are there is learnt from the answers."""

    def __init__(self, lives: Sequence[Life], client: httpx.AsyncClient, url: str) -> None:
        told = [(one.at, whose.number, n, one) for whose in lives for n, one in enumerate(whose.happenings)]
        self._open = sorted(told, key=lambda one: one[:3])
        self._client = client
        self._url = url
        self.told = 0
        self.customers: dict[str, int] = {}

    def next(self) -> datetime | None:
        """When the next one happens."""
        return self._open[self.told][0] if self.told < len(self._open) else None

    async def tell(self, now: datetime) -> None:
        """Tell all that has happened by `now`. Raises `httpx.HTTPError` if ingest does not take it."""
        end = self.told
        while end < len(self._open) and self._open[end][0] <= now:
            end += 1
        due = self._open[self.told : end]
        if not due:
            return
        answer = await self._client.post(
            f"{self._url}/events/{_SHOP}",
            content=msgspec.json.encode([_cloud_event(number, n, one) for _, number, n, one in due]),
            headers={"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/cloudevents-batch+json"},
        )
        if not answer.is_success:
            raise httpx.HTTPError(f"ingest says {answer.status_code}: {answer.text[:500]}")
        for (_, number, _, one), taken in zip(due, answer.json()["events"], strict=True):
            if not one.key:
                self.customers[taken["key"]] = number
        self.told = end


def _cloud_event(number: int, n: int, one: Happening) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{number}-{n}",
        "source": _SOURCE,
        "type": one.event,
        "time": one.at.isoformat(),
        "data": one.data,
    }


async def lived(days: int, customers: int, seed: int, minutes: float, file: Path) -> Books:
    """So many days of so many customers, as far as they go in so many minutes. The clock follows `file`."""
    cut = BEGINNING + timedelta(days=days)
    lives = [_shortened(life(seed, number), cut) for number in range(customers)]
    async with (
        _system(file.parent) as system,
        httpx.AsyncClient(timeout=30) as client,
        contextlib.AsyncExitStack() as stack,
    ):
        seen = await stack.enter_async_context(reading_topics(system.settings, _SHOP))
        lease = timedelta(seconds=SHORT_LEASE * SPEED)
        backlog = await stack.enter_async_context(backlog_of(system.settings, lease))
        connection = await asyncpg.connect(system.settings.dsn)
        stack.push_async_callback(connection.close)
        sinks = Sinks(client, system.running.sandbox)
        events = Events(lives, client, system.running.ingest)
        leaps, begun = Leaps(file, BEGINNING, backlog, connection), time.monotonic()

        def over() -> bool:
            return time.monotonic() - begun > 60 * minutes

        await leaps.until(cut + _AFTER, Feed(events.next, events.tell), over=over)
        while await sinks.poll():
            pass
        await asyncio.sleep(2)  # what is published of the last instant is read
        ended = min(leaps.at, cut)
        lives = [_shortened(one, ended) for one in lives]
        made = await _years(lives, seen, events, connection)
        return await _books(made, seen, sinks, events, leaps, connection, time.monotonic() - begun)


def _shortened(one: Life, cut: datetime) -> Life:
    return Life(one.number, [each for each in one.happenings if each.at < cut])


@contextlib.asynccontextmanager
async def _system(data: Path) -> AsyncIterator[System]:
    async def furnish(settings: RuntimeSettings) -> None:
        async with database.transaction(settings) as connection:
            await catalog.add_shop(connection, _shop())

    workflows = [one for one in load_folders(shipped_library()) if one.definition.name not in NOT_OF_CUSTOMERS]
    plan = ServicePlan(data=data, workflows=workflows, furnish=furnish)
    async with running_system(plan, say=_say, on_death=lambda died: _say(f"started again: {died}")) as system:
        yield system


def _shop() -> catalog.Shop:
    return catalog.Shop(
        shop=_SHOP,
        platform="shopify",
        name="Tea",
        domain="shop.example.com",
        token_hashes=[catalog.hash_token(_TOKEN)],
        email_from="Tea <hello@shop.example.com>",
        locale="en-GB",
        timezone="Europe/Madrid",
        currency="EUR",
        postal_address="Tea, Calle Mayor 1, 28013 Madrid",
    )


async def _years(
    lives: Sequence[Life], seen: TopicReader, events: Events, connection: "asyncpg.Connection[Any]"
) -> list[Year]:
    messages, skipped = defaultdict[int, list[Message]](list), defaultdict[int, Counter[str]](Counter)
    withdrawn = defaultdict[int, list[datetime]](list)
    for effect, delivery in seen.deliveries.items():
        outcome, number = seen.outcomes.get(effect), events.customers.get(delivery.key)
        if outcome is None or number is None or delivery.to == "staff":
            continue
        if outcome.status == "sent":
            marketing = delivery.purpose == "marketing"
            whose = (delivery.workflow, delivery.run_id, delivery.template)
            messages[number].append(Message(outcome.at, delivery.decided_at, *whose, marketing))
        else:
            skipped[number][outcome.detail.get("rule", outcome.status)] += 1
    for key, at in await connection.fetch(STATEMENTS["withdrawn"], _SHOP, _SOURCE):
        withdrawn[events.customers[key]].append(at)
    ends = {row["run_id"]: row["at"] for row in await connection.fetch(STATEMENTS["cut_short"], _SHOP)}
    return [
        Year(
            life=one,
            messages=sorted(messages[one.number], key=lambda each: each.sent),
            skipped=dict(skipped[one.number]),
            coupons=[],
            withdrawn=withdrawn[one.number],
            runs=[],
            cut_short=ends,
        )
        for one in lives
    ]


async def _books(
    years: Sequence[Year],
    seen: TopicReader,
    sinks: Sinks,
    events: Events,
    leaps: Leaps,
    connection: "asyncpg.Connection[Any]",
    seconds: float,
) -> Books:
    there = Counter(one.effect for one in sinks.messages)
    sent = {effect for effect, one in seen.outcomes.items() if one.status == "sent"}
    row = await connection.fetchrow(STATEMENTS["figures"], _SHOP)
    assert row is not None
    waiting = {one["id"] for one in await connection.fetch(STATEMENTS["waiting"], _SHOP)}
    return Books(
        years=years,
        events=events.told,
        runs=(row["started"], row["ended"]),
        waiting=len(waiting),
        lost=sorted(sent - there.keys()),
        twice=sorted(effect for effect, count in there.items() if count > 1),
        unsettled=sorted(seen.deliveries.keys() - seen.outcomes.keys() - waiting),
        given_up=leaps.given_up,
        until=leaps.at,
        seconds=seconds,
    )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def said(books: Books) -> list[str]:
    """The books, for people."""
    messages = [one for year in books.years for one in year.messages]
    skipped = sum((Counter(one.skipped) for one in books.years), Counter[str]())
    why = ", ".join(f"{count} {rule}" for rule, count in sorted(skipped.items())) or "none"
    faults = books.faults()
    return [
        *(table(messages) if messages else []),
        "",
        f"{len(books.years)} customers until {books.until:%Y-%m-%d}, {books.events} events, {books.runs[0]} runs"
        f" ({books.runs[1]} ended), {len(messages)} messages; not sent: {why}; {books.waiting} still wait",
        f"{len(books.lost)} lost, {len(books.twice)} twice, {len(books.unsettled)} without an outcome;"
        f" {books.given_up} times the clock went on without waiting; {books.seconds:.0f} s",
        *faults,
        f"{len(faults)} faults",
    ]


def main() -> int:
    """Exit code 1 if anything is wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.year.real_parts", description=main.__doc__)
    options.add_argument("--days", type=int, default=365)
    options.add_argument("--customers", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--minutes", type=float, default=10, help="after which it ends, however far it has come")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="relevo-year-") as folder:
        file = Path(folder) / "year-clock"
        stand(file, BEGINNING)
        os.environ |= {"RELEVO_CLOCK_FILE": str(file), "RELEVO_CLOCK_SPEED": str(SPEED)}  # of all processes
        books = asyncio.run(lived(asked.days, asked.customers, asked.seed, asked.minutes, file))
    sys.stdout.write("\n".join(said(books)) + "\n")
    return 1 if books.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
