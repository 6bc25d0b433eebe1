"""What a crash or a broken connection leaves behind is cleared up by the rule of the message."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.messages import DeliveryOutcome, SendDelivery
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.work import Incoming
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, delivery
from tests.notifier.waiting import until

LEASE_ENDED = timedelta(minutes=5)


async def crash_while_sending(post: Post, *deliveries: SendDelivery) -> None:
    """What an instance leaves that was killed after it had begun: `sending` in the table, and nothing else."""
    incoming = [Incoming(d, msgspec.json.encode(d), True, NOON + timedelta(minutes=2)) for d in deliveries]
    await Deliveries(post.pool).accept(incoming, NOON)
    post.clock.advance(LEASE_ENDED)


async def test_marketing_in_doubt_is_not_sent_again(post: Post) -> None:
    await crash_while_sending(post, delivery())
    async with post.notifier():
        [outcome] = await post.outcomes(1)
        await post.publish(delivery())  # Kafka may bring it again, too
        await post.publish(delivery(2))
        await post.settled(2)
    assert outcome.status == "in_doubt"
    assert "may have arrived or not, and is not sent again" in outcome.reason
    assert [message.effect for message in post.sent()] == [delivery(2).id]


async def test_a_transactional_mail_in_doubt_goes_again_with_the_same_message_id(post: Post) -> None:
    receipt = delivery(purpose="transactional")
    post.faults(vanish_every=1)
    async with post.notifier():
        await post.publish(receipt)
        await until_state(post, receipt, "sending", 1)
        post.faults()
        post.clock.advance(LEASE_ENDED)
        [outcome] = await post.outcomes(1)
    assert outcome.status == "sent"
    assert "may have arrived twice" in outcome.reason
    first, second = post.sent()
    assert first.id == second.id
    assert first.effect == second.effect == receipt.id


async def test_a_marketing_mail_whose_connection_broke_is_reported_in_doubt(post: Post) -> None:
    post.faults(vanish_every=1)
    async with post.notifier():
        await post.publish(delivery())
        await until_state(post, delivery(), "sending", 1)
        post.clock.advance(LEASE_ENDED)
        [outcome] = await post.outcomes(1)
    assert outcome.status == "in_doubt"
    assert len(post.sent()) == 1


async def while_time_passes(post: Post, outcomes: Awaitable[Sequence[DeliveryOutcome]]) -> Sequence[DeliveryOutcome]:
    """What comes while the clock goes on: a text that the provider got within the lease may be another message's."""
    coming = asyncio.ensure_future(outcomes)
    while not coming.done():
        await asyncio.sleep(0.2)
        post.clock.advance(timedelta(seconds=0.2))
    return await coming


@pytest.mark.parametrize("purpose", ["marketing", "transactional"])
@pytest.mark.parametrize("arrived", [True, False])
async def test_twilio_is_asked_what_became_of_a_text(post: Post, purpose: str, arrived: bool) -> None:
    text = delivery(channel="sms", purpose=purpose)
    if arrived:
        post.faults(sms_vanish_every=1)
        async with post.notifier():
            await post.publish(text)
            await until_state(post, text, "sending", 1)
            post.faults()
            post.clock.advance(LEASE_ENDED)
            [outcome] = await while_time_passes(post, post.outcomes(1))
        assert outcome.detail["found"]
    else:
        await crash_while_sending(post, text)
        async with post.notifier():
            [outcome] = await post.outcomes(1)
    assert outcome.status == "sent"
    assert outcome.detail["provider_id"].startswith("SM")
    assert len(post.sent()) == 1


async def test_what_was_only_queued_is_simply_sent(post: Post) -> None:
    incoming = [Incoming(delivery(), msgspec.json.encode(delivery()), False, NOON + timedelta(minutes=2))]
    await Deliveries(post.pool).accept(incoming, NOON)
    post.clock.advance(LEASE_ENDED)
    async with post.notifier():
        [outcome] = await post.outcomes(1)
    assert (outcome.status, outcome.reason) == ("sent", "")


async def test_an_outcome_that_was_not_reported_is_reported_again(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery())
        await post.settled(1)
    # As if the process had been killed between the commit of "sent" and the publish.
    [first] = await post.outcomes(1)
    await post.pool.execute("update notifier.delivery set wake_at = $1, outcome = $2", NOON, msgspec.json.encode(first))
    async with post.notifier():
        await post.settled(1)
        outcomes = await post.outcomes(2)
    assert outcomes[0] == outcomes[1]
    assert len(post.sent()) == 1


async def test_a_stopping_notifier_gives_back_what_it_holds(post: Post) -> None:
    post.faults(latency=0.2)
    one = post.settings.notifier_smtp.model_copy(update={"connections": 1})
    async with post.notifier(notifier_smtp=one):
        await post.publish(*(delivery(n) for n in range(20)))
        await until_state(post, delivery(0), "sent", 1, any_of=range(20))
    states = await post.states()
    assert set(states.values()) == {"sent", "queued"}
    post.faults()
    async with post.notifier():
        await post.settled(20)
    effects = [message.effect for message in post.sent()]
    assert len(effects) == len(set(effects)) == 20


async def test_what_waits_too_long_for_a_worker_goes_back_and_is_in_no_doubt(post: Post) -> None:
    post.faults(latency=0.5)
    one = post.settings.notifier_smtp.model_copy(update={"connections": 1})
    async with post.notifier(notifier_smtp=one):
        await post.publish(*(delivery(n) for n in range(3)))

        async def begun() -> bool:
            return "sending" in (await post.states()).values()

        await until(begun)
        post.clock.advance(timedelta(seconds=11))  # of a lease of 15, of which an attempt may take 5
        await post.settled(3)
        outcomes = await post.outcomes(3)
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [("sent", "")] * 3
    assert len(post.sent()) == 3


async def until_state(post: Post, item: SendDelivery, state: str, attempts: int, any_of: range | None = None) -> None:
    """Wait until the attempt has ended in `state` and the row waits for the next look."""
    ids = [item.id] if any_of is None else [delivery(n).id for n in any_of]

    async def reached() -> bool:
        count = await post.pool.fetchval(
            "select count(*) from notifier.delivery"
            " where id = any($1) and state = $2 and attempts >= $3 and (settled_at is not null)",
            ids,
            state,
            attempts,
        )
        return bool(count)

    await until(reached)
