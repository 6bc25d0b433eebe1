"""What people write by mail: an event each, once, in answer to what it answers; loops end before they begin."""

from datetime import timedelta
from email.message import EmailMessage

import msgspec
import pytest
from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Buyer, ConsentChanged, MessageReceived, SurveyAnswered
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.core.aliases import Lookup, named
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.app.take_mail import TakeMail
from relevo_notifier.core.inbound import addresses_of_shops
from relevo_notifier.core.mime import message_id
from relevo_notifier.core.provider_results import Sent
from relevo_notifier.core.settle import after
from relevo_notifier.core.tracking import sent_of
from relevo_notifier.core.work import Incoming
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.errors import PublishError
from relevo_runtime.postgres import Pool
from tests.conftest import SettingsFactory
from tests.notifier.inbound import LATER, RULES, Published, add_shop, hearing
from tests.notifier.mails import ANA, SERVICE, mail, quoting
from tests.notifier.support import NOON, VERSION, customer, delivery, files
from tests.notifier.test_answers_by_text import ASKS

ADDRESSES = f"{SERVICE}=acme, service@beta.example.com=beta"


def taking(pool: Pool, published: Published, told: int = 30) -> TakeMail:
    addresses = addresses_of_shops(ADDRESSES)
    return TakeMail(hearing(pool, published, shared=addresses, told=told), Catalog(pool), addresses)


async def mailed(pool: Pool, number: int = 1, *, to: str = ANA, hops: int = 0) -> str:
    """A mail that asks the survey was sent one minute after noon; its Message-ID."""
    one = delivery(number, template="ask", recipient=customer(email=to), hops=hops)
    queue = ProviderQueue(Deliveries(pool), "email", "smtp")
    at = NOON + timedelta(minutes=number)
    [taken] = await queue.accept([Incoming(one, msgspec.json.encode(one), True, LATER)], NOON)
    settled = after(taken, Sent("1"), to, at, RULES)
    await Deliveries(pool).settle([structs.replace(settled, asked=sent_of(one, at))], at)
    return message_id("acme", one.id, "hello@acme.example.com")


async def deploy(pool: Pool) -> None:
    await add_shop(pool)
    async with pool.acquire() as connection, connection.transaction():
        await catalog.deploy(connection, workflow="abandoned-cart", version=VERSION, files=files(ASKS), at=NOON)


def received(event: Event) -> MessageReceived:
    payload = event.payload()
    assert isinstance(payload, MessageReceived)
    return payload


async def take(pool: Pool, *mails: EmailMessage) -> list[Event]:
    published = Published()
    intake = taking(pool, published)
    for one in mails:
        await intake("imap", one.as_bytes())
    return published.events


async def test_a_mail_is_a_message_of_whoever_has_the_address(pool: Pool) -> None:
    await add_shop(pool)
    known = await Identity(pool).key(Lookup("acme", named(Buyer(id="7", email=ANA))))
    one = mail("Is it still there?")
    one.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="invoice.pdf")
    [told] = await take(pool, one)
    assert (told.type, told.shop, told.key, told.time) == ("message.received", "acme", known, LATER)
    said = received(told)
    assert (said.channel, said.contact.email, said.to, said.provider) == ("email", ANA, SERVICE, "imap")
    assert (said.subject, said.text, said.thread) == ("A question", "Is it still there?", "1@mail.example.org")
    assert (said.files, said.attachments, said.customer) == (["invoice.pdf"], 1, Buyer())


async def test_somebody_unknown_is_a_person_from_then_on(pool: Pool) -> None:
    await add_shop(pool)
    [told] = await take(pool, mail())
    assert received(told).customer.email == ANA
    assert told.key == await Identity(pool).key(Lookup("acme", named(Buyer(id="8", email=ANA))))


async def test_a_reply_is_about_whom_the_mail_went_to_and_soon_after_it_its_consequence(pool: Pool) -> None:
    await add_shop(pool)
    answered = await mailed(pool, hops=7)
    [told] = await take(pool, mail(quoting("Thanks"), In_Reply_To=answered))
    said = received(told)
    assert (told.key, told.hops) == ("customer-1", 8)
    assert (said.delivery_id, said.step, said.text) == ("run1/send-reminder/1", "send-reminder", "Thanks")


