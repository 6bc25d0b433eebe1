"""Messages by WhatsApp from Kafka to Meta's counterpart, by the same rules as all others."""

from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.contact import Contact
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, customer, delivery


async def test_the_approved_template_goes_to_who_has_not_written(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery(channel="whatsapp", template="parcel"))
        [outcome] = await post.outcomes(1)
    assert (outcome.channel, outcome.status) == ("whatsapp", "sent")
    assert "segments" not in outcome.detail
    [message] = post.sent()
    assert (message.kind, message.to, message.sender) == ("whatsapp", "+12025550123", "106540352242922")
    assert message.text == "order_shipped · Ana · 1001"


@pytest.mark.parametrize(
    ("template", "hours", "text"),
    [
        ("parcel", 1, "Order 1001 is on its way, Ana."),
        ("parcel", 25, "order_shipped · Ana · 1001"),
        ("answer", 1, "Yes, Ana."),
        ("answer", 25, None),
    ],
)
async def test_who_wrote_within_a_day_is_answered_freely(
    post: Post, template: str, hours: int, text: str | None
) -> None:
    wrote = msgspec.structs.replace(customer(), whatsapp_wrote_at=NOON - timedelta(hours=hours))
    async with post.notifier():
        await post.publish(delivery(channel="whatsapp", template=template, recipient=wrote))
        [outcome] = await post.outcomes(1)
    assert outcome.status == ("skipped" if text is None else "sent")
    assert [message.text for message in post.sent()] == ([text] if text else [])
    assert outcome.detail.get("rule") == ("window_closed" if text is None else None)


async def test_consent_to_texts_is_no_consent_to_whatsapp(post: Post) -> None:
    only_sms = msgspec.structs.replace(customer(), whatsapp_consent=Contact().whatsapp_consent)
    async with post.notifier():
        await post.publish(
            delivery(1, channel="whatsapp", template="parcel", recipient=only_sms),
            delivery(2, channel="whatsapp", template="parcel", recipient=only_sms, purpose="transactional"),
        )
        outcomes = {one.delivery_id: one for one in await post.outcomes(2)}
    assert outcomes[delivery(1).id].detail["rule"] == "no_consent"
    assert outcomes[delivery(2).id].status == "sent"


async def test_a_number_without_whatsapp_is_reached_by_sms_from_then_on(post: Post) -> None:
    post.faults(providers={"whatsapp": {"refuse": {"+12025550123": 131026}}})
    ways = {"whatsapp": "parcel", "sms": "shipped"}
    async with post.notifier():
        await post.publish(delivery(1, channel="whatsapp", template="parcel"))
        await post.outcomes(1)
        await post.publish(delivery(2, channel="whatsapp", template="parcel", templates=ways))
        outcomes = await post.outcomes(2)
    assert [(one.channel, one.status) for one in outcomes] == [("whatsapp", "failed"), ("sms", "sent")]
