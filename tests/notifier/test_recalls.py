"""The run of a message ends while the message waits: it is not sent, whoever holds it, and the outcome says why."""

from datetime import timedelta

import msgspec
import pytest
from msgspec import structs

from relevo_contracts.messages import RecallWanted, SendDelivery, recall_delivery
from relevo_contracts.policy import QuietHours, QuietRule
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.settle import put_back
from relevo_notifier.core.work import Settled
from relevo_runtime.postgres import Pool
from tests.notifier.conftest import Post
from tests.notifier.policies import deploy, policy
from tests.notifier.support import NOON, delivery
from tests.notifier.test_withdrawal import HELD, incoming
from tests.notifier.waiting import until

QUIET = policy(quiet=(QuietRule(hours=QuietHours.read("06:00-20:00")),))
"""It is quiet at noon, and until the evening."""


def recalled(*deliveries: SendDelivery, reason: str = "bought") -> SendDelivery:
    first = deliveries[0]
    wanted = RecallWanted(deliveries=tuple(one.id for one in deliveries), reason=reason)
    return recall_delivery(f"{first.run_id}/@recall/9", first.shop, first.key, wanted, NOON)


async def put_off(post: Post, *deliveries: SendDelivery) -> None:
    """Until these wait for their hours."""
    await post.publish(*deliveries)

    async def waiting() -> bool:
        query = "select count(*) from notifier.delivery where state = 'queued' and cardinality(put_off) > 0"
        return bool(await post.pool.fetchval(query) == len(deliveries))

    await until(waiting)


async def test_what_waits_is_skipped_once_its_run_has_ended(post: Post) -> None:
    await deploy(post.pool, QUIET)
    waits, other = delivery(), delivery(2, key="customer-1")
    async with post.notifier():
        await put_off(post, waits, other)
        await post.publish(recalled(waits), recalled(waits))  # it may come twice
        [outcome] = await post.outcomes(1)
    assert (outcome.delivery_id, outcome.status, outcome.reason) == (waits.id, "skipped", "its run ended: bought")
    assert outcome.detail == {"rule": "recalled", "policy": "v1"}
    assert (await post.states(), post.sent()) == ({waits.id: "skipped", other.id: "queued"}, [])


async def test_a_recall_comes_after_what_it_takes_back_also_in_the_same_batch(post: Post) -> None:
    await deploy(post.pool, QUIET)
    waits, goes = delivery(), delivery(2, key="customer-1", purpose="transactional")
    await post.publish(waits, goes, recalled(waits, goes))
    async with post.notifier():
        await post.settled(2)
    assert await post.states() == {waits.id: "skipped", goes.id: "sent"}


async def test_what_was_sent_stays_sent(post: Post) -> None:
    sent = delivery()
    async with post.notifier():
        await post.publish(sent)
        await post.settled(1)
        later = delivery(2, key="customer-1")
        await post.publish(recalled(sent), later)
        await post.settled(2)
    assert (await post.states(), len(post.sent())) == ({sent.id: "sent", later.id: "sent"}, 2)


@pytest.mark.parametrize("begun", [False, True])
async def test_whoever_holds_a_message_does_not_send_it_once_it_was_recalled(pool: Pool, begun: bool) -> None:
    deliveries = Deliveries(pool)
    works = await deliveries.accept([incoming(delivery())], NOON)
    if begun:  # and put off then, as of its hours
        works = await deliveries.begin(works, HELD)
    await deliveries.recall([recalled(delivery())], NOON)
    if begun:
        put_off = Settled(
            work=works[0], state="queued", reason="quiet", wake_at=NOON + timedelta(hours=9), counts=False
        )
        await deliveries.settle([put_off], NOON)
    else:
        assert await deliveries.begin(works, HELD) == []
    [work] = (await deliveries.claim_due("email", NOON, HELD, 10)).queued
    [work] = await deliveries.begin([work], HELD)
    assert work.recalled == "bought"


async def test_what_is_being_sent_meanwhile_is_sent(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    [work] = await deliveries.begin(await deliveries.accept([incoming(delivery())], NOON), HELD)
    await deliveries.recall([recalled(delivery())], NOON)
    assert work.recalled == ""
    assert await deliveries.settle([put_back(work, NOON)], NOON) == {work.ref}


async def test_a_message_in_doubt_is_not_sent_again_after_its_run(post: Post) -> None:
    doubtful = delivery()
    deliveries = Deliveries(post.pool)
    await deliveries.begin(await deliveries.accept([incoming(doubtful)], NOON, "smtp"), HELD, provider="smtp")
    await deliveries.recall([recalled(doubtful)], NOON)
    post.clock.set(HELD + timedelta(minutes=1))  # whoever began it has died
    async with post.notifier():
        [outcome] = await post.outcomes(1)
    assert outcome.status == "in_doubt"
    assert outcome.reason == "an earlier attempt may have arrived; not sent again: its run ended: bought"
    assert post.sent() == []


async def test_a_recall_is_no_delivery_of_its_own(post: Post) -> None:
    unknown = recalled(delivery())
    async with post.notifier():
        await post.publish(unknown, delivery(2, key="customer-1"))
        await post.settled(1)
    assert [*await post.states()] == [delivery(2).id]


async def test_a_release_that_knows_of_no_recalls_sends_nobody_anything(post: Post) -> None:
    """What an earlier notifier reads of it: everything but what it takes back."""
    earlier = structs.replace(recalled(delivery()), recall=None)
    async with post.notifier():
        await post.publish(earlier)
        [outcome] = await post.outcomes(1)
    assert (outcome.status, outcome.run_id, post.sent()) == ("skipped", "", [])


def test_a_recall_is_read_by_a_release_that_knows_of_none() -> None:
    written = msgspec.json.decode(msgspec.json.encode(recalled(delivery())))
    known = {field.name for field in structs.fields(SendDelivery)} - {"recall"}
    read = msgspec.convert({name: one for name, one in written.items() if name in known}, SendDelivery)
    assert (read.recipient.email, read.to, read.not_after) == ("", "contact", NOON)