async def test_the_same_mail_is_one_for_each_shop(pool: Pool) -> None:
    await add_shop(pool)
    await add_shop(pool, "beta")
    both = mail(Cc="service@beta.example.com")
    events = await take(pool, mail(), mail(), both, both)
    assert len({(one.shop, one.id) for one in events}) == 2
    assert {one.shop for one in events} == {"acme", "beta"}
    assert await pool.fetchval("select count(*) from notifier.inbound") == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"From": SERVICE},
        {"From": "Acme & Sons <hello@acme.example.com>"},
        {"From": "MAILER-DAEMON@example.org"},
        {"To": "somebody@example.org"},
        {"From": ""},
    ],
)
async def test_what_nobody_wrote_or_to_nobody_is_no_message(pool: Pool, fields: dict[str, str]) -> None:
    await add_shop(pool)
    assert await take(pool, mail(**fields)) == []


async def test_a_reply_with_a_number_answers_what_that_mail_asked(pool: Pool) -> None:
    await deploy(pool)
    answered = await mailed(pool, hops=2)
    told = await take(pool, mail(quoting("5\n\nBest, Ana"), In_Reply_To=answered))
    assert [one.type for one in told] == ["message.received", "survey.answered"]
    assert received(told[0]).survey == "satisfaction"
    payload = told[1].payload()
    assert isinstance(payload, SurveyAnswered)
    assert (payload.answers, payload.channel, payload.delivery_id) == ({"score": 5}, "email", "run1/send-reminder/1")
    assert (told[1].key, told[1].hops) == ("customer-1", 3)


async def test_a_number_in_answer_to_nothing_or_to_another_mail_answers_nothing(pool: Pool) -> None:
    await deploy(pool)
    first = await mailed(pool)
    other = message_id("acme", "run9/thanks/1", "hello@acme.example.com")
    await mailed(pool, 2)
    mails = (
        mail("5"),
        mail("5", In_Reply_To=other, Message_ID="<2@x.example>"),
        mail("5", In_Reply_To=first, Message_ID="<3@x.example>", From="bob@example.org"),
        mail("5", In_Reply_To=first, Message_ID="<4@x.example>"),  # the second mail asked there last
    )
    assert {one.type for one in await take(pool, *mails)} == {"message.received"}


async def test_an_answer_by_itself_of_a_machine_is_none(pool: Pool) -> None:
    await deploy(pool)
    answered = await mailed(pool)
    assert await take(pool, mail("5", In_Reply_To=answered, Auto_Submitted="auto-replied")) == []


@pytest.mark.parametrize(
    ("text", "subject"), [("STOP\n", "Re: News"), ("Unsubscribe me, please", "x"), ("", "unsubscribe")]
)
async def test_a_stop_by_mail_withdraws_for_that_address(pool: Pool, text: str, subject: str) -> None:
    await deploy(pool)
    answered = await mailed(pool)
    told = await take(pool, mail(text, In_Reply_To=answered, Subject=subject))
    assert [one.type for one in told] == ["consent.changed", "message.received"]
    said = told[0].payload()
    assert isinstance(said, ConsentChanged)
    assert (said.channel, said.state, said.source, said.customer.email) == ("email", "withdrawn", "mail-stop", ANA)
    assert received(told[1]).keyword == "stop"
    rows = await pool.fetch("select shop, channel, address, source from notifier.unsubscribed")
    assert [tuple(row) for row in rows] == [("acme", "email", ANA, "mail-stop")]
    assert await pool.fetchval("select count(*) from notifier.inbound where answer <> ''") == 0


@pytest.mark.parametrize("text", ["Help", "Start", "info"])
async def test_other_commands_are_for_texts_alone(pool: Pool, text: str) -> None:
    await add_shop(pool)
    [told] = await take(pool, mail(text))
    assert received(told).keyword == ""


async def test_what_could_not_be_told_is_told_once_when_it_comes_again(pool: Pool) -> None:
    await add_shop(pool)
    intake = taking(pool, published := Published(fails=1))
    with pytest.raises(PublishError):
        await intake("imap", mail().as_bytes())
    for _ in range(2):
        await intake("imap", mail().as_bytes())
    assert len({one.id for one in published.events}) == 1


async def test_two_machines_that_write_to_each_other_end(pool: Pool) -> None:
    await add_shop(pool)
    intake = taking(pool, published := Published(), told=3)
    for number in range(5):
        await intake("imap", mail(Message_ID=f"<{number}@x.example>").as_bytes())
    assert len(published.events) == 3


def test_a_mailbox_is_read_for_returns_or_for_people(settings: SettingsFactory) -> None:
    found = settings(NotifierSettings, notifier_imap_host="imap.example.com", notifier_mail_addresses=ADDRESSES)
    assert found.inbound_rules.shared[SERVICE] == ("acme",)
    with pytest.raises(ValueError, match="is not an address and its shop"):
        settings(NotifierSettings, notifier_mail_addresses="acme")
