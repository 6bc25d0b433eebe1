"""The runs in flight of a workflow, for those who change it. One statement a method, in the caller's transaction."""

from collections.abc import Collection, Sequence

import msgspec

from relevo_engine.core.in_flight import LockedRun, RestingPlace, RunExample, RunScope
from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import Facts, Run

STATEMENTS = Statements.load("relevo_engine.adapters", "in_flight.sql")


class InFlight:
    """`engine.run` for those who change workflows."""

    def __init__(self) -> None:
        self._run = msgspec.json.Decoder(Run)
        self._facts = msgspec.json.Decoder(Facts)
        self._did = msgspec.json.Decoder(tuple[str, ...])

    async def resting(self, conn: Connection, scope: RunScope) -> dict[RestingPlace, int]:
        """How many runs rest where."""
        rows = await conn.fetch(STATEMENTS["resting"], *_columns(scope))
        return {
            RestingPlace(row["version"], row["step"], row["trigger_type"], self._did.decode(row["did"])): row["runs"]
            for row in rows
        }

    async def examples(
        self, conn: Connection, scope: RunScope, places: Sequence[RestingPlace], limit: int
    ) -> list[RunExample]:
        """Some of the runs that rest at `places`, the oldest first."""
        unlike = {(one.version, one.step, one.trigger_type) for one in places}
        columns = [list(column) for column in zip(*sorted(unlike), strict=True)]
        rows = await conn.fetch(STATEMENTS["examples"], *_columns(scope), *columns, limit)
        return [msgspec.convert(dict(row), RunExample) for row in rows]

    async def take(
        self, conn: Connection, scope: RunScope, version: str, staying: Collection[str], limit: int
    ) -> list[LockedRun]:
        """Locks up to `limit` runs of `version` that nobody else holds and that are not `staying`."""
        rows = await conn.fetch(
            STATEMENTS["take"], scope.workflow, version, scope.shop, list(scope.leaving_out), list(staying), limit
        )
        return [
            LockedRun(row["shop"], row["key"], self._run.decode(row["state"]), self._facts.decode(row["facts"]))
            for row in rows
        ]


def _columns(scope: RunScope) -> tuple[str, str, str, list[str]]:
    return scope.workflow, scope.version, scope.shop, list(scope.leaving_out)
