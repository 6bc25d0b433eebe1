"""The table `notifier.place`: how many messages people were sent, so that no interleaving of workers exceeds a cap."""

from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Attempted, Competitor, Given, allot, competitor
from relevo_notifier.app.judge import Judge
from relevo_notifier.core.contact_changes import Person
from relevo_notifier.core.work import Settled, Work, by
from relevo_runtime.clock import Clock
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "places.sql")
_decode = msgspec.json.Decoder(SendDelivery).decode


class MovedMeanwhileError(Exception):
    """Somebody turned out to be somebody else while their places were waited for: begin the transaction again."""


class Places:
    """Gives places away, inside of the transaction that begins the sending. `judge` knows the policies."""

    def __init__(self, judge: Judge, clock: Clock) -> None:
        self._judge = judge
        self._clock = clock

    async def any_limits(self, deliveries: Iterable[SendDelivery]) -> bool:
        """Whether the policy of one of these limits it. Reads the catalog if a shop is not known yet."""
        deliveries = list(deliveries)
        await self._judge.ready({one.shop for one in deliveries})
        return any(self._judge.limits(one) for one in deliveries)

    async def allotted(self, connection: Connection, works: Sequence[Work]) -> list[Work]:
        """The same, with what the caps say of those that may go out but for them; their places are taken.

        Raises `MovedMeanwhileError`.
        """
        now = self._clock.now()
        wanted = {work.ref: one for work in works if (one := self._judge.attempted(work, now)) is not None}
        if not wanted:
            return list(works)
        asking = [work for work in works if work.ref in wanted]
        keys = await self._locked(connection, asking, now)
        found: dict[tuple[str, str], Any] = {}
        for (shop, _), (members, given, waiting) in keys.items():
            told = allot([wanted[work.ref] for work in members], given, waiting, now)
            found |= {(shop, id_): allotment for id_, allotment in told.items()}
        await self._take(connection, keys, wanted, found, now)
        return [msgspec.structs.replace(w, allotment=found[w.ref]) if w.ref in found else w for w in works]

    async def _locked(
        self, connection: Connection, works: Sequence[Work], now: datetime
    ) -> Mapping[Person, tuple[list[Work], list[Given], list[Competitor]]]:
        """By person: what they are to get, the places that they have taken, and what else waits for them."""
        people = sorted({(work.delivery.shop, work.delivery.key) for work in works})
        columns = [shop for shop, _ in people], [key for _, key in people]
        held = {(row[0], row[1]) for row in await connection.fetch(STATEMENTS["lock"], *columns)}
        since = now - max((self._judge.policy(shop).longest() for shop in set(columns[0])), default=timedelta(0))
        now_is: dict[Person, Person] = {}
        given: dict[Person, list[Given]] = {}
        for row in await connection.fetch(STATEMENTS["taken"], *columns, since):
            person = row["shop"], row["now_is"]
            now_is[row["shop"], row["key"]] = person
            given[person] = [_given(one) for one in row["places"] or ()]
        if not set(given) <= held:
            raise MovedMeanwhileError
        waiting = await self._waiting(connection, [one for one in given if self._judge.policy(one[0]).ranks()], now)
        members: dict[Person, list[Work]] = defaultdict(list)
        for work in works:
            members[now_is[work.delivery.shop, work.delivery.key]].append(work)
        return {person: (members[person], places, waiting.get(person, [])) for person, places in given.items()}

    async def _waiting(
        self, connection: Connection, people: Sequence[Person], now: datetime
    ) -> Mapping[Person, list[Competitor]]:
        """What else waits for people, of shops whose messages do not all have the same priority."""
        found: dict[Person, list[Competitor]] = defaultdict(list)
        if not people:
            return found
        rows = await connection.fetch(STATEMENTS["waiting"], [shop for shop, _ in people], [key for _, key in people])
        for row in rows:
            try:
                delivery = by(_decode(row["body"]), row["channel"])
            except msgspec.MsgspecError:
                continue  # kept by another release, which looks after it
            if delivery.not_after < now:
                continue
            one = competitor(self._judge.policy(row["shop"]), delivery, row["wake_at"])
            if one is not None:
                found[row["shop"], row["key"]].append(one)
        return found

    async def _take(
        self,
        connection: Connection,
        keys: Mapping[Person, tuple[list[Work], list[Given], list[Competitor]]],
        wanted: Mapping[tuple[str, str], Attempted],
        found: Mapping[tuple[str, str], Any],
        now: datetime,
    ) -> None:
        rows = [
            (work.delivery.shop, work.delivery.id, key, one.channel, one.purpose, one.content)
            for (_, key), (members, _, _) in keys.items()
            for work in members
            if found[work.ref].instead is None and (one := wanted[work.ref])
        ]
        if rows:
            await connection.execute(STATEMENTS["take"], *map(list, zip(*rows, strict=True)), now)


async def settle(connection: Connection, settled: Sequence[Settled], now: datetime) -> None:
    """What was sent keeps its place, from now on; what is still being sent, or may have been, keeps it as it is.

    All else gives it back.
    """
    over = [one for one in settled if one.work.allotment is not None and one.state not in ("sending", "in_doubt")]
    if over:
        refs = [one.work.ref for one in over]
        sent = [one.state == "sent" for one in over]
        await connection.execute(STATEMENTS["settle"], [r[0] for r in refs], [r[1] for r in refs], sent, now)


async def merge(connection: Connection, merged: Mapping[Person, str]) -> None:
    """The places of these people are those of whom they turned out to be, in this order; nobody gives them away now."""
    rows = [(shop, key, into) for (shop, key), into in merged.items()]
    if rows:
        await connection.execute(STATEMENTS["hold"], *map(list, zip(*rows, strict=True)))
    for row in rows:
        await connection.execute(STATEMENTS["merge"], *row)


async def forget(connection: Connection, people: Sequence[Person]) -> None:
    """Erase which places these people have taken."""
    await connection.execute(STATEMENTS["forget"], [shop for shop, _ in people], [key for _, key in people])


def _given(place: Mapping[str, Any]) -> Given:
    return Given(
        id=place["id"],
        at=datetime.fromisoformat(place["at"]),
        purpose=place["purpose"],
        channel=place["channel"],
        content=b64decode(place["content"]),
    )
