"""What the engine has recorded about one customer."""

from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import Facts, Run
from relevo_workflow.explain import RecordedDecision

STATEMENTS = Statements.load("relevo_engine.adapters", "decision_log.sql")
MOST = 5000
"""Decisions that are read at most, the newest ones."""


class Records(Struct, frozen=True):
    """A customer as the engine knows them. `known` is false where no event of theirs was ever taken."""

    known: bool
    facts: Facts
    runs: list[Run]
    decisions: list[RecordedDecision]


async def of_customer(
    connection: Connection, shop: str, key: str, since: datetime, *, workflow: str = "", most: int = MOST
) -> Records:
    """The records of the customer `key` since `since`, of `workflow` or of all; decisions oldest first."""
    row = await connection.fetchrow(STATEMENTS["of_customer"], shop, key, since, workflow, most)
    assert row is not None  # a select without a table has one row
    return Records(
        known=row["facts"] is not None,
        facts=msgspec.json.decode(row["facts"] or "{}", type=Facts),
        runs=[msgspec.json.decode(state, type=Run) for state in row["runs"]],
        decisions=[msgspec.json.decode(one, type=RecordedDecision) for one in reversed(row["decisions"])],
    )
