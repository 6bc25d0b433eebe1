"""Takes out of the engine's tables what they keep of erased customers."""

from collections.abc import Collection
from datetime import datetime

from relevo_engine.core.merging import SubjectKey
from relevo_runtime.postgres import Connection, Statements
from relevo_runtime.sealing import shred, shred_outright, shred_shop

STATEMENTS = Statements.load("relevo_engine.adapters", "erasure.sql")
REST = Statements.load("relevo_engine.adapters", "erasure_of_shop.sql")
PAGE = 5000


async def erase(connection: Connection, people: Collection[SubjectKey], merged: Collection[SubjectKey]) -> None:
    """Deletes all rows of these customers, and of the `merged` ones for whom they stand, but facts and tasks.

    The caller writes the facts anew. Kafka tells nothing of them from the end of the transaction on: the keys of what
    was published are deleted too. An erasure retires the key of the customer whom it names only, so those of the merged
    ones go as they are.
    """
    shops, keys = zip(*sorted([*people, *merged]), strict=True)
    for statement in STATEMENTS.values():  # in the order of the file: who waits is found by the runs
        await connection.execute(statement, shops, keys)
    await shred(connection, people)
    await shred_outright(connection, merged)


async def erase_rest(connection: Connection, shop: str, before: datetime) -> bool:
    """Deletes a page of what is left of a shop whose customers are erased; says whether there may be more.

    Also the keys that were made `before` that wall time, whoever they are of: some are of customers without facts.
    """
    deleted = [await connection.execute(statement, shop, PAGE) for statement in REST.values()]
    counts = [int(status.rpartition(" ")[2]) for status in deleted]
    return max(*counts, await shred_shop(connection, shop, before, PAGE)) >= PAGE
