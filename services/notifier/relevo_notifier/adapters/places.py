"""The table `notifier.place`: how many messages people were sent, so that no interleaving of workers exceeds a cap."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import datetime

import msgspec

from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Allotment, Attempted, Competitor, Given, allot, competitor
from relevo_notifier.app.judge import Judge
from relevo_notifier.core.contact_changes import Person
from relevo_notifier.core.work import Work, by
from relevo_runtime.clock import Clock
from relevo_runtime.postgres import Connection, Statements, text_array

STATEMENTS = Statements.load("relevo_notifier.adapters", "places.sql")
_decode = msgspec.json.Decoder(SendDelivery).decode


class MovedMeanwhileError(Exception):
    """Somebody is somebody else by now, whose places are not held: begin the transaction again, and hold `into` too."""

    def __init__(self, into: Set[Person]) -> None:
        super().__init__("customers are merged again and again while their places are waited for")
        self.into = into


def locking(people: Set[Person]) -> str:
    """The statement by which a transaction begins that gives places to these people: it has no parameters."""
    shops, keys = [shop for shop, _ in people], [key for _, key in people]
    return STATEMENTS["lock"].replace("$1", _literal(shops)).replace("$2", _literal(keys))


def _literal(values: Sequence[str]) -> str:
    """An array as an expression in SQL, whatever quotes mean to the server."""
    return f"convert_from(decode('{text_array(values).encode().hex()}', 'hex'), 'UTF8')"


class Places:
    """Gives places away, inside of the transaction that begins the sending. `judge` knows the policies."""

    def __init__(self, judge: Judge, clock: Clock) -> None:
        self._judge = judge
        self._clock = clock

    async def limited(self, deliveries: Sequence[SendDelivery]) -> set[Person]:
        """Those whose messages their shop's policy limits. Reads the catalog if a shop is not known yet."""
        await self._judge.ready({one.shop for one in deliveries})
        return {(one.shop, one.key) for one in deliveries if self._judge.limits(one)}

    async def allotted(self, connection: Connection, works: Sequence[Work], held: Set[Person]) -> list[Work]:
        """The same, with what the caps say of those that may go out but for them; their places are taken.

        The transaction began by `locking(held)`. Raises `MovedMeanwhileError`.
        """
        now = self._clock.now()
        wanted = {work.ref: one for work in works if (one := self._judge.attempted(work, now)) is not None}
        if not wanted:
            return list(works)
        asking = [work for work in works if work.ref in wanted]
        now_is, given = await self._taken(connection, [(work.delivery, wanted[work.ref]) for work in asking], now)
        if not held >= given.keys():
            raise MovedMeanwhileError(given.keys())
        waiting = await self._waiting(connection, [one for one in given if self._judge.policy(one[0]).ranks()], now)
        members: dict[Person, list[Attempted]] = defaultdict(list)
        for work in asking:
            members[now_is[work.delivery.shop, work.delivery.key]].append(wanted[work.ref])
        found: dict[tuple[str, str], Allotment] = {}
        for person, places in given.items():
            told = allot(members[person], places, waiting.get(person, ()), now)
            found |= {(person[0], id_): allotment for id_, allotment in told.items()}
        await _give_back(connection, [ref for ref, one in found.items() if one.instead is not None])
        return [msgspec.structs.replace(w, allotment=found[w.ref]) if w.ref in found else w for w in works]

    async def _taken(
        self, connection: Connection, asking: Sequence[tuple[SendDelivery, Attempted]], now: datetime
    ) -> tuple[dict[Person, Person], dict[Person, list[Given]]]:
        """Takes the places of all, as if there were enough. Who the people are by now, and which places they had."""
        since = now - max(self._judge.policy(shop).longest() for shop in {one.shop for one, _ in asking})
        rows = [(d.shop, d.id, d.key, one.channel, one.purpose, one.content) for d, one in asking]
        now_is: dict[Person, Person] = {}
        given: dict[Person, dict[str, Given]] = defaultdict(dict)
        for row in await connection.fetch(STATEMENTS["take"], *map(list, zip(*rows, strict=True)), now, since):
            shop, key, by_now, id_, at, purpose, channel, content = row
            now_is[shop, key] = shop, by_now
            places = given[shop, by_now]
            if id_ is not None:
                places[id_] = Given(id=id_, at=at, purpose=purpose, channel=channel, content=content)
        return now_is, {person: list(places.values()) for person, places in given.items()}

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


async def _give_back(connection: Connection, refs: Sequence[tuple[str, str]]) -> None:
    if refs:
        await connection.execute(STATEMENTS["give_back"], [shop for shop, _ in refs], [id_ for _, id_ in refs])


async def hold(connection: Connection, merged: Mapping[Person, str]) -> None:
    """Nobody gives places away of these people, nor of whom they turned out to be.

    Like whoever gives them away, before any row is changed: else the two might wait for each other.
    """
    rows = [(shop, key, into) for (shop, key), into in merged.items()]
    if rows:
        await connection.execute(STATEMENTS["hold"], *map(list, zip(*rows, strict=True)))


async def merge(connection: Connection, merged: Mapping[Person, str]) -> None:
    """The places of these people, which are held, are those of whom they turned out to be, in this order."""
    for (shop, key), into in merged.items():
        await connection.execute(STATEMENTS["merge"], shop, key, into)


async def forget(connection: Connection, people: Sequence[Person]) -> None:
    """Erase which places these people have taken."""
    await connection.execute(STATEMENTS["forget"], [shop for shop, _ in people], [key for _, key in people])
