"""What the restored database has of what Kafka keeps."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
from asyncpg.pgproto.pgproto import UUID

from relevo_contracts.messages import CallAnswered, DeliveryOutcome
from relevo_contracts.topics import INPUTS, OUTCOMES
from relevo_engine.core.inputs import read
from relevo_runtime.postgres import Connection, Statements
from relevo_runtime.records import Record

STATEMENTS = Statements.load("relevo_cli.restoring", "restoring.sql")
Ref = tuple[str, str]
"""A shop and the id of a delivery or a call."""
_encode = msgspec.json.Encoder().encode


class Database:
    """Asks PostgreSQL; it only reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def remembered_since(self) -> datetime | None:
        """Since when the engine knows which messages it took."""
        first: date | None = await self._connection.fetchval(STATEMENTS["remembered_since"])
        return None if first is None else datetime.combine(first, time(), UTC)

    async def taken(self, records: Sequence[Record]) -> list[bool | None]:
        """Whether the engine took each of these opened records; None of one that it knows by no digest."""
        ids = {id(one.record): one.inbox_id for one in read(records)[0] if one.inbox_id}
        found = await self._connection.fetch(STATEMENTS["taken"], [UUID(one) for one in ids.values()])
        known = {row["id"].bytes for row in found}
        return [ids[id(one)] in known if id(one) in ids else None for one in records]

    async def states(self, statement: str, refs: Collection[Ref]) -> Mapping[Ref, str]:
        """The states of those that are known; `statement` says of what: `accepted` or `called`."""
        return {(row["shop"], row["id"]): row["state"] for row in await self._rows(statement, refs)}

    async def taken_over(self, statement: str, refs: Collection[Ref]) -> set[Ref]:
        """Those of them that a notifier took over, and no repair."""
        return {(row["shop"], row["id"]) for row in await self._rows(statement, refs) if row["own"]}

    async def _rows(self, statement: str, refs: Collection[Ref]) -> Sequence[Any]:
        shops, ids = [shop for shop, _ in refs], [name for _, name in refs]
        rows: Sequence[Any] = await self._connection.fetch(STATEMENTS[statement], shops, ids)
        return rows

    async def unknown_versions(self, versions: Collection[str]) -> list[str]:
        """Those of these versions of workflows that are not there."""
        rows = await self._connection.fetch(STATEMENTS["versions"], list(versions))
        return sorted(set(versions) - {row["version"] for row in rows})

    async def unheard(self) -> list[DeliveryOutcome]:
        """The outcomes of the last hour that Kafka took and the engine never did."""
        rows = await self._connection.fetch(STATEMENTS["settled_lately"])
        outcomes = [_outcome(row) for row in rows]
        taken = await self.taken([_as_record(OUTCOMES, one) for one in outcomes])
        return [one for one, known in zip(outcomes, taken, strict=True) if not known]

    async def unheard_calls(self) -> list[Ref]:
        """The calls of the last hour whose answer Kafka took and the engine never did."""
        rows = await self._connection.fetch(STATEMENTS["answered_lately"])
        taken = await self.taken([_as_record(INPUTS, _answer(row)) for row in rows])
        return [(row["shop"], row["id"]) for row, known in zip(rows, taken, strict=True) if not known]

    async def figures(self, now: datetime) -> Mapping[str, Any]:
        """What waits at that instant of the clock, and when something happened last."""
        [row] = await self._connection.fetch(STATEMENTS["figures"], now)
        return dict(row)


def _outcome(row: Any) -> DeliveryOutcome:
    step = row["delivery_id"].rsplit("/", 2)[1]
    return DeliveryOutcome(id=f"{row['delivery_id']}/outcome", step=step, **row)


def _answer(row: Any) -> CallAnswered:
    nobody = datetime.min.replace(tzinfo=UTC)
    return CallAnswered(id=f"{row['id']}/answer", shop=row["shop"], key="", run_id="", call_id=row["id"], at=nobody)


def _as_record(topic: str, message: DeliveryOutcome | CallAnswered) -> Record:
    return Record(topic, 0, 0, b"", _encode(message))
