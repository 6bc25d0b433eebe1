"""The table `notifier.merged`: which keys are somebody else's by now."""

from collections.abc import Iterable, Mapping

from relevo_contracts.contact import Contact
from relevo_notifier.core.contact_changes import Person
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "merges.sql")


async def merged_into(connection: Connection, people: Iterable[Person]) -> dict[Person, str]:
    """Of these people those who were merged, with the key that stands for them now."""
    rows = await connection.fetch(STATEMENTS["merged_into"], *_columns(people))
    return {(row[0], row[1]): row[2] for row in rows}


async def earlier_keys(connection: Connection, people: Iterable[Person]) -> dict[Person, str]:
    """The keys that these people had before, each with the key that they have now."""
    rows = await connection.fetch(STATEMENTS["earlier_keys"], *_columns(people))
    return {(row[0], row[1]): row[2] for row in rows}


async def keep_merges(connection: Connection, merged: Mapping[Person, str]) -> None:
    """Write down that these people are others, in this order."""
    for (shop, key), into in merged.items():
        await connection.execute(STATEMENTS["merge"], shop, key, into)


async def copy_to_old_keys(connection: Connection, contacts: Mapping[Person, Contact]) -> None:
    """What is known of these people is known under the keys that they had before too."""
    if contacts:
        await connection.execute(STATEMENTS["copy"], *_columns(contacts), list(contacts.values()))


def _columns(people: Iterable[Person]) -> tuple[list[str], list[str]]:
    people = list(people)
    return [shop for shop, _ in people], [key for _, key in people]
