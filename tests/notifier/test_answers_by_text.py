"""A text that answers the survey asked there last: one event as of a click, once; all else is a message alone."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import SurveyAnswered
from relevo_contracts.sending import Sent
from relevo_contracts.surveys import Survey
from relevo_contracts.template import Template
from relevo_notifier.adapters import retention
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.app.ports import Message
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.inbound import ASKED_WITHIN
from relevo_notifier.core.provider_results import Sent as Taken
from relevo_notifier.core.settle import after
from relevo_notifier.core.tracking import sent_of
from relevo_notifier.core.work import Incoming
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.errors import PublishError
from relevo_runtime.postgres import Pool
from relevo_templates.messages import Templates
from tests.notifier.inbound import ANA, LATER, RULES, Published, add_shop, hearing, said, texted
from tests.notifier.support import NOON, VERSION, customer, delivery, files, work
from tests.notifier.test_malformed_values import Known
from tests.notifier.test_surveys import SURVEY

ASKS = Template(name="ask", channel="sms", survey=SURVEY, locales={"en": {"text": "Hello!"}, "es": {"text": "¡Hola!"}})


async def shop(pool: Pool, survey: Survey = SURVEY) -> None:
    await add_shop(pool)
    async with pool.acquire() as connection, connection.transaction():
        template = structs.replace(ASKS, survey=survey)
        await catalog.deploy(connection, workflow="abandoned-cart", version=VERSION, files=files(template), at=NOON)


async def asked(pool: Pool, number: int = 1, **changes: Any) -> None:
    """A text that asks the survey was sent one minute after noon."""
    one = delivery(number, **{"channel": "sms", "template": "ask", "recipient": customer(phone=ANA), **changes})
    queue = ProviderQueue(Deliveries(pool), "sms", "twilio")
    at = NOON + timedelta(minutes=number)
    [taken] = await queue.accept([Incoming(one, msgspec.json.encode(one), True, LATER)], NOON)
    settled = after(taken, Taken("SM0"), ANA, at, RULES)
    await Deliveries(pool).settle([structs.replace(settled, asked=sent_of(one, at))], at)


def answer(event: Event) -> SurveyAnswered:
    payload = event.payload()
    assert isinstance(payload, SurveyAnswered)
    return payload


class Texts(Known):
    """What is deployed asks the survey by SMS."""

    def templates(self, version: str) -> Templates:
        return Templates.of_files(files(ASKS))


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en", "Hello!\nHow was it?\n1 (low) - 5 (high)"), ("es", "¡Hola!\n¿Qué tal?\n1 (low) - 5 (high)")],
)
def test_a_text_asks_the_first_question_and_says_that_it_does(locale: str, text: str) -> None:
    one = delivery(channel="sms", template="ask", recipient=structs.replace(customer(phone=ANA), locale=locale))
    message = Prepare(Texts(), lambda *_: "").message(work(one), NOON)
    assert isinstance(message, Message)
    assert (message.text, message.asked) == (text, sent_of(one, NOON))


async def test_a_number_is_the_answer_as_a_click_gives_it(pool: Pool) -> None:
    await shop(pool)
    await asked(pool, hops=2)
    published = Published()
    await hearing(pool, published)("twilio", [said(" 5! ")])
    received, told = published.events
    assert (received.type, received.data["survey"]) == ("message.received", "satisfaction")
    assert (told.type, told.key, told.time, told.hops) == ("survey.answered", "customer-1", LATER, 3)
    said_so = answer(told)
    assert (said_so.survey, said_so.answers, said_so.channel) == ("satisfaction", {"score": 5}, "sms")
    assert (said_so.delivery_id, said_so.run_id, said_so.template) == ("run1/send-reminder/1", "run1", "ask")
    assert (said_so.workflow, said_so.version, said_so.sent_at) == (
        "abandoned-cart",
        VERSION,
        NOON + timedelta(minutes=1),
    )


@pytest.mark.parametrize("text", ["Great!", "5 stars", "5?", "STOP", "Stop, please", "HELP"])
async def test_what_is_not_for_certain_an_answer_is_a_message_alone(pool: Pool, text: str) -> None:
    await shop(pool)
    await asked(pool)
    published = Published()
    await hearing(pool, published)("twilio", [said(text)])
    assert not published.of("survey.answered")
    [received] = published.of("message.received")
    assert "survey" not in received.data


async def test_a_label_that_is_a_stop_word_stops(pool: Pool) -> None:
    choice = structs.replace(SURVEY.questions[0], kind="choice", options=("stop", "go"))
    await shop(pool, structs.replace(SURVEY, questions=(choice, *SURVEY.questions[1:])))
    await asked(pool)
    published = Published()
    await hearing(pool, published)("twilio", [said("stop", 1), said("go", 2)])
    [told] = published.of("survey.answered")
    assert answer(told).answers == {"score": "go"}
    assert len(published.of("consent.changed")) == 1


async def test_the_same_text_twice_is_one_answer(pool: Pool) -> None:
    await shop(pool)
    await asked(pool)
    published = Published(fails=1)
    take = hearing(pool, published)
    with pytest.raises(PublishError):
        await take("twilio", [said("5")])
    for _ in range(2):
        await take("twilio", [said("5")])
    assert len({one.id for one in published.of("survey.answered")}) == 1
    await take("twilio", [said("4", 2)])
    assert len({one.id for one in published.of("survey.answered")}) == 2, "who thinks again has answered anew"


async def test_it_is_the_survey_asked_last_whatever_was_sent_since(pool: Pool) -> None:
    await shop(pool)
    await asked(pool, 1)
    await asked(pool, 2)
    await texted(pool, 3)
    published = Published()
    await hearing(pool, published)("twilio", [said("5")])
    [told] = published.of("survey.answered")
    assert answer(told).run_id == "run2"
    [received] = published.of("message.received")
    assert received.data["delivery_id"] == "run3/send-reminder/1"


async def test_a_text_that_came_before_it_was_asked_does_not_answer_it_when_it_comes_again(pool: Pool) -> None:
    await shop(pool)
    published = Published()
    take = hearing(pool, published, ManualClock(NOON))
    await take("twilio", [said("5")])
    await asked(pool)
    await take("twilio", [said("5")])
    assert not published.of("survey.answered")


@pytest.mark.parametrize(("passed", "answers"), [(ASKED_WITHIN, 1), (ASKED_WITHIN + timedelta(minutes=1), 0)])
async def test_an_answer_comes_within_a_window(pool: Pool, passed: timedelta, answers: int) -> None:
    await shop(pool, structs.replace(SURVEY, expires=30 * 86_400))
    await asked(pool)
    published = Published()
    clock = ManualClock(NOON + timedelta(minutes=1) + passed)
    await hearing(pool, published, clock)("twilio", [said("5")])
    assert len(published.of("survey.answered")) == answers


async def test_a_survey_that_is_over_is_not_answered(pool: Pool) -> None:
    await shop(pool)  # one day
    await asked(pool)
    published = Published()
    await hearing(pool, published, ManualClock(NOON + timedelta(days=2)))("twilio", [said("5")])
    assert not published.of("survey.answered")


async def test_of_a_version_that_is_gone_nothing_is_answered(pool: Pool) -> None:
    await add_shop(pool)
    await asked(pool, definition="fedcba9876543210")
    published = Published()
    await hearing(pool, published)("twilio", [said("5")])
    assert [one.type for one in published.events] == ["message.received"]


async def test_what_was_asked_is_forgotten_with_the_person_the_shop_and_time(pool: Pool) -> None:
    async def kept() -> int:
        return int(await pool.fetchval("select count(*) from notifier.last_survey"))

    await asked(pool)
    assert await kept() == 1
    async with ContactTables(pool).transaction() as contacts:
        await contacts.forget({("acme", "customer-1"): LATER}, LATER)
    assert await kept() == 0
    await asked(pool, 2)
    assert await kept() == 1, "it is of another customer"
    await ContactTables(pool).forget_shop("acme", LATER)
    assert await kept() == 0
    await asked(pool, 3)
    for at in (NOON, LATER):
        await pool.execute(retention.STATEMENTS["purge_last_surveys"], at, 100)
    assert await kept() == 0


async def test_nothing_is_kept_of_what_was_asked_of_who_was_erased_meanwhile(pool: Pool) -> None:
    await pool.execute("insert into notifier.redaction values ('acme', 'customer-1', $1)", LATER)
    await asked(pool)
    assert await pool.fetchval("select count(*) from notifier.last_survey") == 0


async def test_what_is_kept_is_read_as_it_was_written(pool: Pool) -> None:
    await asked(pool, hops=1)
    kept = await pool.fetchval("select sent from notifier.last_survey")
    assert msgspec.json.decode(kept, type=Sent).hops == 1
