"""Which provider sends what: by shop and channel, and what becomes of what is queued when that changes."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relevo_contracts.contact import CHANNELS, Channel
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.core.routing import Routing
from relevo_notifier.core.work import Incoming
from relevo_notifier.providers.registry import channels
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.postgres import Pool
from tests.conftest import SettingsFactory
from tests.notifier.support import NOON, delivery, work
from tests.notifier.test_malformed_values import Provider, attempt_over
from tests.notifier.test_providers import CERTIFICATE

KNOWN: dict[str, Channel] = {"smtp": "email", "twilio": "sms", "letters": "email"}
LATER = NOON + timedelta(minutes=2)
NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)


def test_the_first_of_a_channel_sends_where_nothing_is_said() -> None:
    routing = Routing.parse("", KNOWN)
    assert (routing.provider("acme", "email", "marketing"), routing.provider("acme", "sms", "")) == ("smtp", "twilio")
    assert routing.providers() == ["smtp", "twilio"]


@given(st.dictionaries(NAMES, st.sampled_from(["smtp", "letters"])), st.sampled_from(["smtp", "letters"]))
def test_a_shop_has_its_own_provider_or_the_default(of_shop: dict[str, str], default: str) -> None:
    text = ", ".join([f"email={default}", *(f"{shop}/email={name}" for shop, name in of_shop.items())])
    routing = Routing.parse(text, KNOWN)
    assert {shop: routing.provider(shop, "email", "marketing") for shop in of_shop} == of_shop
    assert routing.provider("~ another", "email", "marketing") == default
    assert set(routing.providers()) == {default, "twilio", *of_shop.values()}


@pytest.mark.parametrize(
    ("text", "acme", "beta"),
    [
        ("email=letters", ("letters", "letters"), ("letters", "letters")),
        ("email.marketing=letters", ("letters", "smtp"), ("letters", "smtp")),
        ("acme/email.marketing=letters", ("letters", "smtp"), ("smtp", "smtp")),
        ("acme/email=letters", ("letters", "letters"), ("smtp", "smtp")),
        ("email.marketing=letters, acme/email=smtp", ("smtp", "smtp"), ("letters", "smtp")),
        ("acme/email=letters, acme/email.transactional=smtp", ("letters", "smtp"), ("smtp", "smtp")),
    ],
)
def test_what_says_most_wins_and_the_shop_says_more_than_the_purpose(
    text: str, acme: tuple[str, str], beta: tuple[str, str]
) -> None:
    routing = Routing.parse(text, KNOWN)
    for shop, expected in (("acme", acme), ("beta", beta)):
        chosen = (routing.provider(shop, "email", "marketing"), routing.provider(shop, "email", "transactional"))
        assert chosen == expected


@pytest.mark.parametrize(
    "text", ["email", "email=", "email=pigeon", "sms=smtp", "=smtp", "acme/=smtp", "acme=smtp", "acme/.marketing=smtp"]
)
def test_what_is_not_a_choice_is_told_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"one of smtp, twilio, letters|write email=smtp, or SHOP/email=smtp"):
        Routing.parse(text, KNOWN)


@pytest.mark.parametrize("text", ["email.=smtp", "acme/email.post=smtp", "email.marketing.x=smtp"])
def test_a_purpose_that_does_not_exist_is_told_with_those_that_do(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a purpose: write email.marketing=smtp; there are marketing, "):
        Routing.parse(text, KNOWN)


def test_the_settings_refuse_a_provider_that_does_not_exist(settings: SettingsFactory) -> None:
    with pytest.raises(ValidationError, match="one of smtp, "):
        settings(NotifierSettings, notifier_providers="email=pigeon")


def test_a_providers_options_are_one_variable_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEVO_NOTIFIER_SMTP_CA_FILE", str(CERTIFICATE))
    monkeypatch.setenv("RELEVO_NOTIFIER_SMTP_PORT", "587")
    monkeypatch.setenv("RELEVO_NOTIFIER_TWILIO_TOKEN", "it's secret")
    read = NotifierSettings()
    assert (read.notifier_smtp.ca_file, read.notifier_smtp.port) == (str(CERTIFICATE), 587)
    assert read.notifier_twilio.token.get_secret_value() == "it's secret"
    assert "secret" not in repr(read.notifier_twilio)


def test_every_channel_has_a_provider() -> None:
    assert set(channels().values()) == set(CHANNELS)


async def accepted(pool: Pool, provider: str, number: int, *, begun: bool = False, **changes: Any) -> None:
    item, held = delivery(number, **changes), NOON
    queue = ProviderQueue(Deliveries(pool), "email", provider)
    await queue.accept([Incoming(item, msgspec.json.encode(item), begun, held)], NOON)


async def queues(pool: Pool) -> dict[str, tuple[str, str]]:
    rows = await pool.fetch("select id, provider, tried_by from notifier.delivery")
    return {row[0].partition("/")[0]: (row[1], row[2]) for row in rows}


async def test_each_provider_looks_at_its_own_queue(pool: Pool) -> None:
    for number, provider in enumerate(["smtp", "letters", "smtp"]):
        await accepted(pool, provider, number)
    letters = ProviderQueue(Deliveries(pool), "email", "letters")
    assert await letters.next_wake() == NOON
    [work] = (await letters.claim_due(NOON, LATER, 10)).queued
    [begun] = await letters.begin([work], LATER + timedelta(minutes=1))
    assert begun.delivery.id == delivery(1).id
    assert (await queues(pool))["run1"] == ("letters", "letters")


async def test_what_is_queued_follows_the_choice_and_what_is_being_sent_stays(pool: Pool) -> None:
    await accepted(pool, "smtp", 1)
    await accepted(pool, "smtp", 2, begun=True)
    await accepted(pool, "gone", 3)
    await accepted(pool, "gone", 4, begun=True)
    deliveries = Deliveries(pool)
    await deliveries.reroute(Routing.parse("email=smtp, acme/email=letters", KNOWN))
    assert await queues(pool) == {
        "run1": ("letters", ""),
        "run2": ("smtp", "smtp"),
        "run3": ("letters", ""),
        "run4": ("letters", "gone"),  # nobody would look at it; letters knows that it is not its own
    }
    due = await deliveries.claim_due("email", NOON, LATER, 10, "letters")
    assert [(work.delivery.run_id, work.tried_by) for work in due.doubtful] == [("run4", "gone")]
    assert {work.delivery.run_id for work in due.queued} == {"run1", "run3"}


async def test_what_is_queued_follows_the_choice_of_its_purpose(pool: Pool) -> None:
    await accepted(pool, "smtp", 1)
    await accepted(pool, "smtp", 2, purpose="transactional")
    await accepted(pool, "smtp", 3, shop="beta")
    await pool.execute("update notifier.delivery set purpose = '' where id like 'run3/%'")  # of an earlier release
    known = {**KNOWN, "pigeons": KNOWN["letters"]}
    await Deliveries(pool).reroute(Routing.parse("email.marketing=letters, beta/email=pigeons", known))
    assert {run: provider for run, (provider, _) in (await queues(pool)).items()} == {
        "run1": "letters",
        "run2": "smtp",
        "run3": "pigeons",
    }


@pytest.mark.parametrize(("tried_by", "state"), [("letters", "sent"), ("gone", "in_doubt")])
async def test_only_the_provider_that_tried_is_asked(tried_by: str, state: str) -> None:
    provider = Provider(can_ask=True)  # it has nothing, so that what it is asked for goes out
    settled = await attempt_over(provider, "letters")(work(tried_by=tried_by, doubtful=True, doubts=1))
    assert (settled.state, len(provider.sent)) == (state, int(state == "sent"))
