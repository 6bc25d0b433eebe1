"""Takes out of the engine's tables what they keep of erased customers."""

from collections.abc import Iterable

from relevo_engine.core.merging import SubjectKey
from relevo_runtime.postgres import Connection, Statements
from relevo_runtime.sealing import shred

STATEMENTS = Statements.load("relevo_engine.adapters", "erasure.sql")
REST = Statements.load("relevo_engine.adapters", "erasure_of_shop.sql")
PAGE = 5000


async def erase(connection: Connection, people: Iterable[SubjectKey]) -> None:
    """Deletes all rows of these customers but their facts, which the caller writes anew, and their tasks.

    Kafka tells nothing of them from the end of the transaction on: the keys of what was published are deleted too.
    """
    shops, keys = zip(*sorted(people), strict=True)
    for statement in STATEMENTS.values():  # in the order of the file: who waits is found by the runs
        await connection.execute(statement, shops, keys)
    await shred(connection, zip(shops, keys, strict=True))


async def erase_rest(connection: Connection, shop: str) -> bool:
    """Deletes a page of what is left of a shop whose customers are erased; says whether there may be more."""
    deleted = [await connection.execute(statement, shop, PAGE) for statement in REST.values()]
    return any(int(status.rpartition(" ")[2]) >= PAGE for status in deleted)
