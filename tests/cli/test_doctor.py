"""`relevo doctor`: what it makes of a system, and that it works when one part of it is away."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from relevo_cli.console import counted
from relevo_cli.doctor.facts import (
    BrokerFacts,
    CouponPool,
    DatabaseFacts,
    Facts,
    Group,
    Retried,
    ServiceFacts,
    Settled,
    TopicFacts,
    Unavailable,
    Unreadable,
    Waiting,
)
from relevo_cli.doctor.judging import findings
from relevo_cli.doctor.services import ahead
from relevo_contracts.topics import DEAD_LETTERS, EVENTS, UNRECOGNISED
from relevo_control.app.systems_asked import Unserved
from relevo_runtime import catalog
from relevo_runtime.catalog import Shop
from relevo_runtime.clock import SystemClock
from relevo_runtime.pauses import Pause
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo

SHOP = Shop(
    shop="acme",
    platform="shopify",
    secrets=[catalog.Secret("a secret")],
    email_from="Acme <hello@acme.example.com>",
    sms_from="+12025550100",
    postal_address="Main Street 1",
)
POSTGRES = DatabaseFacts(version="18.4", ahead=timedelta(0), shops=[SHOP])
KAFKA = BrokerFacts(
    brokers=1, topics={EVENTS: TopicFacts(partitions=12)}, groups={"engine": Group(members=3, lag={EVENTS: 7})}
)
SERVICE = ServiceFacts(ready=True, version="0.1.0", parts={"kafka": (True, "")}, ahead=timedelta(0))
HEALTHY = Facts(version="0.1.0", partitions=12, postgres=POSTGRES, kafka=KAFKA, services={"engine": SERVICE})
HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def postgres(**changes: Any) -> Facts:
    return msgspec.structs.replace(HEALTHY, postgres=msgspec.structs.replace(POSTGRES, **changes))


def topic(name: str = EVENTS, **changes: Any) -> Facts:
    topics = {name: msgspec.structs.replace(TopicFacts(partitions=12), **changes)}
    return msgspec.structs.replace(HEALTHY, kafka=msgspec.structs.replace(KAFKA, topics=topics))


def group(**changes: Any) -> Facts:
    groups = {"notifier-calls": msgspec.structs.replace(Group(members=1, lag={}), **changes)}
    return msgspec.structs.replace(HEALTHY, kafka=msgspec.structs.replace(KAFKA, groups=groups))


def service(name: str = "engine", **changes: Any) -> Facts:
    return msgspec.structs.replace(HEALTHY, services={name: msgspec.structs.replace(SERVICE, **changes)})


CASES: list[tuple[Facts, str, str, str]] = [
    (
        postgres(unserved=[Unserved("acme", "quote", "erp")]),
        "warning",
        "quote: acme has no system that serves erp: runs go on without its answer",
        "`relevo systems add acme erp odoo`",
    ),
    (
        postgres(unserved=[Unserved("acme", "bookkeeping", "accounting", ends=True)]),
        "warning",
        "bookkeeping: acme has no system that serves accounting: runs end at the first step that asks it",
        "`relevo systems add acme accounting xero`",
    ),
    (
        postgres(coupons=[CouponPool("acme", "welcome", 13, 28)]),
        "warning",
        "acme: 13 codes are left in the pool welcome, enough for 6 days",
        "`relevo coupons import acme welcome FILE`, or have the shop make them: `relevo coupons create`",
    ),
    (
        postgres(coupons=[CouponPool("acme", "welcome", 0, 1), CouponPool("acme", "birthday", 14, 28)]),
        "warning",
        "acme: 0 codes are left in the pool welcome, workflows go on without",
        "`relevo coupons import acme welcome FILE`, or have the shop make them: `relevo coupons create`",
    ),
    (
        msgspec.structs.replace(HEALTHY, postgres=Unavailable("refused")),
        "error",
        "PostgreSQL does not answer: refused",
        "start",
    ),
    (
        msgspec.structs.replace(HEALTHY, kafka=Unavailable("refused")),
        "error",
        "Kafka does not answer: refused",
        "start it",
    ),
    (
        msgspec.structs.replace(HEALTHY, services={"engine": Unavailable("refused")}),
        "error",
        "engine does not answer",
        "engine.log",
    ),
    (
        msgspec.structs.replace(HEALTHY, postgres=Unavailable("not all answers came in 10 s", silent=True)),
        "error",
        "PostgreSQL is slow or hangs: not all answers came in 10 s",
        "overloaded",
    ),
    (
        msgspec.structs.replace(HEALTHY, kafka=Unavailable("not all answers came in 10 s", silent=True)),
        "error",
        "Kafka is slow or hangs",
        "overloaded",
    ),
    (
        msgspec.structs.replace(HEALTHY, services={"engine": Unavailable("no answer in 5 s", silent=True)}),
        "error",
        "engine does not answer: no answer in 5 s",
        "end it",
    ),
    (msgspec.structs.replace(HEALTHY, services={}), "note", "no service was asked", "--service engine=http://"),
    (msgspec.structs.replace(HEALTHY, disk=(0.01, 2**20)), "error", "1 MiB left", "make room"),
    (
        postgres(migrations=["a/0001_x"]),
        "error",
        "1 migration is not applied to the database: a/0001_x",
        "relevo migrate",
    ),
    (
        postgres(timers=Waiting(3, HOUR)),
        "error",
        "3 timers that are due are waiting, the oldest for 60 min",
        "scheduler",
    ),
    (
        postgres(outbox=Waiting(1, 2 * timedelta(minutes=1))),
        "warning",
        "1 message in the outbox has waited for 2 min",
        "Kafka",
    ),
    (postgres(queues={"sms": Waiting(2, HOUR)}), "error", "2 SMS that are due", "provider"),
    (
        postgres(settled=[Settled("email", "in_doubt", 2, "")]),
        "warning",
        "2 e-mails of the last day in doubt",
        "explain",
    ),
    (
        postgres(settled=[Settled("call", "failed", 2, "500")]),
        "warning",
        "2 HTTP calls of the last day failed, mostly: 500",
        "explain",
    ),
    (
        postgres(again=[Retried("email", Waiting(9, HOUR), "the mail server refused the login: 535")]),
        "warning",
        "9 e-mails were tried in vain and are tried again, the oldest accepted 60 min ago, mostly: the mail server",
        "the provider",
    ),
    (
        postgres(again=[Retried("call", Waiting(1, HOUR), "")]),
        "warning",
        "1 HTTP call was tried in vain and is tried again, the oldest accepted 60 min ago",
        "the called system",
    ),
    (postgres(shops=[]), "warning", "no shop is known", "relevo shops add"),
    (
        postgres(shops=[msgspec.structs.replace(SHOP, email_from="")]),
        "warning",
        "acme: no e-mail can be sent",
        "relevo shops update acme --email-from",
    ),
    (
        postgres(pauses=[Pause("acme", "engine", "ValueError: odd", NOON)]),
        "error",
        "acme is paused in engine since 2026-03-01 12:00 UTC: ValueError: odd",
        "relevo shops resume acme",
    ),
    (
        postgres(shops=[msgspec.structs.replace(SHOP, held_at=NOON)]),
        "warning",
        "shop acme is being moved, since 2026-03-01 12:00 UTC: nothing is taken for it",
        "--abort",
    ),
    (postgres(secrets={"pack": ["ERP"]}), "warning", "pack needs RELEVO_CALL_SECRET_ERP", "notifier's environment"),
    (
        postgres(unreadable=[Unreadable("pack", "line 3")]),
        "error",
        "pack can't be read by this release: line 3",
        "relevo deploy",
    ),
    (postgres(ahead=timedelta(minutes=-5)), "error", "the clock of PostgreSQL is 5 min behind this machine's", "NTP"),
    (topic(partitions=8), "error", "has 8 partitions, the settings say 12", "RELEVO_PARTITIONS=8"),
    (topic(partitions=0), "error", "there is no topic relevo.events", "relevo migrate"),
    (topic(leaderless=1), "error", "1 partition of relevo.events has no leader", "brokers"),
    (topic(lacking_replicas=1), "warning", "fewer replicas in sync", "broker"),
    (topic(from_the_future=True), "warning", "dated in the future", "NTP"),
    (
        topic(DEAD_LETTERS, kept=5, today=1),
        "warning",
        "about 5 dead letters are kept, 1 of them of the last day",
        "relevo dead-letters",
    ),
    (topic(DEAD_LETTERS, kept=5), "note", "about 5 dead letters are kept", "relevo dead-letters list"),
    (topic(UNRECOGNISED, kept=5), "note", "about 5 webhooks without an event", "relevo unrecognised list"),
    (
        group(members=0, lag={"relevo.calls": 3}),
        "error",
        "nobody reads as notifier-calls (3 records wait: relevo.calls 3)",
        "start a service notifier",
    ),
    (group(lag={"relevo.calls": 20_000}), "warning", "notifier-calls is 20000 records behind", "start more"),
    (service(version="0.2.0"), "warning", "engine is of release 0.2.0, this command of 0.1.0", "one release"),
    (service(parts={"kafka": (False, "no answer in 2 s")}), "error", "kafka: no answer in 2 s", "log"),
    (
        service(parts={"catalog": (False, "refused"), "walks": (False, "refused"), "kafka": (True, "")}),
        "error",
        "engine is not ready: catalog, walks: refused",
        "log",
    ),
    (
        service(parts={"definitions": (True, "version x can't be read")}),
        "error",
        "version x can't be read",
        "relevo deploy",
    ),
    (
        service("notifier", parts={"secrets of calls": (True, "not set: pack needs X")}),
        "warning",
        "not set: pack needs X",
        "environment",
    ),
    (service(ahead=timedelta(seconds=9)), "warning", "the clock of engine is 9 s ahead of this machine's", "NTP"),
]


@any_of(st.integers(2, 99))
def test_a_noun_agrees_with_its_number(many: int) -> None:
    assert counted(1, "error") == "1 error"
    assert [counted(n, "error") for n in (0, many)] == ["0 errors", f"{many} errors"]
    assert counted(many, "request is", "requests are") == f"{many} requests are"


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    one = [postgres(**{name: Waiting(1, HOUR)}) for name in ("timers", "outbox")]
    one += [postgres(queues={name: Waiting(1, HOUR)}) for name in ("email", "sms", "call")]
    one += [topic(leaderless=1), topic(lacking_replicas=1), topic(DEAD_LETTERS, kept=1), topic(UNRECOGNISED, kept=1)]
    remark = [finding.what for facts in one for finding in findings(facts)]
    assert len(remark) == len(one)
    assert [what for what in remark if re.search(r"\b1 .*\b(are|have)\b", what)] == []


def test_a_system_that_is_well_has_no_findings() -> None:
    assert findings(HEALTHY) == []


@pytest.mark.parametrize(("facts", "severity", "what", "do"), CASES, ids=[what for _, _, what, _ in CASES])
def test_each_fault_is_one_finding_with_what_to_do(facts: Facts, severity: str, what: str, do: str) -> None:
    [finding] = findings(facts)
    assert finding.severity == severity
    assert what in finding.what
    assert do in finding.do


@any_of(st.sampled_from(["postgres", "kafka"]), st.sets(st.sampled_from(["catalog", "engine group", "walks"])))
def test_what_a_server_that_is_away_brings_with_it_is_not_told_of_each_service(server: str, others: set[str]) -> None:
    probe = {"postgres": "database", "kafka": "kafka"}[server]
    ill = msgspec.structs.replace(
        SERVICE, ready=False, parts={part: (False, f"{part} refused") for part in (probe, *others)}
    )
    facts = msgspec.structs.replace(
        HEALTHY, services={"engine": ill, "scheduler": ill}, **{server: Unavailable("refused")}
    )
    assert len(findings(facts)) == 1
    here = msgspec.structs.replace(HEALTHY, services={"engine": ill, "scheduler": ill})
    assert len(findings(here)) == 2 * (1 + len(others))


@any_of(st.sets(st.sampled_from(range(len(CASES)))))
def test_the_worst_comes_first_and_everything_says_what_to_do(chosen: set[int]) -> None:
    remark = [finding for number in chosen for finding in findings(CASES[number][0])]
    for facts in (CASES[number][0] for number in chosen):
        severities = [("error", "warning", "note").index(finding.severity) for finding in findings(facts)]
        assert severities == sorted(severities)
    assert all(finding.do for finding in remark)


@any_of(st.integers(0, 3000), st.integers(0, 1999), st.integers(-3600, 3600))
def test_a_clock_that_is_right_is_never_wrong_by_its_date(took: int, stale: int, off: int) -> None:
    answered = NOON + timedelta(milliseconds=took)
    written = (answered - timedelta(milliseconds=min(stale, took + 1000)) + timedelta(seconds=off)).replace(
        microsecond=0
    )
    found = ahead(f"{written:%a, %d %b %Y %H:%M:%S} GMT", NOON, answered)
    assert abs(found) <= abs(timedelta(seconds=off))
    assert found == timedelta(0) or off != 0


async def test_a_system_without_services_is_looked_at(settings: SettingsFactory, pool: Pool, topics: list[str]) -> None:
    own, now = settings(), SystemClock().now()
    async with pool.acquire() as connection:
        await catalog.add_shop(connection, SHOP)
        await connection.execute(
            "insert into scheduler.timer (shop, timer_id, key, run_id, turn, name, due_at, attempt_at)"
            " values ('acme', 't', 'c', 'r', 1, 'wait', $1, $1)",
            now - HOUR,
        )
        await connection.execute(
            "insert into notifier.delivery (shop, id, key, channel, state, attempts, accepted_at, settled_at, reason)"
            " values ('acme', 'd', 'c', 'email', 'in_doubt', 1, $1, $1, 'nobody knows')",
            now - HOUR,
        )
        await connection.execute(
            "insert into notifier.delivery"
            " (shop, id, key, channel, state, attempts, accepted_at, wake_at, reason, body)"
            " values ('acme', 'e', 'c', 'email', 'queued', 3, $1, $2, 'the login was refused', '')",
            *(now - HOUR, now + HOUR),
        )
        await connection.execute(
            "insert into notifier.coupon (shop, pool, code, call_id, taken_at)"
            " values ('acme', 'welcome', 'A', 'r/c/1', $1), ('acme', 'birthday', 'B', null, null)",
            now - HOUR,
        )
        files = {"workflow.yaml": "workflow: 1"}
        await catalog.deploy(connection, workflow="pack", version="v1", files=files, at=now)
    code, out, err = await relevo("doctor", "--json", **given(own))
    assert code == 1, err
    report = json.loads(out)
    said = " | ".join(finding["what"] for finding in report["findings"])
    assert "1 timer that is due has waited for" in said
    assert "1 e-mail of the last day in doubt" in said
    assert "1 e-mail was tried in vain and is tried again, the oldest accepted 60 min ago, mostly: the login" in said
    assert "acme: 0 codes are left in the pool welcome" in said
    assert "pool birthday" not in said
    assert "pack can't be read by this release" in said
    assert "nobody reads as engine" in said
    assert report["facts"]["kafka"]["topics"]["relevo.events"]["partitions"] == own.partitions
    assert topics


@pytest.mark.parametrize(
    ("away", "what"), [("RELEVO_KAFKA", "Kafka does not answer"), ("RELEVO_POSTGRES", "PostgreSQL does not answer")]
)
async def test_it_works_when_one_part_is_away(
    settings: SettingsFactory, topics: list[str], away: str, what: str
) -> None:
    nowhere = {"RELEVO_KAFKA": "127.0.0.1:9", "RELEVO_POSTGRES": "postgresql://relevo@127.0.0.1:9/relevo"}
    code, out, err = await relevo("doctor", **{**given(settings()), away: nowhere[away]})
    assert (code, err) == (1, "")
    assert what in out
    assert topics


async def test_an_address_of_a_service_must_be_one() -> None:
    code, _, err = await relevo("doctor", "--service", "engine")
    assert code == 2
    assert "is not NAME=URL" in err
