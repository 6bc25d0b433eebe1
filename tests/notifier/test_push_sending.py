"""Push messages from Kafka to the browsers of a person: each gets it once, and it counts as one message."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts.contact import Contact
from relevo_contracts.devices import Device
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Cap
from relevo_notifier.core.push import mark_of
from relevo_sandbox.box import Message
from tests.notifier.conftest import Post
from tests.notifier.policies import deploy, policy
from tests.notifier.push_browser import PUBLIC, SECRET, shown
from tests.notifier.support import NOON, customer, delivery
from tests.notifier.waiting import until


def endpoint(post: Post, name: str) -> str:
    return f"{post.sandbox.url}/push/{name}"


def with_browsers(post: Post, *names: str, **changes: Any) -> Contact:
    devices = {
        endpoint(post, name): Device(p256dh=PUBLIC, auth=SECRET, at=NOON - timedelta(minutes=number))
        for number, name in enumerate(names)
    }
    return msgspec.structs.replace(customer(), devices=devices, **changes)


def push(post: Post, *names: str, number: int = 1, **changes: Any) -> SendDelivery:
    recipient = with_browsers(post, *names)
    return delivery(number, **{"channel": "push", "template": "waits", "recipient": recipient, **changes})


def arrived(post: Post) -> Mapping[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for message in post.sent():
        found.setdefault(message.to.rpartition("/")[2], []).append(message)
    return found


async def test_every_browser_of_a_person_is_told_once_and_it_is_one_message(post: Post) -> None:
    await deploy(post.pool, policy(caps=(Cap(most=1, per=timedelta(days=1)),)))
    async with post.notifier():
        await post.publish(push(post, "laptop", "phone"))
        [outcome] = await post.outcomes(1)
    assert (outcome.channel, outcome.status, outcome.detail["devices"]) == ("push", "sent", "2 of 2")
    assert {name: len(messages) for name, messages in arrived(post).items()} == {"laptop": 1, "phone": 1}
    [message] = arrived(post)["phone"]
    said = shown(message.text)
    assert (said["title"], said["body"]) == ("Ana, your cart waits", "€1,225.00")
    assert said["url"] == "https://acme.example.com/cart?a=1&b=2"
    assert message.sender == said["tag"][:32]
    assert await post.pool.fetchval("select count(*) from notifier.place") == 1


async def test_a_browser_that_is_gone_is_asked_no_more(post: Post) -> None:
    post.faults(providers={"webpush": {"refuse": {endpoint(post, "old"): 410}}})
    async with post.notifier():
        await post.publish(push(post, "old", "phone"))
        await post.outcomes(1)
        await post.publish(push(post, "old", number=2))
        outcomes = await post.outcomes(2)
    assert [(one.status, one.detail.get("rule")) for one in outcomes] == [("sent", None), ("skipped", "no_address")]
    gone = await post.pool.fetch("select channel, address from notifier.suppression")
    assert [tuple(row) for row in gone] == [("push", endpoint(post, "old"))]


async def test_what_one_service_wants_later_goes_there_alone(post: Post) -> None:
    post.faults(providers={"webpush": {"refuse": {endpoint(post, "busy"): 429}}})
    async with post.notifier():
        await post.publish(push(post, "laptop", "busy"))

        async def waits() -> bool:
            row = await post.pool.fetchrow("select state, reached from notifier.delivery")
            return bool(row and row["state"] == "queued" and row["reached"] == [mark_of(endpoint(post, "laptop"))])

        await until(waits)
        post.faults()
        post.clock.advance(timedelta(minutes=5))
        [outcome] = await post.outcomes(1)
    assert (outcome.status, outcome.detail["devices"]) == ("sent", "2 of 2")
    assert {name: len(messages) for name, messages in arrived(post).items()} == {"laptop": 1, "busy": 1}


@pytest.mark.parametrize("purpose", ["marketing", "transactional"])
async def test_a_browser_of_which_nobody_knows_is_handled_by_purpose(post: Post, purpose: str) -> None:
    post.faults(providers={"webpush": {"vanish_every": 1}})
    async with post.notifier():
        await post.publish(push(post, "phone", purpose=purpose))
        await until(lambda: _written_down(post))
        post.faults()
        post.clock.advance(timedelta(minutes=1))
        [outcome] = await post.outcomes(1)
    assert outcome.status == ("in_doubt" if purpose == "marketing" else "sent")
    topics = {message.sender for message in post.sent()}
    assert (len(post.sent()), len(topics)) == (
        1 if purpose == "marketing" else 2,
        1,
    )  # the second has the first's place


async def _written_down(post: Post) -> bool:
    """Whether it is in the table how the first attempt ended: from then on the clock may go on."""
    return bool(await post.pool.fetchval("select count(*) from notifier.delivery where reason <> ''"))


async def test_without_a_browser_or_consent_the_next_channel_is_taken(post: Post) -> None:
    ways = {"push": "waits", "email": "reminder"}
    refused = with_browsers(post, "phone", push_consent=Contact().push_consent)
    await deploy(post.pool, policy(preferred=("push", "email")))
    async with post.notifier():
        await post.publish(
            push(post, "phone", number=1, templates=ways),
            push(post, number=2, templates=ways),
            push(post, number=3, templates=ways, recipient=refused),
        )
        outcomes = {one.run_id: (one.channel, one.status) for one in await post.outcomes(3)}
    assert outcomes == {"run1": ("push", "sent"), "run2": ("email", "sent"), "run3": ("email", "sent")}
