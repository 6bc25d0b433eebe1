"""From a delivery on Kafka to a message at the sink and an outcome on Kafka."""

from datetime import timedelta
from email import message_from_bytes, policy

import msgspec
import pytest

from relevo_contracts.consents import Consent
from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeadLetter
from relevo_contracts.payloads import Buyer, ConsentChanged
from relevo_contracts.topics import DEAD_LETTERS, DELIVERIES, EVENTS
from relevo_runtime.links import Unsubscribe, masked, read_token
from tests.notifier.conftest import Post
from tests.notifier.support import CONTEXT, NOON, customer, delivery
from tests.notifier.waiting import until


@pytest.mark.relevo_containers
async def test_a_delivery_becomes_one_mail_and_one_outcome(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery())
        [outcome] = await post.outcomes(1)
    assert (outcome.status, outcome.delivery_id, outcome.run_id) == ("sent", delivery().id, "run1")
    assert outcome.at == NOON
    [message] = post.sent()
    assert message.effect == delivery().id
    assert message.to == "ana1@example.com"
    content = post.sandbox.box.mail(1)
    assert content is not None
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["Subject"] == "Ana, your cart of €1,225.00"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link.startswith(post.settings.public_url + "/u/")
    secret = post.settings.link_secret.get_secret_value()
    assert read_token(secret, link.rpartition("/")[2]) == Unsubscribe(
        "acme", "customer-1", "email", masked(str(mail["To"]).strip("<>").rpartition("<")[2])
    )


async def test_an_sms_goes_out_over_the_other_lane(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery(channel="sms"), delivery(2))
        outcomes = await post.outcomes(2)
    assert {outcome.channel: outcome.status for outcome in outcomes} == {"sms": "sent", "email": "sent"}
    [text] = [message for message in post.sent() if message.kind == "sms"]
    assert (text.to, text.sender, text.text) == ("+12025550123", "+12025550100", "Acme & Sons: order 1001")


async def test_the_same_delivery_ten_times_is_one_mail(post: Post) -> None:
    async with post.notifier(), post.notifier():
        for _ in range(5):
            await post.publish(delivery(), delivery())
        await post.publish(delivery(2))
        await post.settled(2)
    async with post.notifier():
        await post.publish(delivery())
        await post.publish(delivery(3))
        await post.settled(3)
    assert sorted(message.effect for message in post.sent()) == [delivery(n).id for n in (1, 2, 3)]
    assert len(await post.outcomes(3)) == 3


async def test_many_over_two_instances_are_each_sent_once(post: Post) -> None:
    total = 400
    async with post.notifier(notifier_capacity=50), post.notifier(notifier_capacity=50):
        await post.publish(*(delivery(n) for n in range(total)))
        await post.settled(total)
    effects = [message.effect for message in post.sent()]
    assert len(effects) == len(set(effects)) == total


def consent_event(state: str, minutes: int) -> Event:
    at = NOON + timedelta(minutes=minutes)
    data = msgspec.to_builtins(ConsentChanged(customer=Buyer(id="1"), channel="email", state=state))  # type: ignore[arg-type]
    # the tests give the state as plain text
    return Event(
        id=f"consent-{minutes}",
        source="test",
        type="consent.changed",
        time=at,
        shop="acme",
        key="customer-1",
        data=data,
        receivedtime=at,
    )


async def test_consent_that_was_withdrawn_after_the_decision_stops_the_mail(post: Post) -> None:
    async def learned() -> bool:
        return bool(await post.pool.fetchval("select count(*) from notifier.contact"))

    async with post.notifier():
        await post.publish_raw(EVENTS, "acme/customer-1", msgspec.json.encode(consent_event("withdrawn", 0)))
        await until(learned)
        await post.publish(delivery(), delivery(11, key="customer-1", purpose="transactional"))
        outcomes = {outcome.delivery_id: outcome for outcome in await post.outcomes(2)}
    skipped = outcomes[delivery().id]
    assert (skipped.status, skipped.detail["rule"]) == ("skipped", "no_consent")
    assert "withdrawn since 2026-03-02 12:00" in skipped.reason
    assert [message.effect for message in post.sent()] == [delivery(11).id]


async def test_however_many_events_of_a_shop_fail_its_withdrawals_are_learnt(post: Post) -> None:
    async with post.notifier():
        for number in range(60):
            await post.publish_raw(EVENTS, "acme/customer-1", b"no event %d" % number)
        await post.publish_raw(EVENTS, "acme/customer-1", msgspec.json.encode(consent_event("withdrawn", 0)))

        async def learnt() -> bool:
            return bool(await post.pool.fetchval("select count(*) from notifier.contact"))

        await until(learnt)
        await post.publish(delivery())
        [outcome] = await post.outcomes(1)
    assert (outcome.status, outcome.detail["rule"]) == ("skipped", "no_consent")
    assert await post.pool.fetchval("select count(*) from catalog.pause") == 0


