"""What WhatsApp answers and tells, and when a text may go out instead of an approved template."""

import hmac
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from relevo_contracts.contact import Contact, apply_event, merge
from relevo_contracts.payloads import MessageReceived
from relevo_contracts.template import Approved, Parameter
from relevo_notifier.app.ports import Message, NotAuthenticError, WebhookRequest
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.core.service_window import may_answer
from relevo_notifier.providers.whatsapp.client import WhatsAppProvider
from relevo_notifier.providers.whatsapp.options import WhatsAppOptions, numbers_of
from relevo_notifier.providers.whatsapp.replies import read_whatsapp
from relevo_notifier.providers.whatsapp.request import request_of
from relevo_notifier.providers.whatsapp.webhook import WhatsAppWebhook
from tests.notifier.conftest import Post
from tests.notifier.inbound import Published, hearing
from tests.notifier.support import NOON, customer, delivery

ID = "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="


def refused(code: Any) -> dict[str, Any]:
    """Meta's form of an error, as its page on error codes has it."""
    return {
        "error": {
            "message": f"(#{code}) Rate limit hit",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": "Message failed to send because …"},
            "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
        }
    }


@pytest.mark.parametrize(
    ("status", "code", "kind", "suppress", "wait"),
    [
        (400, 131026, Rejected, True, 0),  # undeliverable: not on WhatsApp
        (400, 131047, Rejected, False, 0),  # re-engagement: more than 24 hours
        (400, 131050, Rejected, False, 0),  # no more marketing of this sender
        (400, 131008, Rejected, False, 0),
        (400, 100, Rejected, False, 0),
        (400, 132000, Rejected, False, 0),  # number of parameters
        (404, 132001, Rejected, False, 0),  # no such template in that language
        (400, 132007, Rejected, False, 0),
        (400, 132015, TryLater, False, 0),  # paused
        (400, 131048, TryLater, False, 0),
        (400, 131049, TryLater, False, 86_400),
        (400, 131056, TryLater, False, 6),
        (400, 130429, TryLater, False, 0),
        (400, 80007, TryLater, False, 0),
        (401, 190, TryLater, False, 0),
        (403, 10, TryLater, False, 0),
        (403, 200, TryLater, False, 0),
        (403, 131031, TryLater, False, 0),
        (400, 131042, TryLater, False, 0),
        (500, 131016, TryLater, False, 0),
        (500, 131000, Unknown, False, 0),
        (400, 1, Unknown, False, 0),
    ],
)
def test_error_codes(status: int, code: int, kind: type, suppress: bool, wait: float) -> None:
    result = read_whatsapp(status, refused(code))
    assert type(result) is kind
    assert str(code) in getattr(result, "reason", "")
    assert getattr(result, "suppress", False) == suppress
    assert getattr(result, "wait", 0) == wait


@pytest.mark.parametrize(
    ("code", "concern"),
    [(130429, "rate"), (80007, "rate"), (190, "provider"), (0, "provider"), (131056, "message"), (131031, "message")],
)
def test_whom_a_refusal_concerns(code: int, concern: str) -> None:
    result = read_whatsapp(400, refused(code))
    assert isinstance(result, TryLater)
    assert result.concern == concern


@given(st.integers(100, 599), st.one_of(st.none(), st.integers(), st.text(), st.booleans()), st.booleans())
def test_nothing_counts_as_sent_without_an_id_or_with_an_error(status: int, code: Any, named: bool) -> None:
    body = (refused(code) if code is not None else {}) | ({"messages": [{"id": ID}]} if named else {})
    result = read_whatsapp(status, body)
    assert isinstance(result, Sent) == (status == 200 and named and code is None)


def message(content: Approved | str) -> Message:
    return Message("run1/step/1", "acme", "+16505551234", content, reference="ab" * 20)


def test_a_template_as_meta_takes_it() -> None:
    approved = Approved(
        name="order_shipped",
        header=Parameter(kind="image", text="https://acme.example.com/parcel.png"),
        body=("Ana", "1001"),
        buttons=(Parameter(kind="url", text="1001"), Parameter(kind="code", text="TAKE5", index=1)),
        language="en_US",
    )
    assert request_of(message(approved)) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "16505551234",
        "biz_opaque_callback_data": "ab" * 20,
        "type": "template",
        "template": {
            "name": "order_shipped",
            "language": {"code": "en_US"},
            "components": [
                {
                    "type": "header",
                    "parameters": [{"type": "image", "image": {"link": "https://acme.example.com/parcel.png"}}],
                },
                {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "1001"}]},
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "1001"}],
                },
                {
                    "type": "button",
                    "sub_type": "copy_code",
                    "index": "1",
                    "parameters": [{"type": "coupon_code", "coupon_code": "TAKE5"}],
                },
            ],
        },
    }
    bare = request_of(message(Approved(name="hello_world", language="en_US")))
    assert bare["template"] == {"name": "hello_world", "language": {"code": "en_US"}}


def test_a_text_as_meta_takes_it() -> None:
    found = request_of(message("Yes, in blue too."))
    assert (found["type"], found["text"]) == ("text", {"preview_url": True, "body": "Yes, in blue too."})


def test_each_shop_has_its_number() -> None:
    assert numbers_of("106540352242922, acme=123") == {"": "106540352242922", "acme": "123"}
    with pytest.raises(ValidationError, match="phone number ID"):
        WhatsAppOptions(numbers="+16505551234")


