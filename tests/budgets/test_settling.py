"""What it costs in round trips to write down how a hundred texts ended: one, whatever is noted beside their rows."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from benchmarks.mails import delivery
from relevo_contracts.contact import Contact
from relevo_contracts.messages import SendDelivery
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.settle import final
from relevo_notifier.core.work import Incoming, Settled, Work
from relevo_runtime.postgres import open_pool
from tests.budgets.counting import counted
from tests.engine.conftest import MORNING

TEXTS = 100
HELD, LONGER = MORNING + timedelta(minutes=5), MORNING + timedelta(minutes=8)


async def test_a_hundred_texts_are_written_down_in_one_round_trip(database: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        async with counted(database, Path(folder)) as (dsn, trips):
            pool = await open_pool(dsn, application_name="budget", min_size=1, max_size=1)
            async with pool:
                deliveries = Deliveries(pool)
                await deliveries.settle(await _sent(deliveries, 0), MORNING)
                settled = await _sent(deliveries, TEXTS)
                trips.reset()
                assert len(await deliveries.settle(settled, MORNING)) == TEXTS
                assert trips.count == 1
                assert await pool.fetchval("select count(*) from notifier.last_message") == 2 * TEXTS
                assert await pool.fetchval("select count(*) from notifier.text_taken") == 2 * TEXTS


async def _sent(deliveries: Deliveries, first: int) -> Sequence[Settled]:
    texts = [_text(number) for number in range(first, first + TEXTS)]
    works = await deliveries.accept([Incoming(one, msgspec.json.encode(one), False, HELD) for one in texts], MORNING)
    return [_taken(work) for work in await deliveries.begin(works, LONGER)]


def _text(number: int) -> SendDelivery:
    to = Contact(phone=f"+1202555{number:04d}")
    return msgspec.structs.replace(delivery(number, "1", MORNING), channel="sms", templates={}, recipient=to)


def _taken(work: Work) -> Settled:
    named = f"SM-{work.ref[1]}"
    settled = final(work, "sent", MORNING, provider_id=named)
    return msgspec.structs.replace(settled, recipient=work.address, findable=True)