async def test_a_delivery_that_is_too_late_is_skipped_and_says_so(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery(at=NOON - timedelta(days=3)))
        [outcome] = await post.outcomes(1)
    assert (outcome.status, outcome.detail["rule"]) == ("skipped", "late")
    assert post.sent() == []


async def test_a_temporary_failure_is_tried_again_and_arrives_once(post: Post) -> None:
    post.faults(temporary=2)
    async with post.notifier():
        await post.publish(delivery())
        for attempt in (1, 2):

            async def waits(attempt: int = attempt) -> bool:
                row = await post.pool.fetchrow("select state, attempts from notifier.delivery")
                return row is not None and tuple(row) == ("queued", attempt)

            await until(waits)
            post.clock.advance(timedelta(minutes=10))
        [outcome] = await post.outcomes(1)
    assert outcome.status == "sent"
    assert len(post.sent()) == 1


async def test_one_refused_recipient_does_not_hold_up_its_batch(post: Post) -> None:
    post.faults(refuse=["ana3@example.com"])
    async with post.notifier():
        await post.publish(*(delivery(n) for n in range(8)))
        outcomes = {outcome.delivery_id: outcome for outcome in await post.outcomes(8)}
        refused = outcomes.pop(delivery(3).id)
        assert (refused.status, refused.detail["enhanced"]) == ("failed", "5.1.1")
        assert {outcome.status for outcome in outcomes.values()} == {"sent"}
        # The address does not exist: nothing is sent there again, not even a receipt.
        again = delivery(30, recipient=customer(email="ana3@example.com"), purpose="transactional")
        await post.publish(again)
        await post.settled(9)
    last = {outcome.delivery_id: outcome for outcome in await post.outcomes(9)}[again.id]
    assert (last.status, last.detail["rule"]) == ("skipped", "suppressed")
    assert len(post.sent()) == 7


async def test_a_number_that_said_stop_is_suppressed(post: Post) -> None:
    post.faults(sms_refuse={"+12025550123": 21610})
    async with post.notifier():
        await post.publish(delivery(channel="sms"))
        [outcome] = await post.outcomes(1)
    assert (outcome.status, outcome.detail["code"]) == ("failed", "21610")
    rows = await post.pool.fetch("select shop, channel, address from notifier.suppression")
    assert [tuple(row) for row in rows] == [("acme", "sms", "+12025550123")]


async def test_a_template_that_can_not_be_rendered_fails_with_file_and_line(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery(template="broken"), delivery(2, template="nowhere"), delivery(3))
        outcomes = {outcome.delivery_id: outcome for outcome in await post.outcomes(3)}
    broken = outcomes[delivery(1).id]
    assert broken.status == "failed"
    assert broken.detail == {"file": "templates/broken.yaml (en.body)", "line": "2"}
    assert "no such template" in outcomes[delivery(2).id].reason
    assert outcomes[delivery(3).id].status == "sent"


async def test_a_link_that_is_no_web_address_costs_the_button_and_the_outcome_says_so(post: Post) -> None:
    odd = {**CONTEXT, "trigger": {**CONTEXT["trigger"], "recover_url": "https://[bad"}}
    async with post.notifier():
        await post.publish(delivery(context=odd), delivery(2))
        outcomes = {one.delivery_id: one for one in await post.outcomes(2)}
    assert {one.status for one in outcomes.values()} == {"sent"}
    assert outcomes[delivery().id].detail["left_out"].startswith("the link is not a web address")
    assert "left_out" not in outcomes[delivery(2).id].detail


async def test_an_unknown_definition_and_an_unknown_shop_fail_with_what_to_do(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery(definition="ffffffffffffffff"), delivery(2, shop="nobody"))
        outcomes = {outcome.delivery_id: outcome for outcome in await post.outcomes(2)}
    assert "deploy it" in outcomes[delivery(1).id].reason
    assert "relevo shops add" in outcomes[delivery(2).id].reason


async def test_what_is_no_delivery_is_a_dead_letter_and_the_rest_goes_on(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery(1))
        await post.publish_raw(DELIVERIES, "acme/customer-1", b'{"id": 7')
        await post.publish(delivery(2))
        await post.settled(2)
        [letter] = await post.read(DEAD_LETTERS, DeadLetter, 1)
    assert letter.service == "notifier"
    assert "not a message of relevo.deliveries" in letter.reason
    assert len(post.sent()) == 2


async def test_the_newest_consent_counts_wherever_it_is_known_from(post: Post) -> None:
    newer = Consent(state="granted", at=NOON + timedelta(minutes=5), source="order")
    snapshot = msgspec.structs.replace(customer(email="ana1@example.com"), email_consent=newer)

    async def learned() -> bool:
        return bool(await post.pool.fetchval("select count(*) from notifier.contact"))

    async with post.notifier():
        await post.publish_raw(EVENTS, "acme/customer-1", msgspec.json.encode(consent_event("withdrawn", 0)))
        await until(learned)
        await post.publish(delivery(recipient=snapshot))
        [outcome] = await post.outcomes(1)
    assert outcome.status == "sent"