async def test_a_shop_without_a_number_keeps_its_messages() -> None:
    provider = WhatsAppProvider(WhatsAppOptions(numbers="other=123", token=SecretStr("token")))
    answer = await provider.send(message("Hello"))
    await provider.close()
    assert isinstance(answer, TryLater)
    assert "acme=PHONE_NUMBER_ID" in answer.reason


@pytest.mark.parametrize(
    ("hours", "open_"), [(None, False), (-23.9, True), (-23.95, False), (-24.5, False), (-0.01, True)]
)
def test_who_wrote_may_be_answered_for_a_day(hours: float | None, open_: bool) -> None:
    wrote = NOON + timedelta(hours=hours) if hours is not None else None
    assert may_answer(Contact(whatsapp_wrote_at=wrote), NOON) == open_
    assert merge(Contact(whatsapp_wrote_at=wrote), Contact()).whatsapp_wrote_at == wrote


def the_webhook() -> WhatsAppWebhook:
    return WhatsAppWebhook(WhatsAppOptions(app_secret=SecretStr("secret"), verify_token=SecretStr("meatyhamhock")))


def test_meta_hears_its_challenge_and_nobody_else() -> None:
    query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock"
    assert the_webhook().challenge(query) == "1158201444"
    for other in (query.replace("meaty", "vegan"), query.replace("subscribe", "x"), "", "hub.verify_token="):
        with pytest.raises(NotAuthenticError):
            the_webhook().challenge(other)


@pytest.mark.parametrize("field", ["url", "numbers", "token"])
def test_what_has_to_be_set(field: str) -> None:
    options = WhatsAppOptions(numbers="1", token=SecretStr("token"))
    assert options.missing() == ""
    empty = options.model_copy(update={field: SecretStr("") if field == "token" else ""})
    assert bool(empty.missing()) == (field != "url")
    assert msgspec.json.encode(empty.missing())


def written(*messages: Any) -> WebhookRequest:
    """Meta's example of an incoming message, signed."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
        "contacts": [{"profile": {"name": "Sheena Nelson"}, "wa_id": "16505551234"}],
        "messages": messages,
    }
    entry = {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}
    body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [entry, None, {"changes": [7]}]})
    return WebhookRequest({"x-hub-signature-256": f"sha256={hmac.digest(b'secret', body, 'sha256').hex()}"}, body)


def one(**changes: Any) -> dict[str, Any]:
    return {"from": "16505551234", "id": ID, "timestamp": "1749416383", **changes}


@pytest.mark.parametrize(
    ("message", "text", "keyword", "attachments"),
    [
        ({"type": "text", "text": {"body": "Does it come in another color?"}}, "Does it come", None, 0),
        ({"type": "text", "text": {"body": "STOP"}}, "STOP", "stop", 0),
        ({"type": "button", "button": {"payload": "stop", "text": "Baja"}}, "Baja", "stop", 0),
        ({"type": "interactive", "interactive": {"button_reply": {"id": "1", "title": "Blue"}}}, "Blue", None, 0),
        ({"type": "image", "image": {"id": "1", "caption": "Like this one"}}, "Like this one", None, 1),
        ({"type": "sticker", "sticker": {"id": "1"}}, "", None, 1),
        ({"type": [], "text": 7}, "", None, 0),
    ],
)
async def test_what_people_write(message: dict[str, Any], text: str, keyword: str | None, attachments: int) -> None:
    [found] = await the_webhook().read(written(one(**message)))
    assert isinstance(found, Inbound)
    assert (found.channel, found.address, found.own) == ("whatsapp", "+16505551234", "+15550783881")
    assert found.message_id == ID
    assert found.text.startswith(text)
    assert (found.keyword.command if found.keyword else None) == keyword
    assert found.attachments == attachments


async def test_an_odd_message_costs_itself_only() -> None:
    odd: list[Any] = [None, 7, {}, one(id=""), one(**{"from": "somebody"}), {"from": [], "id": ID}]
    assert len(await the_webhook().read(written(*odd, one(type="text", text={"body": "Hello"})))) == 1


async def test_who_writes_may_be_answered_and_who_stops_gets_no_more_marketing(post: Post) -> None:
    published = Published()
    async with post.notifier():
        await post.publish(delivery(channel="whatsapp", template="parcel"))
        await post.outcomes(1)
    messages = await the_webhook().read(written(one(**{"from": "12025550123"}, type="text", text={"body": "Stop"})))
    take = hearing(post.pool, published, answering=["whatsapp"])
    assert await take("whatsapp", [one for one in messages if isinstance(one, Inbound)]) == 1
    rows = await post.pool.fetch("select channel, address from notifier.unsubscribed")
    assert [tuple(row) for row in rows] == [("whatsapp", "+12025550123")]
    [withdrawn, received] = published.events
    assert (withdrawn.type, withdrawn.data["channel"]) == ("consent.changed", "whatsapp")
    assert (received.type, received.key, received.data["keyword"]) == ("message.received", "customer-1", "stop")
    payload = received.payload()
    assert isinstance(payload, MessageReceived)
    later = received.time + timedelta(hours=1)
    assert may_answer(apply_event(customer(), payload, received.time), later)
    assert not may_answer(apply_event(customer(phone="+4915112345678"), payload, received.time), later)
