"""The runs in flight of a workflow, for those who change it. One statement a method, in the caller's transaction."""

from collections.abc import Collection, Sequence

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import Facts, Run


class Scope(Struct, frozen=True, kw_only=True):
    """Whose runs of `workflow` are meant: those of `shop` (`*`: of all but `leaving_out`) in other versions."""

    workflow: str
    version: str
    shop: str
    leaving_out: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """Where runs rest: the step (empty: only the goal is watched) of a version, what started them, and `Run.did`."""

    version: str
    step: str
    trigger_type: str
    did: tuple[str, ...] = ()


class Example(Struct, frozen=True, kw_only=True):
    """A run in flight."""

    shop: str
    run_id: str
    key: str
    step: str
    version: str
    trigger_type: str


class Taken(Struct, frozen=True):
    """A run that this transaction has locked, and what is known of its customer."""

    shop: str
    key: str
    run: Run
    facts: Facts


class InFlight:
    """`engine.run` for those who change workflows."""

    def __init__(self) -> None:
        self._sql = Statements.load("relevo_engine.adapters", "in_flight.sql")
        self._run = msgspec.json.Decoder(Run)
        self._facts = msgspec.json.Decoder(Facts)
        self._did = msgspec.json.Decoder(tuple[str, ...])

    async def resting(self, conn: Connection, scope: Scope) -> dict[Place, int]:
        """How many runs rest where."""
        rows = await conn.fetch(self._sql["resting"], *_columns(scope))
        return {
            Place(row["version"], row["step"], row["trigger_type"], self._did.decode(row["did"])): row["runs"]
            for row in rows
        }

    async def examples(self, conn: Connection, scope: Scope, places: Sequence[Place], limit: int) -> list[Example]:
        """Some of the runs that rest at `places`, the oldest first."""
        unlike = {(one.version, one.step, one.trigger_type) for one in places}
        columns = [list(column) for column in zip(*sorted(unlike), strict=True)]
        rows = await conn.fetch(self._sql["examples"], *_columns(scope), *columns, limit)
        return [msgspec.convert(dict(row), Example) for row in rows]

    async def take(
        self, conn: Connection, scope: Scope, version: str, staying: Collection[str], limit: int
    ) -> list[Taken]:
        """Locks up to `limit` runs of `version` that nobody else holds and that are not `staying`."""
        rows = await conn.fetch(
            self._sql["take"], scope.workflow, version, scope.shop, list(scope.leaving_out), list(staying), limit
        )
        return [
            Taken(row["shop"], row["key"], self._run.decode(row["state"]), self._facts.decode(row["facts"]))
            for row in rows
        ]


def _columns(scope: Scope) -> tuple[str, str, str, list[str]]:
    return scope.workflow, scope.version, scope.shop, list(scope.leaving_out)
