"""`relevo explain` on the real database: a customer by any of their names, and what every owner has recorded."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from relevo_cli.commands.explain import in_words
from relevo_contracts.staff import Member
from relevo_contracts.zones import zone_of
from relevo_control.app.errors import OperationError
from relevo_control.app.explanations import moment
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered, answer_task
from relevo_ingest.core.aliases import Kind, alias
from relevo_runtime import catalog
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.engine.conftest import CART, MORNING, Engine, build_engine, checkout, deploy

CREDIT = {
    "workflow.yaml": "workflow: credit\ntrigger: {event: checkout.started}\n"
    "steps:\n  - approve: {title: Credit, roles: [finance], needed: 2, deadline: 1d}\n"
}
QUOTE = {"workflow.yaml": "workflow: quote\ntrigger: {event: quote.requested}\nsteps:\n  - wait: 1h\n"}
SINCE = ("--since", "2026-03-01")


@pytest.fixture
async def shop(pool: Pool, settings: SettingsFactory, topics: list[str]) -> AsyncIterator[Engine]:
    """A shop in Madrid with a customer who left a cart and got a mail that was not sent."""
    async with pool.acquire() as connection:
        place = catalog.Shop(shop="sample", platform="shopify", name="Sample", timezone="Europe/Madrid")
        await catalog.add_shop(connection, place)
    await deploy(pool, CART)
    await deploy(pool, QUOTE)
    async with Publisher(settings()) as publisher:
        engine = await build_engine(pool, publisher)
        await engine.take(checkout("tok"))
        await engine.wake(after=timedelta(hours=4))
        for kind, name in ((Kind.EMAIL, "cus_1@example.com"), (Kind.CUSTOMER, "991"), (Kind.PHONE, "+12025550123")):
            await pool.execute(
                "insert into ingest.alias (shop, alias, kind, key) values ('sample', $1, $2, 'cus_1')",
                alias(kind, name).name,
                int(kind),
            )
        await pool.execute(
            """
            insert into notifier.delivery (shop, id, key, channel, state, attempts, accepted_at, settled_at, reason)
            select shop, id, key, 'email', 'skipped', 1, $1, $1, 'no consent to email marketing' from engine.outbox
            """,
            MORNING + timedelta(hours=4, minutes=1),
        )
        yield engine


@pytest.fixture
def environment(settings: SettingsFactory) -> dict[str, str]:
    return given(settings())


@pytest.mark.parametrize("name", ["cus_1", "cus_1@example.com", "CUS_1@Example.com", "991", "+1 202 555 0123"])
async def test_a_customer_is_found_by_every_name(shop: Engine, environment: dict[str, str], name: str) -> None:
    code, out, err = await relevo("explain", "--shop", "sample", "--customer", name, *SINCE, **environment)
    assert code == 0, err
    assert out.startswith("cus_1 (cus_1@example.com) of sample, since 2026-03-01 00:00, in Europe/Madrid time\n")


async def test_it_tells_in_order_of_time_what_each_owner_knows(shop: Engine, environment: dict[str, str]) -> None:
    code, out, err = await relevo("explain", "--shop", "sample", "--customer", "cus_1", *SINCE, **environment)
    assert code == 0, err
    texts = [line for line in out.splitlines()[1:] if not line.startswith("     ")]
    assert texts == [
        "2026-03-02 09:00  cart  started by checkout.started; waits until 2026-03-02 13:00",
        "2026-03-02 13:00  cart  ended after send-reminder: completed",
        "2026-03-02 13:01  cart  the email of send-reminder was not sent: no consent to email marketing",
        "not entered:",
        "  quote: no quote.requested has come since 2026-03-01 00:00 (imported events start nothing)",
    ]
    assert "trigger: event.total.amount > 0.0 is true (event.total.amount = 59.9)" in out


async def test_it_tells_runs_apart_who_approved_and_what_a_mail_waited_for(
    shop: Engine, environment: dict[str, str]
) -> None:
    await deploy(shop.pool, CREDIT)
    async with shop.pool.acquire() as connection:
        await shop.definitions.refresh(connection)
        await tasks.put_member(connection, Member(shop="sample", name="Ana", roles=["finance"]))
    await shop.take(checkout("tok-2"))
    async with shop.pool.acquire() as connection:
        [task] = await tasks.list_tasks(connection)
        answer = Answered(task_id=task.task_id, done="approved", by="Ana", note="fine")
        said = await answer_task(connection, tasks, shop.publisher, answer, shop.clock)
    await shop.take(said)
    await shop.pool.execute(
        "update notifier.delivery set state = 'sent', reason = '', put_off = '{quiet hours of the recipient}',"
        " settled_at = accepted_at + interval '2 hours'"
    )
    code, out, err = await relevo("explain", "--shop", "sample", "--customer", "cus_1", *SINCE, **environment)
    assert code == 0, err
    assert "  cart [tok]  started by checkout.started" in out
    assert "  cart [tok-2]  started by checkout.started" in out
    assert "  cart [tok]  the email of send-reminder was sent; it waited since 2026-03-02 13:01: quiet hours" in out
    assert "  credit  stayed where it was (Ana approved as finance: fine): 1 of 2 approvals" in out
    assert "  cart [tok-2]: rests at" in out


async def test_it_tells_what_was_said_about_consent_with_its_proof(shop: Engine, environment: dict[str, str]) -> None:
    await shop.pool.execute(
        """insert into notifier.consent_log values ('sample', 'erp', 'e1', 'cus_1', 'email', 'marketing', 'a@b.example',
           'granted', $1, 'footer', 'Yes, news.', 'https://sample.example/news', '', '', true, '', '', null),
           ('sample', 'page', 'e2', 'cus_1', 'email', 'newsletter', 'a@b.example', 'granted',
           $1::timestamptz + interval '1 minute', 'double-opt-in', 'Yes.',
           'https://sample.example/', '', '5d41402abc4b2a76', true, 'popup', '2026-01',
           $1::timestamptz - interval '1 hour')""",
        MORNING,
    )
    code, out, err = await relevo("explain", "--shop", "sample", "--customer", "cus_1", *SINCE, **environment)
    assert code == 0, err
    assert (
        "said about consent:\n2026-03-02 09:00  email, marketing: granted"
        " (https://sample.example/news, “Yes, news.”, confirmed by a second message)\n"
        "2026-03-02 09:01  email, newsletter: granted (https://sample.example/, form popup, “Yes.” (version 2026-01),"
        " confirmed by a second message that was asked for at 2026-03-02 08:00)\n"
    ) in out


async def test_one_workflow_alone_and_as_json(shop: Engine, environment: dict[str, str]) -> None:
    asked = ("explain", "--shop", "sample", "--customer", "991", "--workflow", "quote", *SINCE, "--json")
    code, out, err = await relevo(*asked, **environment)
    assert code == 0, err
    remark = json.loads(out)["explanation"]
    assert remark["lines"] == []
    assert [one["workflow"] for one in remark["absences"]] == ["quote"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--shop", "nowhere", "--customer", "991"), "shop 'nowhere' is not known"),
        (("--shop", "sample", "--customer", "bea@example.com"), "nothing of 'bea@example.com' was ever heard"),
        (("--shop", "sample", "--customer", "991", "--workflow", "crt"), "no workflow 'crt' was ever deployed"),
        (("--shop", "sample", "--customer", "991", "--since", "yesterday"), "neither a duration such as 7d nor a date"),
        (("--shop", "sample", "--customer", "991", "--since", "2999-01-01"), "lies in the future"),
        (("--shop", "sample", "--customer", "991", "--since", "-3d"), "lies in the future"),
    ],
)
async def test_what_can_not_be_answered_is_said(
    shop: Engine, environment: dict[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    code, _, err = await relevo("explain", *arguments, **environment)
    assert code == 2
    assert sentence in err


def test_since_is_a_length_or_a_local_date() -> None:
    now, madrid = datetime(2026, 7, 10, 12, tzinfo=UTC), zone_of("Europe/Madrid")
    assert moment("7d", now, madrid) == now - timedelta(days=7)
    assert moment("2026-07-01", now, madrid) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert moment("2026-07-01T08:00:00+00:00", now, madrid) == datetime(2026, 7, 1, 8, tzinfo=UTC)
    for wrong in ("soon", "0001-01-01"):
        with pytest.raises(OperationError, match="neither a duration such as 7d nor a date"):
            moment(wrong, now, zone_of("Asia/Tokyo"))


def test_instants_in_a_sentence_are_local_and_what_only_looks_like_one_stays() -> None:
    new_york = zone_of("America/New_York")
    assert in_words("waits until 2026-03-10T15:00:00Z", new_york) == "waits until 2026-03-10 11:00"
    for note in ("batch 2026-13-01T10:00:00Z", "since 0001-01-01T00:00:00Z", "at 2026-03-10T25:00:00+00:00"):
        assert in_words(note, new_york) == note


async def test_a_call_tells_its_status_its_error_and_its_attempts(
    shop: Engine, pool: Pool, settings: SettingsFactory
) -> None:
    for turn, (state, status, attempts, reason) in enumerate(
        [("answered", 200, 1, ""), ("failed", 0, 3, "RELEVO_CALL_SECRET_BILLING is not set")]
    ):
        await pool.execute(
            """
            insert into notifier.call (shop, id, key, state, status, attempts, accepted_at, settled_at, reason)
            values ('sample', 'r1/http-1/' || $1::int, 'cus_1', $2, $3, $4, $5, $5, $6)
            """,
            *(turn, state, status, attempts, MORNING + timedelta(hours=5), reason),
        )
    out, _ = await _asks(settings, "991")
    assert "the call of http-1 was answered with status 200" in out
    assert "the call of http-1 failed after 3 attempts: RELEVO_CALL_SECRET_BILLING is not set" in out


async def test_a_workflow_out_of_service_says_so(shop: Engine, pool: Pool, settings: SettingsFactory) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.retire(connection, workflow="quote", at=MORNING, by="bea", note="must not overlap")
    out, _ = await _asks(settings, "991")
    assert (
        "quote: out of service since 2026-03-02 09:00: quote.requested is not taken until it is deployed again" in out
    )
    assert "(bea: must not overlap)" in out


async def _asks(settings: SettingsFactory, customer: str) -> tuple[str, str]:
    code, out, err = await relevo("explain", "--shop", "sample", "--customer", customer, *SINCE, **given(settings()))
    assert code == 0, out + err
    return " ".join(out.split()), err
