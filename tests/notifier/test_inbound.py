"""What people write to the shops: whose it is, what a STOP withdraws, what a START restores, what is answered."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Buyer, ConsentChanged, MessageReceived
from relevo_contracts.standing import HOLDS_AFTER
from relevo_contracts.topics import EVENTS
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.core.aliases import Lookup, named
from relevo_notifier.adapters import privacy, retention
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.adapters.inbound import InboundTable
from relevo_notifier.app.give_answers import GiveAnswers
from relevo_notifier.app.ports import FoundText, Message, Provider
from relevo_notifier.core.inbound import shared_numbers
from relevo_notifier.core.provider_results import ProviderResult, Sent, TryLater
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.receiving import hearing as hear_with
from relevo_notifier.entrypoints.webhooks_http import webhooks_app
from relevo_notifier.providers.registry import webhooks
from relevo_notifier.providers.twilio.webhook import signature
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.errors import PublishError
from relevo_runtime.health import Health
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.notifier.conftest import Post
from tests.notifier.inbound import ANA, LATER, OWN, Published, add_shop, hearing, said, texted, texted_staff
from tests.notifier.support import NOON, delivery
from tests.notifier.test_feedback import taking
from tests.notifier.test_feedback_webhooks import CALLBACK

DAY = timedelta(days=1)


def fail(error: BaseException) -> None:
    raise error


async def key_of(pool: Pool, **names: str) -> str:
    buyer = Buyer(**names)  # type: ignore[arg-type]  # texts all of them
    return await Identity(pool).key(Lookup("acme", named(buyer)))


async def unsubscribed(pool: Pool) -> list[tuple[Any, ...]]:
    rows = await pool.fetch("select shop, channel, address, source from notifier.unsubscribed order by shop, at")
    return [tuple(row) for row in rows]


def message(event: Event) -> MessageReceived:
    payload = event.payload()
    assert isinstance(payload, MessageReceived)
    return payload


def consent(event: Event) -> ConsentChanged:
    payload = event.payload()
    assert isinstance(payload, ConsentChanged)
    return payload


async def answers(pool: Pool) -> list[str]:
    return [row[0] for row in await pool.fetch("select answer from notifier.inbound where answer <> '' order by at")]


async def test_a_reply_is_an_event_about_whom_the_shop_wrote_to(pool: Pool) -> None:
    await add_shop(pool)
    await texted(pool)
    published = Published()
    assert await hearing(pool, published)("twilio", [said("Is it still there?")]) == 1
    [told] = published.events
    assert (told.type, told.shop, told.key, told.time) == ("message.received", "acme", "customer-1", LATER)
    payload = message(told)
    assert (payload.text, payload.keyword, payload.contact.phone, payload.to) == ("Is it still there?", "", ANA, OWN)
    assert (payload.workflow, payload.step) == ("abandoned-cart", "send-reminder")
    assert payload.delivery_id == "run1/send-reminder/1"
    assert payload.customer == Buyer()  # the number may be somebody else's, to whom news of an order went


@pytest.mark.parametrize(("after", "hops"), [(timedelta(0), 8), (timedelta(hours=1), 8), (timedelta(hours=2), 0)])
async def test_what_follows_soon_upon_a_message_is_its_consequence(pool: Pool, after: timedelta, hops: int) -> None:
    await add_shop(pool)
    await texted(pool, hops=7)
    published = Published()
    clock = ManualClock(NOON + timedelta(minutes=1) + after)  # it was sent one minute after noon
    await hearing(pool, published, clock)("twilio", [said("I am out of the office", 1), said("STOP", 2)])
    assert [one.hops for one in published.of("message.received")] == [hops, hops]


async def test_who_writes_first_is_nobodys_consequence(pool: Pool) -> None:
    await add_shop(pool)
    published = Published()
    await hearing(pool, published)("twilio", [said("hello")])
    assert [one.hops for one in published.events] == [0]


async def test_whoever_has_the_number_is_found_as_ingest_would_find_them(pool: Pool) -> None:
    await add_shop(pool)
    known = await key_of(pool, id="7", phone=ANA)
    published = Published()
    await hearing(pool, published)("twilio", [said("hello")])
    assert [one.key for one in published.events] == [known]


async def test_nobody_known_is_somebody_from_then_on(pool: Pool) -> None:
    await add_shop(pool)
    published = Published()
    await hearing(pool, published)("twilio", [said("hello")])
    [told] = published.events
    assert message(told).customer.phone == ANA
    assert told.key == await key_of(pool, phone=ANA)
    assert told.key == await key_of(pool, id="8", phone=ANA)  # a customer who tells the number is that person


async def test_a_stop_holds_before_it_is_told(pool: Pool) -> None:
    await add_shop(pool)
    await texted(pool)
    take = hearing(pool, published := Published(fails=1))
    with pytest.raises(PublishError):
        await take("twilio", [said("Stop, please!")])
    assert await unsubscribed(pool) == [("acme", "sms", ANA, "sms-stop")]
    await take("twilio", [said("Stop, please!")])  # it is sent again
    assert await unsubscribed(pool) == [("acme", "sms", ANA, "sms-stop")]
    [withdrawn] = published.of("consent.changed")
    assert (consent(withdrawn).state, consent(withdrawn).source) == ("withdrawn", "sms-stop")
    assert (consent(withdrawn).customer.phone, consent(withdrawn).wording) == (ANA, "Stop, please!")
    assert message(published.of("message.received")[0]).keyword == "stop"


async def test_a_stop_is_acknowledged_once_what_was_begun_before_it_is_gone(pool: Pool) -> None:
    await add_shop(pool)
    held: list[bool] = []

    async def sleep(seconds: float) -> None:
        held.append(seconds == HOLDS_AFTER and len(await unsubscribed(pool)) == 1)

    take = hearing(pool, sleep=sleep)
    await take("twilio", [said("hello", 1), said("START", 2), said("HELP", 3)])
    assert held == []
    await take("twilio", [said("STOP", 4)])
    assert held == [True]


async def test_start_lifts_what_stop_withdrew_and_nothing_more(pool: Pool) -> None:
    await add_shop(pool)
    await texted(pool)
    await pool.execute(
        "insert into notifier.unsubscribed (shop, channel, address, at) values ('acme', 'sms', $1, $2)", ANA, NOON
    )
    clock, published = ManualClock(LATER), Published()
    take = hearing(pool, published, clock)
    await take("twilio", [said("STOP", 1)])
    clock.advance(timedelta(minutes=1))
    await take("twilio", [said("stop", 2)])
    await take("twilio", [said("START", 3)])
    assert await unsubscribed(pool) == [("acme", "sms", ANA, "")]  # what was said by a link stays
    restored = [consent(one) for one in published.of("consent.changed") if consent(one).state == "restored"]
    assert [one.undoes for one in restored] == [LATER, LATER + timedelta(minutes=1)]
    assert len({one.id for one in published.events}) == len(published.events)


async def test_a_start_that_could_not_be_told_lifts_nothing_until_it_is(pool: Pool) -> None:
    await add_shop(pool)
    await hearing(pool)("twilio", [said("STOP", 1)])
    take = hearing(pool, published := Published(fails=1))
    with pytest.raises(PublishError):
        await take("twilio", [said("START", 2)])
    assert len(await unsubscribed(pool)) == 1
    await take("twilio", [said("START", 2)])
    assert await unsubscribed(pool) == []
    assert [consent(one).state for one in published.of("consent.changed")] == ["restored"]


async def test_the_same_message_twice_is_one(pool: Pool) -> None:
    await add_shop(pool)
    take = hearing(pool, published := Published())
    await take("vonage", [said("hello"), said("hello")])
    await take("vonage", [said("hello")])
    assert len({one.id for one in published.events}) == 1
    assert await pool.fetchval("select count(*) from notifier.inbound") == 1


async def test_a_number_that_shops_share_withdraws_for_all_of_them(pool: Pool) -> None:
    for name in ("acme", "beta", "gamma"):
        await add_shop(pool, name, sms_from="ACME")
    await texted(pool, 1, shop="acme")
    await texted(pool, 2, shop="beta")
    take = hearing(pool, published := Published(), shared={"24365": ("acme", "beta", "gamma")})
    await take("vonage", [said("STOP", own="24365")])
    assert [row[0] for row in await unsubscribed(pool)] == ["acme", "beta", "gamma"]
    assert {one.shop for one in published.of("consent.changed")} == {"acme", "beta"}  # gamma does not know the number
    assert [one.shop for one in published.of("message.received")] == ["beta", "acme"]  # beta wrote last
    await take("vonage", [said("How much is it?", 2, own="24365")])
    assert published.events[-1].shop == "beta"


async def test_a_number_of_nobody_is_answered_for_by_whoever_wrote(pool: Pool) -> None:
    await add_shop(pool, sms_from="ACME")
    take = hearing(pool, published := Published())
    assert await take("twilio", [said("STOP", own="+12025559999")]) == 0
    await texted(pool)
    assert await take("twilio", [said("STOP", 2, own="+12025559999")]) == 1
    assert [row[0] for row in await unsubscribed(pool)] == ["acme"]
    assert len(published.of("consent.changed")) == 1


async def test_a_shop_that_is_being_moved_is_asked_again_later(pool: Pool) -> None:
    await add_shop(pool)
    async with pool.acquire() as connection, connection.transaction():
        await catalog.hold_shop(connection, "acme", NOON)
    with pytest.raises(OSError, match="moved"):
        await hearing(pool)("twilio", [said("STOP")])


async def test_one_confirmation_in_the_language_of_the_word_or_of_the_person(pool: Pool) -> None:
    await add_shop(pool, locale="de")
    take = hearing(pool, answers=10)
    for number, text in enumerate(("BAJA", "STOP", "alta", "Hilfe")):
        await take("plivo", [said(text, number)])
    assert [one.partition(":")[2].split()[0] for one in await answers(pool)] == ["te", "vuelves", "Hilfe"]
    key = await pool.fetchval("select owner from notifier.inbound limit 1")
    await pool.execute("insert into notifier.contact values ('acme', $1, '{\"locale\": \"fr-FR\"}')", key)
    await take("plivo", [said("stop", 9, address=ANA)])
    assert (await answers(pool))[-1].startswith("Acme & Sons : vous êtes désinscrit")


async def test_what_the_provider_answers_nobody_else_does(pool: Pool) -> None:
    await add_shop(pool)
    await hearing(pool, answering=("twilio",))("twilio", [said("STOP")])
    assert await answers(pool) == []
    assert len(await unsubscribed(pool)) == 1


async def test_two_machines_that_answer_each_other_end(pool: Pool) -> None:
    await add_shop(pool)
    take = hearing(pool, published := Published(), answers=3, told=5)
    for number in range(10):
        await take("plivo", [said("HELP", number)])
    assert len(await answers(pool)) == 3
    for number in range(10, 20):
        await take("plivo", [said("I am not at my desk.", number)])
    assert len(published.of("message.received")) == 10  # keywords are always heard; the rest were too many
    await take("plivo", [said("STOP", 99)])
    assert len(await unsubscribed(pool)) == 1
    later = hearing(pool, published, ManualClock(LATER + DAY), answers=3, told=5)
    await later("plivo", [said("hello again", 100)])
    assert message(published.events[-1]).text == "hello again"


class Sender:
    """A provider that keeps what it is given; `later` times it is busy."""

    channel = "sms"
    slots = 1
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, later: int = 0) -> None:
        self.sent: list[Message] = []
        self._later = later

    async def send(self, message: Message) -> ProviderResult:
        if self._later:
            self._later -= 1
            return TryLater("busy")
        self.sent.append(message)
        return Sent("m1")

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        raise OSError

    async def close(self) -> None:
        return None


def giving(pool: Pool, sender: Sender) -> GiveAnswers:
    providers: Mapping[str, Provider] = {"plivo": sender}  # type: ignore[dict-item]  # its channel is one of the literals
    return GiveAnswers(InboundTable(pool), providers)


async def test_an_answer_is_given_once_from_the_number_that_was_written_to(pool: Pool) -> None:
    await add_shop(pool)
    await hearing(pool)("plivo", [said("HELP", own="12025550100")])
    sender = Sender(later=1)
    give = giving(pool, sender)
    for minute in range(4):
        await give.run_once(LATER + timedelta(minutes=minute))
    [one] = sender.sent
    assert (one.sender, one.recipient) == (OWN, ANA)
    assert one.text == "Acme & Sons: help at hello@acme.example.com. Reply STOP to get no more offers by SMS."


async def test_an_answer_comes_within_five_minutes_or_not_at_all(pool: Pool) -> None:
    await add_shop(pool)
    await hearing(pool)("plivo", [said("STOP")])
    sender = Sender()
    await giving(pool, sender).run_once(LATER + timedelta(minutes=6))
    assert sender.sent == []
    assert await pool.fetchval("select count(*) from notifier.inbound where answer_by is not null") == 0


async def test_from_a_text_over_twilio_to_a_stop_after_which_none_is_sent(post: Post) -> None:
    """The whole way: a text goes out, its receiver says STOP, and the next one is not sent; a receipt still is."""
    options = post.settings.notifier_twilio.model_copy(update={"callback": CALLBACK})
    text = delivery(1, channel="sms")
    async with post.notifier(notifier_twilio=options) as notifier:
        await post.publish(text)
        [first] = await post.outcomes(1)
        context = ServiceContext(post.clock, Metrics("test"), Health(), fail)
        hear = hear_with(notifier.settings, post.pool, notifier.publisher, context)
        app = webhooks_app(webhooks(notifier.settings), taking(post.pool), hear)
        form = {"MessageSid": "SM1", "From": ANA, "To": OWN, "Body": "STOP", "NumMedia": "0"}
        token = options.token.get_secret_value()
        proof = {"x-twilio-signature": signature(token, CALLBACK, list(form.items()))}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://relevo") as door:
            answer = await door.post("/providers/twilio", data=form, headers=proof)
        await post.publish(
            delivery(2, channel="sms", key=text.key), delivery(3, channel="sms", key=text.key, purpose="transactional")
        )
        outcomes = {one.delivery_id: one for one in await post.outcomes(3)}
    assert (first.status, answer.status_code, answer.text) == ("sent", 200, "<Response/>")
    assert outcomes[delivery(2).id].detail["rule"] in ("unsubscribed", "no_consent")
    assert outcomes[delivery(3).id].status == "sent"
    told = await post.read(EVENTS, Event, 2)
    assert sorted(one.type for one in told) == ["consent.changed", "message.received"]


async def test_of_who_is_erased_no_message_is_kept(pool: Pool) -> None:
    await add_shop(pool)
    await texted(pool)
    await hearing(pool)("twilio", [said("hello", 1), said("STOP", 2)])
    owner = await pool.fetchval("select owner from notifier.inbound limit 1")
    async with ContactTables(pool).transaction() as contacts:
        await contacts.forget({("acme", "customer-1"): LATER}, LATER)
    assert await pool.fetchval("select count(*) from notifier.inbound") == 0
    assert await pool.fetchval("select count(*) from notifier.last_message") == 0
    await hearing(pool)("twilio", [said("hello", 3)])
    async with ContactTables(pool).transaction() as contacts:
        await contacts.forget({("acme", owner): LATER}, LATER)
    assert await pool.fetchval("select count(*) from notifier.inbound") == 0
    assert len(await unsubscribed(pool)) == 1  # the number said STOP, whoever had it


async def test_nothing_is_kept_of_a_message_to_who_was_erased_meanwhile(pool: Pool) -> None:
    await pool.execute("insert into notifier.redaction values ('acme', 'customer-1', $1)", LATER)
    await texted(pool)
    assert await pool.fetchval("select count(*) from notifier.last_message") == 0


async def test_a_shop_that_is_erased_leaves_none(pool: Pool) -> None:
    await add_shop(pool)
    await texted(pool)
    await hearing(pool)("twilio", [said("hello")])
    await ContactTables(pool).forget_shop("acme", LATER)
    for table in ("inbound", "last_message", "text_taken"):
        assert await pool.fetchval(f"select count(*) from notifier.{table}") == 0


async def test_what_is_old_is_purged(pool: Pool) -> None:
    await add_shop(pool)
    await texted(pool)
    await hearing(pool)("twilio", [said("hello")])
    for name in ("purge_inbound", "purge_last_messages"):
        for at in (LATER - DAY, LATER + DAY):
            await pool.execute(retention.STATEMENTS[name], at, 100)
    for table in ("inbound", "last_message"):
        assert await pool.fetchval(f"select count(*) from notifier.{table}") == 0


async def test_whoever_asks_for_their_data_gets_what_they_wrote_when(pool: Pool) -> None:
    await add_shop(pool)
    await texted(pool)
    await hearing(pool)("twilio", [said("STOP")])
    async with pool.acquire() as connection:
        found = await privacy.of_customer(connection, "acme", "customer-1")
    assert '"keyword": "stop"' in msgspec.json.encode(found["received"]).decode().replace('":"', '": "')


def test_numbers_that_shops_share_are_read_or_refused() -> None:
    assert shared_numbers("+1 202 555 0100=acme, 24365 = acme|beta") == {OWN: ("acme",), "24365": ("acme", "beta")}
    for wrong in ("acme", "=acme", "24365=", "number=acme"):
        with pytest.raises(ValueError, match="is not a number and its shops"):
            shared_numbers(wrong)


async def test_what_somebody_of_the_staff_writes_is_nothing_that_a_customer_wrote(pool: Pool) -> None:
    await add_shop(pool)
    await texted_staff(pool)
    published = Published()
    await hearing(pool, published)("twilio", [said("done")])
    [told] = published.events
    assert told.key not in ("", "customer-1"), "it is of whoever has the number"
    assert message(told).workflow == message(told).delivery_id == ""
