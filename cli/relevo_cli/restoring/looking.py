"""Looks at a restored system: where every group is by Kafka and by the database, and what came after that."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

from aiokafka import ConsumerRecord
from msgspec.structs import replace

from relevo_cli.restoring.aftermath import Aftermath
from relevo_cli.restoring.database import Database
from relevo_cli.restoring.facts import Facts, Place
from relevo_cli.restoring.kept import MARGIN, Kept
from relevo_cli.restoring.positions import PAGE, Looked, taken_until
from relevo_contracts.topics import CALLS, DEAD_LETTERS, DELIVERIES, EVENTS, INPUTS, OUTCOMES
from relevo_control.app.dead_letters import read_dead_letters
from relevo_runtime.postgres import Connection
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

READ_BY: Mapping[str, Sequence[str]] = {
    "engine": (EVENTS, OUTCOMES, INPUTS),
    "notifier": (DELIVERIES,),
    "notifier-calls": (CALLS,),
}
"""The groups of whose reading the database has a trace. Wake-ups come again by themselves from their timers."""
_AT_ONCE = 500


class Look:
    """One look, over connections of the caller's."""

    def __init__(self, settings: RuntimeSettings, kept: Kept, connection: Connection) -> None:
        self._settings = settings
        self._kept = kept
        self._connection = connection
        self._database = Database(connection)
        self._aftermath = Aftermath(self._database, Seals(connection, settings))
        self._dead: set[tuple[str, int, int]] = set()

    async def facts(self, now: datetime) -> Facts:
        """Everything. Raises what Kafka and PostgreSQL raise."""
        missing = await self._kept.missing_topics()
        running = await self._kept.running()
        if DEAD_LETTERS not in "".join(missing):
            letters = await read_dead_letters(self._connection, self._settings)
            self._dead = {(one.topic, one.partition, one.offset) for one in letters}
        there = {
            group: [topic for topic in read if self._settings.topic(topic) not in missing]
            for group, read in READ_BY.items()
        }
        places = [
            place for group, read in there.items() for topic in read for place in await self._places(group, topic)
        ]
        return await self._concluded(Facts(running=running, missing_topics=missing, places=places), now)

    async def _concluded(self, facts: Facts, now: datetime) -> Facts:
        after = self._aftermath
        outcomes, answers = await after.to_settle()
        doubtful, waiting = after.promised()
        unheard = [one for one in await self._database.unheard() if (one.shop, one.delivery_id) not in after.outcomes]
        calls = [ref for ref in await self._database.unheard_calls() if ref not in after.answers]
        return replace(
            facts,
            contacts_from=await self._contacts_from(facts.places),
            unopened=after.unopened,
            outcomes=outcomes,
            answers=answers,
            doubtful=doubtful,
            waiting=waiting,
            unheard=unheard,
            unheard_calls=len(calls),
            erasures=after.erasures,
            unknown_versions=await self._database.unknown_versions(after.versions),
            ends=after.ends,
            **await self._database.figures(now),
        )

    async def _places(self, group: str, topic: str) -> list[Place]:
        committed = await self._kept.committed(group)
        since = await self._database.remembered_since() if group == "engine" else None
        found = []
        for partition, (begin, end) in (await self._kept.bounds(topic)).items():
            known = committed.get((self._settings.topic(topic), partition))
            first = begin if since is None else await self._kept.before(topic, partition, since)
            taken = await self._taken_until(topic, partition, end if first is None else first, end)
            place = Place(
                group=group, topic=topic, partition=partition, begin=begin, end=end, committed=known, taken=taken
            )
            skipped, unopened = await self._lacking(place)
            found.append(replace(place, skipped=skipped, unopened=unopened))
        return found

    async def _taken_until(self, topic: str, partition: int, begin: int, end: int) -> int:
        async def look(offset: int) -> Sequence[Looked]:
            records = await self._kept.page(topic, partition, offset, PAGE)
            taken = await self._aftermath.taken(topic, records)
            return [
                Looked(raw.offset, None if (topic, partition, raw.offset) in self._dead else known)
                for raw, known in zip(records, taken, strict=True)
            ]

        return await taken_until(begin, end, look)

    async def _lacking(self, place: Place) -> tuple[int, int]:
        """Takes note of all after what the database has; how much of it would be left out, and can't be opened."""
        lacking = unopened = 0
        async for page in self._pages(place.topic, place.partition, place.taken, place.end):
            alive = [one for one in page if (place.topic, place.partition, one.offset) not in self._dead]
            skipped, sealed = await self._aftermath.add(place.topic, alive, place.starts)
            lacking, unopened = lacking + skipped, unopened + sealed
        return lacking, unopened

    async def _pages(self, topic: str, partition: int, begin: int, end: int) -> AsyncIterator[Sequence[ConsumerRecord]]:
        while begin < end and (page := await self._kept.page(topic, partition, begin, _AT_ONCE)):
            yield page
            begin = page[-1].offset + 1

    async def _contacts_from(self, places: Sequence[Place]) -> Mapping[int, int]:
        """From where contacts have to be learnt again, by partition of the events."""
        found = {}
        for place in places:
            if place.topic == EVENTS and (place.is_ahead or place.is_lost):
                [record, *_] = await self._kept.page(EVENTS, place.partition, place.taken, 1) or [None]
                at = None if record is None else datetime.fromtimestamp(record.timestamp / 1000, UTC) - MARGIN
                earlier = None if at is None else await self._kept.before(EVENTS, place.partition, at)
                found[place.partition] = place.taken if earlier is None else min(earlier, place.taken)
        return found
