"""What people say about consent, written where the decision to send reads it: it holds before it is acknowledged.

The tables are the notifier's, which learns the same from the event later and finds nothing new in it. When it holds is
said by `relevo_contracts.standing`.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from msgspec import MsgspecError

from relevo_contracts.consents import LINK
from relevo_contracts.contact import CHANNELS, Channel, Contact, address_of, apply_event, statements
from relevo_contracts.mailboxes import masked
from relevo_contracts.policy import AS_BEFORE, read_policy
from relevo_contracts.standing import Standing, Statement
from relevo_contracts.topics import EVENTS
from relevo_runtime import outbox
from relevo_runtime.outgoing import Outgoing
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_runtime", "consent_store.sql")


async def look(pool: Pool, shop: str, key: str) -> Standing:
    """What is known of whoever has this key. Raises what the database raises."""
    [row] = await pool.fetch(STATEMENTS["person"], shop, key, CHANNELS)
    contact = None if row["contact"] is None else msgspec.convert(row["contact"], Contact)
    unsubscribed = msgspec.convert(row["unsubscribed"], dict[str, dict[str, datetime] | None])
    since: dict[Channel, datetime] = {}
    for channel in CHANNELS:
        by_address = unsubscribed[channel] or {}
        if contact is not None and (at := by_address.get(contact.address(channel))):
            since[channel] = at
    erased = contact is None and row["redacted_at"] is not None
    policy = AS_BEFORE
    with suppress(MsgspecError):  # of another release: it adds purposes, and forbids nothing that is shown here
        policy = AS_BEFORE if row["policy"] is None else read_policy(row["policy"])
    return Standing(shop=shop, key=row["key"], contact=contact, unsubscribed=since, erased=erased, policy=policy)


async def keep(pool: Pool, person: Standing, said: Sequence[Statement], address: str = "") -> list[int] | None:
    """Commit what somebody said, and the events about it to the outbox; returns their numbers there.

    `None`: nothing is kept, since the person was merged or erased meanwhile. `address`, masked, is that of the link
    which was followed: what is withdrawn by it is withdrawn for whoever has it. Raises what the database raises.
    """
    if person.contact is None:
        await pool.execute(STATEMENTS["add"], person.shop, person.key)
    async with pool.acquire() as connection, connection.transaction():
        contact = await _locked(connection, person)
        if contact is None:
            return None
        for one in said:
            await _keep_addresses(connection, person, one, contact, address)
            contact = apply_event(contact, one.payload, one.at)
            await connection.execute(STATEMENTS["prove"], *_proof(person, one))
        await connection.execute(STATEMENTS["keep"], person.shop, person.key, contact)
        events = [Outgoing(person.shop, one.id, EVENTS, person.key, one.value) for one in said]
        return await outbox.put(connection, events)


async def holds(pool: Pool, person: Standing, said: Sequence[Statement]) -> bool:
    """Whether what was said is known of the person, or nothing of them any more."""
    row = await pool.fetchval(STATEMENTS["contact"], person.shop, person.key)
    if row is None:
        return True
    contact = msgspec.convert(row, Contact)
    return all(apply_event(contact, one.payload, one.at) == contact for one in said)


async def keys_now(pool: "Pool | Connection", people: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The keys that these people (shop, key) have by now, those who were merged and all others."""
    rows = await pool.fetch(STATEMENTS["merged"], [shop for shop, _ in people], [key for _, key in people])
    return {(shop, key): key for shop, key in people} | {(row["shop"], row["key"]): row["into_key"] for row in rows}


async def published(pool: Pool, numbers: Sequence[int]) -> None:
    """Forget events in the outbox that Kafka has acknowledged."""
    async with pool.acquire() as connection:
        await outbox.delete(connection, numbers)


async def _locked(connection: Connection, person: Standing) -> Contact | None:
    row = await connection.fetchval(STATEMENTS["lock"], person.shop, person.key)
    if row is None or await connection.fetchval(STATEMENTS["merged_into"], person.shop, person.key):
        return None
    return msgspec.convert(row, Contact)


async def _keep_addresses(
    connection: Connection, person: Standing, one: Statement, contact: Contact, address: str
) -> None:
    """An address that is left by a link gets nothing, whoever has it; or gets what it got before that was said."""
    said = one.payload
    channel = said.channel
    undone = said.state == "restored" and said.undoes is not None
    if not undone and (said.state, said.source) != ("withdrawn", LINK):
        return
    reached = await connection.fetch(STATEMENTS["reached"], person.shop, person.key, channel)
    known = {*statements(contact, channel), *(row[0] for row in reached)}
    own = contact.address(channel)
    found = sorted({own, *(each for each in known if undone or masked(each) == address)} - {""})
    at = said.undoes if undone else one.at
    columns = [channel] * len(found), found, [at] * len(found)
    await connection.execute(STATEMENTS["lift" if undone else "unsubscribe"], person.shop, *columns)


def _proof(person: Standing, one: Statement) -> tuple[object, ...]:
    said = one.payload
    address = address_of(said.customer, said.channel)
    return (
        *(person.shop, one.source, one.id, person.key),
        *(said.channel, said.topic or said.purpose, address, said.state, one.at),
        *(said.source, said.wording, said.form_url, said.list_id, said.ip_hash, said.double_opt_in),
        *(said.form, said.wording_version, said.requested_at),
    )
