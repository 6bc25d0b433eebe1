"""The command against given addresses: what it prints, what it stores, and how it says that something is wrong."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from relevo_cli import addresses
from relevo_cli.addresses import Running, announce
from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeadLetter, Unrecognised
from relevo_contracts.topics import DEAD_LETTERS, EVENTS, UNRECOGNISED
from relevo_runtime import catalog
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from relevo_runtime.sealing import MAGIC
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.scheduler.reading import read_topic

NOWHERE = {"RELEVO_POSTGRES": "postgresql://relevo@127.0.0.1:9/relevo", "RELEVO_KAFKA": "127.0.0.1:9"}
ADD = ("shops", "add", "acme", "--platform", "shopify", "--secret", "a long secret")
WORKFLOW = """
workflow: thanks
title: Thanks
change: ad-hoc
key: trigger.order_id
trigger: {event: order.placed}
steps:
  - wait: 1h
"""


def given(own: RuntimeSettings) -> dict[str, str]:
    return {
        "RELEVO_POSTGRES": own.dsn,
        "RELEVO_KAFKA": own.kafka,
        "RELEVO_TOPIC_PREFIX": own.topic_prefix,
        "RELEVO_PARTITIONS": str(own.partitions),
    }


@pytest.fixture
def environment(settings: SettingsFactory) -> dict[str, str]:
    return given(settings())


async def test_settings_are_listed_with_meaning_and_default_and_secrets_masked() -> None:
    code, out, err = await relevo("settings", "--json", RELEVO_LINK_SECRET="do not show this", RELEVO_PARTITIONS="24")
    assert code == 0, err
    assert "do not show this" not in out
    listing = json.loads(out)
    assert set(listing) == {"every service", "ingest", "engine", "scheduler", "notifier", "control"}
    entries = {entry["variable"]: entry for section in listing.values() for entry in section}
    assert entries["RELEVO_PARTITIONS"]["value"] == "24"
    assert entries["RELEVO_PARTITIONS"]["default"] == "12"
    assert entries["RELEVO_LINK_SECRET"]["value"] == "********"
    assert all(entry["meaning"] for entry in entries.values())
    _, out, _ = await relevo("settings", RELEVO_PARTITIONS="24", COLUMNS="80")
    assert "\nRELEVO_PARTITIONS = 24 (default: 12)\n    Partitions of every topic" in out


async def test_migrate_twice_changes_nothing_the_second_time(environment: dict[str, str]) -> None:
    code, out, err = await relevo("migrate", "--json", **environment)
    assert code == 0, err
    assert {name.removeprefix(environment["RELEVO_TOPIC_PREFIX"]) for name in json.loads(out)["topics"]} >= {EVENTS}
    code, out, _ = await relevo("migrate", **environment)
    assert (code, out) == (0, "nothing to do: the database and the topics are up to date\n")


async def test_migrate_waits_for_servers_that_do_not_answer_yet(environment: dict[str, str]) -> None:
    code, _, err = await relevo("migrate", "--wait", "2", **environment | {"RELEVO_KAFKA": "127.0.0.1:9"})
    assert code == 2
    assert err.count("not yet: ") > 1
    assert "RELEVO_KAFKA" in err.splitlines()[-1]


async def test_a_shop_is_added_listed_without_its_secret_and_never_twice(environment: dict[str, str]) -> None:
    code, out, err = await relevo(*ADD, "--timezone", "Europe/Rome", "--token", "token-one", **environment)
    assert (code, err) == (0, "")
    assert "POST /hooks/acme/shopify" in out
    code, out, _ = await relevo("shops", "list", "--json", **environment)
    [shop] = json.loads(out)
    assert (shop["shop"], shop["timezone"], shop["token_hashes"]) == ("acme", "Europe/Rome", 1)
    assert "a long secret" not in out
    code, _, err = await relevo(*ADD, **environment)
    assert code == 2
    assert "`relevo shops update acme` changes it" in err


async def test_a_shop_is_changed_in_what_is_given_alone(environment: dict[str, str]) -> None:
    await relevo(*ADD, "--timezone", "Europe/Rome", "--title", "Acme", **environment)
    changes = ("--email-from", "Acme <hi@acme.example.com>", "--locale", "it-IT")
    code, _, err = await relevo("shops", "update", "acme", *changes, **environment)
    assert code == 0, err
    _, out, _ = await relevo("shops", "list", "--json", **environment)
    [shop] = json.loads(out)
    assert (shop["email_from"], shop["locale"]) == ("Acme <hi@acme.example.com>", "it-IT")
    assert (shop["name"], shop["timezone"]) == ("Acme", "Europe/Rome")
    for arguments, sentence in (
        (("acme",), "nothing to change"),
        (("acme", "--timezone", "Mars/Olympus"), "does not exist"),
        (("other", "--title", "Other"), "shop 'other' is not known"),
    ):
        code, out, err = await relevo("shops", "update", *arguments, **environment)
        assert (code, out) == (2, "")
        assert sentence in err


async def test_what_a_new_shop_still_lacks_is_said_and_no_sender_is_made_up(
    environment: dict[str, str], pool: Pool
) -> None:
    code, out, err = await relevo("shops", "add", "plain", "--platform", "custom", **environment)
    assert code == 0, err
    for lack in ("no e-mail can be sent", "no SMS can be sent", "no postal address", "nothing can be received"):
        assert lack in out
    async with pool.acquire() as connection:
        shop = await catalog.shop(connection, "plain")
    assert shop is not None
    assert (shop.email_from, shop.secrets, shop.quiet_hours) == ("", [], "21:00-08:00")
    complete: tuple[str, ...] = ("--email-from", "Plain <hello@example.com>", "--sms-from", "+12025550100")
    complete += ("--postal-address", "1 High Street, London", "--quiet-hours", "none")
    code, _, err = await relevo("shops", "update", "plain", *complete, **environment)
    assert code == 0, err
    code, _, err = await relevo("shops", "add-token", "plain", "--for", "events", "--token", "token-one", **environment)
    assert code == 0, err
    _, out, _ = await relevo("shops", "list", **environment)
    assert "relevo shops update" not in out


async def test_a_webhook_shop_needs_its_secret_and_quiet_hours_are_times(environment: dict[str, str]) -> None:
    for arguments, sentence in (
        (("add", "plain", "--platform", "shopify"), "--secret is missing"),
        (("add", "plain", "--platform", "custom", "--secret", "a long secret"), "leave --secret out"),
        (("add", "plain", "--platform", "custom", "--quiet-hours", "21-8"), "21:00-08:00"),
        (("add", "plain", "--platform", "custom", "--quiet-hours", "25:00-08:00"), "21:00-08:00"),
    ):
        code, out, err = await relevo("shops", *arguments, **environment)
        assert (code, out) == (2, "")
        assert sentence in err


async def test_tokens_come_and_go_for_one_purpose_each(environment: dict[str, str], pool: Pool) -> None:
    await relevo(*ADD, "--token", "for-events-1", "--task-token", "for-tasks-1", **environment)
    for arguments in (
        ("add-token", "acme", "--token", "for-tasks-2", "--for", "tasks"),
        ("add-token", "acme", "--token", "for-tasks-2", "--for", "tasks"),
        ("remove-token", "acme", "--token", "for-tasks-1", "--for", "tasks"),
    ):
        code, out, err = await relevo("shops", *arguments, **environment)
        assert code == 0, err
    assert out == "removed; shop acme has 1 token for tasks left\n"
    async with pool.acquire() as connection:
        shop = await catalog.shop(connection, "acme")
    assert shop is not None
    given = ("for-events-1", "for-tasks-1", "for-tasks-2")
    assert [token for token in given if shop.accepts_token(token, "events")] == ["for-events-1"]
    assert [token for token in given if shop.accepts_token(token, "tasks")] == ["for-tasks-2"]
    refused: tuple[tuple[tuple[str, ...], str], ...] = (
        (("remove-token", "acme", "--token", "for-tasks-2", "--for", "events"), "no such token for events"),
        (("remove-token", "acme", "--for", "events"), "or --all"),
        (("add-token", "acme", "--token", "short", "--for", "events"), "at least 8 characters"),
    )
    for wrong, sentence in refused:
        code, out, err = await relevo("shops", *wrong, **environment)
        assert (code, out) == (2, "")
        assert sentence in err


async def test_an_old_flaw_of_a_shop_stops_no_change_of_something_else(environment: dict[str, str], pool: Pool) -> None:
    leaked = catalog.hash_token("leaked-token")
    flawed = Shop(
        shop="acme", platform="shopify", name="Acme", secrets=[Secret("short")], token_hashes=[leaked], locale="en_US"
    )
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, flawed)
    for arguments in (
        ("remove-token", "acme", "--token", "leaked-token", "--for", "events"),
        ("update", "acme", "--timezone", "Europe/Rome"),
        ("rotate-secret", "acme", "--secret", "a newer one"),
    ):
        code, _, err = await relevo("shops", *arguments, **environment)
        assert code == 0, err
    for arguments, sentence in (
        (("rotate-secret", "acme", "--secret", "brief"), "at least 8 characters"),
        (("update", "acme", "--locale", "es_ES"), "is not a language"),
    ):
        code, _, err = await relevo("shops", *arguments, **environment)
        assert code == 2
        assert sentence in err
    async with pool.acquire() as connection:
        shop = await catalog.shop(connection, "acme")
    assert shop is not None
    assert (shop.token_hashes, shop.timezone) == ([], "Europe/Rome")
    assert shop.valid_secrets(datetime.now(UTC)) == ["a newer one", "short"]


async def test_the_help_says_that_names_are_free_text_and_all_tokens_need_to_be_named() -> None:
    _, out, _ = await relevo("deploy", "--help", COLUMNS="200")
    assert out.count("free text, taken on trust") == len(("--author", "--review-by", "--approve-by"))
    _, out, _ = await relevo("shops", "remove-token", "--help", COLUMNS="200")
    assert "The token; or say --all." in out


async def test_a_rotated_secret_leaves_the_old_one_valid_for_a_while(environment: dict[str, str], pool: Pool) -> None:
    await relevo(*ADD, **environment)
    code, _, err = await relevo(
        "shops", "rotate-secret", "acme", "--secret", "a newer one", "--keep", "2", **environment
    )
    assert code == 0, err
    async with pool.acquire() as connection:
        shop = await catalog.shop(connection, "acme")
    assert shop is not None
    now = datetime.now(UTC)
    assert shop.valid_secrets(now) == ["a newer one", "a long secret"]
    assert shop.valid_secrets(now + timedelta(hours=3)) == ["a newer one"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("shops", "add", "Acme!", "--platform", "shopify", "--secret", "a long secret"),
            "is not a valid name for a shop",
        ),
        (("shops", "add", "acme", "--platform", "ebay", "--secret", "a long secret"), "use one of: adobe-commerce, "),
        (("shops", "add", "acme", "--platform", "shopify", "--secret", "short"), "at least 8 characters"),
        (("shops", "add", "acme", "--platform", "shopify"), "--secret is missing"),
        ((*ADD, "--domain", "https://acme.example.com"), "no https://"),
        ((*ADD, "--domain", "acme.example.com/shop"), "is not a host name"),
        ((*ADD, "--timezone", "Mars/Olympus"), "does not exist"),
        ((*ADD, "--currency", "euro"), "ISO 4217"),
        ((*ADD, "--locale", "Spanish"), "is not a language"),
        ((*ADD, "--email-from", "Acme"), "has no e-mail address"),
        ((*ADD, "--sms-from", "2025550123"), "is not a number"),
        ((*ADD, "--token", ""), "at least 8 characters"),
        (("shops", "list"), "is it running, and RELEVO_POSTGRES right?"),
        (("dead-letters", "redrive"), "their ids, --shop and --cause, or --all"),
        (("deploy", "nowhere"), "there is no workflow in nowhere"),
        (("demo", "--speed", "1"), "greater than or equal to 60"),
    ],
)
async def test_what_is_wrong_is_said_in_a_sentence_with_exit_code_2(arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = await relevo(*arguments, **NOWHERE)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_another_database_has_another_clock_than_the_system_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("RELEVO_")]:
        monkeypatch.delenv(name)
    places = dict.fromkeys(("data", "ingest", "mail", "mail_folder", "sms", "sandbox", "logs"), "")
    clock = {"speed": 300.0, "clock_origin": "2031-05-01T00:00:00Z", "clock_anchor": 1_700_000_000.0}
    here = {"pid": os.getpid(), "kafka": "127.0.0.1:9", "postgres": "postgresql://relevo@/here"}
    found = msgspec.convert({**here, **places, **clock}, Running)
    announce(tmp_path, found)
    own = addresses.settings(tmp_path)
    assert (own.clock_speed, own.dsn) == (300.0, "postgresql://relevo@/here")
    # Started once more at the usual speed, it goes on in the future.
    announce(tmp_path, msgspec.structs.replace(found, speed=1.0))
    assert addresses.settings(tmp_path).clock_origin == datetime(2031, 5, 1, tzinfo=UTC)
    monkeypatch.setenv("RELEVO_POSTGRES", "postgresql://relevo@/elsewhere")
    assert addresses.settings(tmp_path).clock_origin is None


async def test_what_is_no_database_no_folder_and_no_kafka_is_named(tmp_path: Path, database: str) -> None:
    (tmp_path / "file").touch()
    for arguments, given_, sentence in (
        (("shops", "list"), {"RELEVO_POSTGRES": "nonsense"}, "it does not begin with postgresql://"),
        (("up", "--port", "0", "--data", str(tmp_path / "file")), {}, f"{tmp_path}/file: File exists"),
        (("dead-letters", "list"), {**NOWHERE, "RELEVO_POSTGRES": database}, "Kafka can't be reached at 127.0.0.1:9"),
    ):
        code, _, err = await relevo(*arguments, **given_)
        assert code == 2
        assert sentence in err
        assert "Traceback" not in err


async def test_a_wrong_setting_is_named() -> None:
    code, _, err = await relevo("shops", "list", RELEVO_PARTITIONS="many")
    assert code == 2
    assert "RELEVO_PARTITIONS=many: " in err
    assert "Traceback" not in err


async def test_an_empty_database_is_told_to_migrate(environment: dict[str, str], pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("drop schema catalog cascade")
    code, _, err = await relevo("shops", "list", **environment)
    assert code == 2
    assert "run `relevo migrate` first" in err


async def test_a_workflow_is_deployed_once_and_a_broken_one_not_at_all(
    environment: dict[str, str], pool: Pool, tmp_path: Path
) -> None:
    good = tmp_path / "thanks" / "workflow.yaml"
    good.parent.mkdir()
    good.write_text(WORKFLOW)
    code, out, err = await relevo("deploy", str(tmp_path), "--json", "--yes", **environment)
    assert code == 0, err
    [first] = json.loads(out)
    assert (first["workflow"], first["shop"]) == ("thanks", "*")
    code, out, _ = await relevo("deploy", str(good.parent), "--json", "--yes", **environment)
    assert json.loads(out)[0]["revision"] is None
    (tmp_path / "worse").mkdir()
    (tmp_path / "worse" / "workflow.yaml").write_text(WORKFLOW.replace("order.placed", "order.plcaed"))
    good.write_text(WORKFLOW.replace("1h", "2h"))
    code, _, err = await relevo("deploy", str(tmp_path), **environment)
    assert code == 2
    assert "order.plcaed" in err
    async with pool.acquire() as connection:
        [active] = await catalog.active_definitions(connection)
    assert active.version == first["version"]
    assert "compiled/templates.json" in active.files


async def test_dead_letters_are_listed_shown_and_sent_again(settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    own = settings()
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    letter = DeadLetter(
        id="engine/relevo.events/1/7",
        service="engine",
        topic=EVENTS,
        partition=1,
        offset=7,
        reason="no such event",
        at=at,
        key="acme/cus_1",
        value=b'{"odd": true}',
    )
    huge = msgspec.structs.replace(
        letter, id="scheduler/huge", reason="too large", value=b"", at=at + timedelta(hours=1)
    )
    async with Publisher(own) as publisher:
        await publisher.publish(DEAD_LETTERS, [(b"acme/cus_1", msgspec.json.encode(one)) for one in (letter, huge)])
    environment = given(own)
    code, out, err = await relevo("dead-letters", "list", "--json", **environment)
    assert code == 0, err
    assert [found["reason"] for found in json.loads(out)] == ["no such event", "too large"]
    code, out, _ = await relevo("dead-letters", "show", letter.id, **environment)
    assert json.loads(out)["value"] == '{"odd": true}'
    code, _, err = await relevo("dead-letters", "redrive", "another", **environment)
    assert code == 2
    assert "no dead letter has the id another" in err
    code, _, err = await relevo("dead-letters", "redrive", huge.id, **environment)
    assert code == 2
    assert "kept without their message" in err
    code, out, err = await relevo("dead-letters", "redrive", "--all", **environment)
    assert (code, out) == (0, "1 dead letter was sent to its topic again\n"), err
    assert await read_topic(own, EVENTS) == [(b"acme/cus_1", b'{"odd": true}')]


async def test_documents_are_written_and_then_up_to_date(tmp_path: Path) -> None:
    code, _, err = await relevo("docs", "--folder", str(tmp_path))
    assert code == 0, err
    assert (tmp_path / "asyncapi.yaml").read_text().startswith("# Written by `relevo docs`")
    assert json.loads((tmp_path / "schemas" / "order.placed.json").read_text())["title"] == "order.placed"
    assert "| `RELEVO_KAFKA` |" in (tmp_path / "settings.md").read_text()
    assert (await relevo("docs", "--check", "--folder", str(tmp_path)))[0] == 0
    (tmp_path / "settings.md").write_text("old")
    code, _, err = await relevo("docs", "--check", "--folder", str(tmp_path))
    assert code == 2
    assert "settings.md; run `relevo docs`" in err


async def test_the_documents_of_the_project_are_up_to_date() -> None:
    code, _, err = await relevo("docs", "--check")
    assert code == 0, err


async def test_what_was_not_recognised_is_read_again_once(
    settings: SettingsFactory, topics: list[str], pool: Pool
) -> None:
    assert topics
    own = settings()
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="shopify", currency="EUR"))
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    order = Unrecognised(
        id="w-7",
        shop="tea",
        platform="shopify",
        topic="orders/create",
        reason="id: is missing",
        kind="invalid",
        receivedtime=at,
        headers={"x-shopify-topic": "orders/create", "x-shopify-webhook-id": "w-7"},
        body={"id": 5, "name": "#5", "email": "ana@example.com", "created_at": "2026-03-10T11:59:00Z"},
    )
    event = Unrecognised(
        id="/erp#9",
        shop="tea",
        platform="cloudevents",
        topic="page.viewed",
        reason="no type",
        receivedtime=at + timedelta(hours=1),
        headers={"id": "9", "source": "/erp", "time": "2026-03-10T12:30:00+00:00"},
        body={"customer": {"id": "7"}, "url": "https://tea.example.com"},
    )
    draft = msgspec.structs.replace(order, id="w-8", topic="segments/create", headers={}, kind="no_event")
    broken = msgspec.structs.replace(order, id="w-9", is_text=True, cut=True, body='{"id": 5, "na')
    async with Publisher(own) as publisher:
        kept = [(b"tea/shop", msgspec.json.encode(one)) for one in (order, event, draft, broken, order)]
        await publisher.publish(UNRECOGNISED, kept)
    environment = given(own)
    code, out, err = await relevo("unrecognised", "list", "--json", **environment)
    assert code == 0, err
    assert [(found["id"], found["redriven"]) for found in json.loads(out)] == [
        *[("w-7", False), ("w-8", False), ("w-9", False), ("/erp#9", False)]
    ]
    code, out, _ = await relevo("unrecognised", "list", "--reason", "no_event", "--platform", "shopify", **environment)
    assert "w-8" in out
    assert "w-7" not in out
    code, out, _ = await relevo("unrecognised", "show", "w-7", **environment)
    assert json.loads(out)["body"]["id"] == 5
    code, _, err = await relevo("unrecognised", "redrive", "w-1", **environment)
    assert (code, "no message has the id w-1" in err) == (2, True)
    for published in (2, 0):  # the second time there is nothing left to do
        code, out, err = await relevo("unrecognised", "redrive", "--all", **environment)
        assert code == 0, err
        assert f"{published} of 4 messages made their events" in out
    assert "no event: segments/create: segments are rules" in out
    assert "only the beginning of it was kept" in out
    stored = [msgspec.json.decode(value, type=Event) for _, value in await read_topic(own, EVENTS)]
    assert {(one.id, one.type, one.receivedtime, one.time.isoformat()) for one in stored} == {
        ("order.placed:5", "order.placed", at, "2026-03-10T11:59:00+00:00"),
        ("/erp#9", "page.viewed", at + timedelta(hours=1), "2026-03-10T12:30:00+00:00"),
    }
    assert len(stored) == 2


async def test_one_odd_message_does_not_keep_the_others_from_being_read_again(
    settings: SettingsFactory, topics: list[str], pool: Pool
) -> None:
    assert topics
    own = settings()
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="shopify", currency="EUR"))
    good = Unrecognised(
        id="/erp#9",
        shop="tea",
        platform="cloudevents",
        topic="Page.Viewed",
        reason="no type",
        receivedtime=datetime(2026, 3, 10, 12, tzinfo=UTC),
        headers={"id": "9", "source": "/erp", "type": "page.viewed"},
        body={"customer": {"id": "7"}, "url": "https://tea.example.com"},
    )
    gone = msgspec.structs.replace(good, id="/erp#8", shop="gone", receivedtime=good.receivedtime - timedelta(hours=1))
    async with Publisher(own) as publisher:
        odd = [(b"tea/shop", MAGIC + b"cut"), (b"tea/shop", b'{"id": "\xff"}'), (b"tea/\0", b"not JSON"), (b"", b"{}")]
        kept = [(b"gone/shop", msgspec.json.encode(gone)), (b"tea/shop", msgspec.json.encode(good))]
        await publisher.publish(UNRECOGNISED, [*odd, *kept])
    environment = given(own)
    code, out, err = await relevo("unrecognised", "list", "--json", **environment)
    assert code == 0, err
    listed = json.loads(out)
    assert [one["id"] for one in listed[:2]] == ["/erp#8", "/erp#9"]
    assert sorted((one["platform"], one["shop"]) for one in listed[2:]) == [
        *[("unreadable", ""), ("unreadable", "tea"), ("unreadable", "tea"), ("unreadable", "tea")]
    ]
    assert all(re.fullmatch(r"unreadable/relevo\.unrecognised/\d+/\d+", one["id"]) for one in listed[2:])
    code, out, _ = await relevo("unrecognised", "list", "--topic", "page.VIEWED", "--shop", "tea", **environment)
    assert (code, out.count("/erp#")) == (0, 1)
    code, out, err = await relevo("unrecognised", "redrive", "--all", **environment)
    assert code == 0, err
    assert "1 of 6 messages made their events" in out
    assert "/erp#8  no event: shop 'gone' is not known" in out
    assert out.count("no event: what was kept can't be read") == 4
    code, out, _ = await relevo("dead-letters", "list", **environment)
    assert code == 0


async def test_an_erasure_is_listed_and_taken_back(settings: SettingsFactory, pool: Pool) -> None:
    due = datetime(2026, 3, 11, 12, tzinfo=UTC)
    await pool.execute(
        "insert into ingest.pending_erasure (shop, id, type, key, received, due, event)"
        " values ('tea', 'w-1', 'customer.redacted', 'cus_1', $1, $2, 'x')",
        due - timedelta(days=1),
        due,
    )
    environment = given(settings())
    code, out, err = await relevo("erasures", "list", "--json", **environment)
    assert code == 0, err
    assert [(one["id"], one["key"], one["state"]) for one in json.loads(out)] == [("w-1", "cus_1", "waiting")]
    code, out, _ = await relevo("erasures", "cancel", "w-1", "--shop", "tea", **environment)
    assert (code, out) == (0, "customer.redacted of cus_1 is taken back\n")
    code, _, err = await relevo("erasures", "cancel", "w-1", "--shop", "tea", **environment)
    assert (code, "no erasure w-1 of tea waits" in err) == (2, True)
    code, out, _ = await relevo("erasures", "list", "--all", **environment)
    assert "cancelled" in out
    assert await pool.fetchval("select event from ingest.pending_erasure") is None
