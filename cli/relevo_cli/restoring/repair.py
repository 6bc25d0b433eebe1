"""What makes a restored system consistent, before its services start: in an order that may be interrupted anywhere.

The tables come first: a repair that ends before the offsets are set finds the same again, since what it wrote down
counts as known by nobody's reading.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from relevo_cli import database
from relevo_cli.errors import CommandError
from relevo_cli.restoring.comparing import set_back
from relevo_cli.restoring.facts import Facts
from relevo_cli.restoring.kept import Kept
from relevo_contracts.topics import EVENTS
from relevo_control.app.topics import opened
from relevo_notifier.adapters import restored
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.app.update_contacts import update_contacts
from relevo_runtime.clock import make_clock
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.records import Poison, Record
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

_AT_ONCE = 500
Learn = Callable[[Sequence[Record]], Awaitable[None]]


async def repair(settings: RuntimeSettings, kept: Kept, facts: Facts) -> None:
    """Note what was sent, learn what people said since, set the groups back.

    Raises `CommandError` while services run, and what Kafka and PostgreSQL raise; asking again goes on.
    """
    if facts.running:
        raise CommandError(
            f"{', '.join(sorted(facts.running))}: stop every service first, and wait until they are gone"
        )
    if facts.missing_topics:
        raise CommandError(f"{', '.join(facts.missing_topics)}: run `relevo migrate` first")
    now = make_clock(settings).now()
    async with database.transaction(settings) as connection:
        await restored.settle(connection, facts.outcomes)
        await restored.settle_calls(connection, facts.answers)
        await restored.doubt(connection, [one.delivery for one in facts.doubtful], now)
        await restored.report_anew(connection, facts.unheard, now)
    pool = await open_pool(settings.dsn, application_name="relevo-cli", max_size=2)
    try:
        await _learn_contacts(settings, pool, kept, facts)
    finally:
        await pool.close()
    for group, offsets in set_back(facts).items():
        await kept.set_back(group, offsets)


async def _learn_contacts(settings: RuntimeSettings, pool: Pool, kept: Kept, facts: Facts) -> None:
    """Consent that was withdrawn since holds before the first message is sent, not only once it is read again."""
    seals = Seals(pool, settings)
    learn = partial(update_contacts, store=ContactTables(pool), clock=make_clock(settings))
    ends = {place.partition: place.end for place in facts.places if place.topic == EVENTS}
    for partition, begin in facts.contacts_from.items():
        at = begin
        while at < ends[partition] and (page := await kept.page(EVENTS, partition, at, _AT_ONCE)):
            at = page[-1].offset + 1
            await _learn_page(learn, await opened(seals, EVENTS, page))


async def _learn_page(learn: Learn, records: Sequence[Record]) -> None:
    try:
        await learn(records)
    except Poison:
        for record in records:  # whoever reads it makes a dead letter of it: here the others count
            await _learn_one(learn, record)


async def _learn_one(learn: Learn, record: Record) -> None:
    try:
        await learn([record])
    except Poison:
        return
