"""A message that may go by several channels takes the best one at the moment of sending."""

from typing import Any

import msgspec
import pytest

from relevo_contracts.contact import Contact
from relevo_contracts.messages import SendDelivery
from tests.notifier.conftest import Post
from tests.notifier.policies import deploy, policy
from tests.notifier.support import NOON, customer, delivery
from tests.notifier.waiting import until

WAYS: dict[str, str] = {"email": "reminder", "sms": "shipped"}


def either(number: int = 1, **changes: Any) -> SendDelivery:
    return delivery(number, templates=WAYS, **changes)


def without(field: str, **changes: Any) -> Contact:
    return msgspec.structs.replace(customer(), **{field: ""}, **changes)


async def went(post: Post, *deliveries: SendDelivery) -> dict[str, tuple[str, str]]:
    """What was sent by which channel, with the template's words."""
    async with post.notifier():
        await post.publish(*deliveries)
        await until(lambda: _all_over(post, len(deliveries)))
    rows = await post.pool.fetch("select id, channel, state, reason, put_off from notifier.delivery order by id")
    return {row["id"].partition("/")[0]: (row["channel"], row["state"]) for row in rows}


async def _all_over(post: Post, count: int) -> bool:
    over = await post.pool.fetchval(
        "select count(*) from notifier.delivery where state in ('sent', 'skipped', 'failed')"
    )
    return bool(over == count)


async def test_the_first_channel_that_may_be_taken_is(post: Post) -> None:
    agreed, not_asked = customer(), Contact()
    found = await went(
        post,
        either(1, recipient=agreed),
        either(2, recipient=without("email")),
        either(3, recipient=without("phone")),
        either(4, recipient=without("email", phone="", email_consent=agreed.email_consent)),
        either(5, recipient=msgspec.structs.replace(agreed, email_consent=not_asked.email_consent)),
        either(6, recipient=msgspec.structs.replace(agreed, preferred="sms", preferred_at=NOON)),
        either(7, channel="sms", template="shipped", recipient=without("phone")),
    )
    assert found == {
        "run1": ("email", "sent"),
        "run2": ("sms", "sent"),
        "run3": ("email", "sent"),
        "run4": ("email", "skipped"),
        "run5": ("sms", "sent"),
        "run6": ("sms", "sent"),
        "run7": ("email", "sent"),
    }
    assert sorted(one.kind for one in post.sent()) == ["email"] * 3 + ["sms"] * 3
    told = await post.pool.fetchval("select put_off from notifier.delivery where id like 'run5/%'")
    assert told == ["goes by sms: no consent to marketing by email: it is unknown"]


@pytest.mark.parametrize("suppressed", [["sms"], ["email", "sms"]])
async def test_a_suppressed_address_leaves_the_other_one(post: Post, suppressed: list[str]) -> None:
    await deploy(post.pool, policy(preferred=("sms", "email")))
    addresses = {"email": "ana@example.com", "sms": "+12025550123"}
    for channel in suppressed:
        await post.pool.execute(
            "insert into notifier.suppression values ('acme', $1, $2, 'bounced', $3)", channel, addresses[channel], NOON
        )
    found = await went(post, either(recipient=customer()))
    assert found == {"run1": ("email", "skipped") if "email" in suppressed else ("email", "sent")}


async def test_the_order_is_the_policys_where_the_person_has_none(post: Post) -> None:
    await deploy(post.pool, policy(preferred=("sms", "email")))
    assert await went(post, either(recipient=customer())) == {"run1": ("sms", "sent")}
