"""What the staff hears of tasks: once, in their hours, by their channels; and who gets what is about to expire."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts import topics
from relevo_contracts.messages import CallHttp, SendDelivery
from relevo_contracts.payloads import Buyer, PrivacyRequested
from relevo_contracts.staff import Absence, Member
from relevo_engine.adapters import notices, tasks
from relevo_engine.app.answer_task import Answered, answer_task
from relevo_engine.app.notify_staff import StaffNotifier
from relevo_engine.core.staff_messages import StaffMessages
from relevo_engine.core.tasks import Task
from relevo_runtime import outbox
from relevo_runtime.errors import PublishError
from relevo_runtime.postgres import Connection
from tests.engine.conftest import MORNING, Engine, checkout, deploy, event

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SIGN = {
    "workflow.yaml": """
workflow: sign
title: Sign
change: ad-hoc
key: trigger.checkout_token
trigger: {event: checkout.started}
exit: [{event: order.placed, where: event.checkout_token == trigger.checkout_token, reason: bought}]
steps:
  - approve:
      title: "Sign {{ trigger.checkout_token }}"
      roles: [finance]
      reminder: 2h
      deadline: 1d
      reassign: {before: 4h}
      escalate: {after: 6h, roles: [lead]}
"""
}
ANA = Member(shop="sample", name="Ana", roles=["finance"], email="ana@example.com", timezone="UTC")
BEN = Member(shop="sample", name="Ben", roles=["finance"], phone="+34600111222", channels=["sms"], timezone="UTC")
LEA = Member(shop="sample", name="Lea", roles=["lead"], slack="SLACK_LEA", channels=["slack"], timezone="UTC")
WEEK = ["mon-fri 09:00-17:00"]


@dataclass
class Heard:
    """A publisher that keeps what is published; `fails`: Kafka is away."""

    messages: list[SendDelivery | CallHttp] = field(default_factory=list)
    fails: bool = False

    def partition_of(self, key: bytes) -> int:
        return 0

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> None:
        if self.fails:
            raise PublishError(topic, len(messages), len(messages), OSError("Kafka is away"))
        kinds: dict[str, Any] = {topics.DELIVERIES: SendDelivery, topics.CALLS: CallHttp}
        self.messages += [msgspec.json.decode(value, type=kinds[topic]) for _, value in messages]

    def take(self) -> list[tuple[str, str, str]]:
        """Who heard of what by which channel since the last time."""
        heard, self.messages = self.messages, []
        return [
            (one.recipient.first_name, str(one.context["notice"]), one.channel)
            if isinstance(one, SendDelivery)
            else (one.url, str(one.body["text"]), one.webhook)
            for one in heard
        ]


@dataclass
class Office:
    """An engine with a staff, and who tells it."""

    engine: Engine
    heard: Heard
    notifier: StaffNotifier[Connection]

    async def employ(self, *members: Member) -> None:
        for one in members:
            async with self.engine.pool.acquire() as conn, conn.transaction():
                await tasks.put_member(conn, one, self.engine.clock.now())

    async def deploy(self, workflow: str) -> None:
        await deploy(self.engine.pool, {"workflow.yaml": workflow})
        async with self.engine.pool.acquire() as conn:
            await self.engine.definitions.refresh(conn)

    async def tell(self, *, after: timedelta = timedelta(0)) -> list[tuple[str, str, str]]:
        """Lets time pass, timers fire and the staff hear; what it heard."""
        await self.engine.wake(after=after)
        while (following := await self.notifier.run_once(self.engine.clock.now())) is not None:
            if following > self.engine.clock.now():
                break
        return self.heard.take()

    async def task(self) -> Task:
        async with self.engine.pool.acquire() as conn:
            [found] = await tasks.list_tasks(conn)
        return found


def notifier(engine: Engine, heard: Heard) -> StaffNotifier[Connection]:
    messages = StaffMessages(
        "https://ops.example.com/{shop}/{id}", lambda shop: engine.definitions.of_shop(shop).shop, lambda version: None
    )
    return StaffNotifier[Connection](
        sessions=engine.pool,
        notices=notices,
        tasks=tasks,
        outbox=outbox,
        publisher=heard,
        messages=messages,
        served=lambda: {"sample"},
    )


@pytest.fixture
async def office(engine: Engine) -> AsyncIterator[Office]:
    await deploy(engine.pool, SIGN)
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
    heard = Heard()
    yield Office(engine, heard, notifier(engine, heard))


async def test_a_task_is_told_reminded_of_and_escalated_each_once(office: Office) -> None:
    await office.employ(ANA, LEA)
    await office.engine.take(checkout("t"))
    assert await office.tell() == [("Ana", "opened", "email")]
    assert await office.tell() == []
    assert await office.tell(after=2 * HOUR) == [("Ana", "reminder", "email")]
    assert await office.tell(after=4 * HOUR) == [("${SLACK_LEA}", "Escalated to you: Sign t", "slack")]
    assert await office.tell(after=2 * HOUR) == []


async def test_the_messages_say_what_is_asked_and_lead_to_the_task(office: Office) -> None:
    await office.employ(ANA, msgspec.structs.replace(LEA, roles=["lead", "finance"]))
    await office.engine.take(checkout("t"))
    await office.notifier.run_once(office.engine.clock.now())
    task = await office.task()
    [mail] = office.heard.messages
    assert isinstance(mail, SendDelivery)
    assert (mail.to, mail.purpose, mail.template, mail.key, mail.run_id) == (
        *("staff", "transactional", "staff-notice"),
        *("cus_1", ""),
    )
    assert mail.id.startswith(f"{task.task_id}/opened/")
    assert mail.context["task"]["link"] == f"https://ops.example.com/sample/{task.task_id.replace('/', '%2F')}"
    assert mail.context["task"]["title"] == "Sign t"


async def test_nobody_hears_of_a_task_twice_when_the_broker_was_away_or_two_tell(office: Office) -> None:
    await office.employ(ANA)
    await office.engine.take(checkout("t"))
    office.heard.fails = True
    with pytest.raises(PublishError):
        await office.notifier.run_once(office.engine.clock.now())
    office.heard.fails = False
    other = notifier(office.engine, office.heard)
    await other.run_once(office.engine.clock.now())
    assert await office.tell() == []  # it is committed: the scheduler publishes what is left behind
    assert (
        await office.engine.pool.fetchval("select count(*) from engine.outbox where topic = $1", topics.DELIVERIES) == 1
    )


async def test_out_of_hours_it_waits_for_the_morning_and_is_not_told_if_it_is_over_by_then(office: Office) -> None:
    await office.employ(msgspec.structs.replace(ANA, hours=WEEK))
    await office.engine.take(checkout("t"))  # Monday, 08:00
    assert await office.tell() == []
    assert await office.tell(after=HOUR) == [("Ana", "opened", "email")]
    assert await office.tell(after=HOUR) == [("Ana", "reminder", "email")]
    await office.engine.take(checkout("u", key="cus_2", at=MORNING + 10 * HOUR))
    assert await office.tell(after=8 * HOUR) == []  # 18:00
    async with office.engine.pool.acquire() as conn:
        for one in await tasks.list_tasks(conn, only_open=True):
            said = await answer_task(
                conn, tasks, office.engine.publisher,
                Answered(task_id=one.task_id, done="rejected", by="Ana"), office.engine.clock,
            )  # fmt: skip
            await office.engine.take(said)
    assert await office.tell(after=15 * HOUR) == []


async def test_what_is_urgent_is_told_at_night(office: Office) -> None:
    await office.deploy(SIGN["workflow.yaml"].replace("reminder: 2h", "urgent: true"))
    await office.employ(msgspec.structs.replace(ANA, hours=["mon-fri 20:00-21:00"]))
    await office.engine.take(checkout("t"))
    assert await office.tell() == [("Ana", "opened", "email")]


async def test_a_task_of_nobody_is_told_to_those_who_may_take_it_and_then_to_who_gets_it(office: Office) -> None:
    await office.employ(msgspec.structs.replace(ANA, capacity=1), LEA)
    await office.engine.take(checkout("t"))
    await office.engine.take(checkout("u", key="cus_2"))
    assert await office.tell() == [("Ana", "opened", "email"), ("Ana", "opened", "email")]
    await office.employ(BEN)
    assert await office.tell(after=MINUTE) == [("Ben", "assigned", "sms")]


async def test_what_is_about_to_expire_goes_to_whoever_fits_best(office: Office) -> None:
    await office.deploy(SIGN["workflow.yaml"].replace("      escalate", "      #"))
    await office.employ(ANA)
    await office.engine.take(checkout("t"))
    await office.tell()
    await office.employ(BEN, msgspec.structs.replace(LEA, roles=["finance"], active=False))
    assert await office.tell(after=20 * HOUR - MINUTE) == [("Ana", "reminder", "email")]
    assert await office.tell(after=MINUTE) == [("Ben", "reassigned", "sms")]
    task = await office.task()
    assert task.assignee == "Ben"
    assert {one.name: one.why for one in task.considered} == {
        "Ben": "chosen: fits, is the first at work, and has 0 open tasks",
        "Ana": "had it before",
        "Lea": "is away",
    }


async def test_the_tasks_of_who_goes_away_go_to_others_and_wait_for_nobody_else(office: Office) -> None:
    await office.employ(ANA)
    await office.engine.take(checkout("t"))
    await office.tell()
    await office.employ(msgspec.structs.replace(ANA, active=False))
    assert (await office.task()).assignee == ""
    await office.employ(BEN)
    assert await office.tell(after=MINUTE) == [("Ben", "assigned", "sms")]
    assert (await office.task()).assignee == "Ben"


async def test_the_tasks_of_who_was_away_already_are_found(office: Office) -> None:
    await office.employ(ANA, BEN)
    await office.engine.take(checkout("t"))
    await office.tell()
    first = (await office.task()).assignee
    await office.engine.pool.execute("update engine.staff set active = false where name = $1", first)
    await office.tell(after=MINUTE)
    assert (await office.task()).assignee == {"Ana": "Ben", "Ben": "Ana"}[first]


async def test_it_stays_with_whoever_has_it_where_nobody_else_fits(office: Office) -> None:
    await office.employ(ANA)
    await office.engine.take(checkout("t"))
    await office.tell()
    await office.tell(after=21 * HOUR)
    assert (await office.task()).assignee == "Ana"


async def test_who_was_erased_is_in_nothing_that_is_told_later(office: Office) -> None:
    await office.employ(msgspec.structs.replace(ANA, hours=WEEK))
    await office.engine.take(checkout("t"))
    gone = PrivacyRequested(customer=Buyer(email="cus_1@example.com"))
    await office.engine.take(event("customer.redacted", gone, event_id="gone", at=MORNING + MINUTE))
    assert await office.tell(after=HOUR) == []
    assert await office.engine.pool.fetchval("select count(*) from engine.notice where task_id <> ''") == 0


async def test_a_digest_comes_each_morning_once_and_only_if_it_says_something(office: Office) -> None:
    await office.deploy(
        SIGN["workflow.yaml"].replace("deadline: 1d", "deadline: 30h").replace("      reassign", "      #")
    )
    absent = Member(shop="sample", name="Tim", roles=["finance"], email="tim@example.com", hours=WEEK)
    await office.employ(
        msgspec.structs.replace(ANA, hours=WEEK, timezone="Europe/Madrid"),
        msgspec.structs.replace(absent, absences=[Absence.read("2026-03-02..2026-03-10")]),
    )
    assert await office.tell() == []
    await office.engine.take(checkout("t"))
    assert await office.tell(after=2 * HOUR) == [("Ana", "opened", "email"), ("Ana", "reminder", "email")]
    office.heard.messages = []
    await office.notifier.run_once(office.engine.clock.now())
    office.engine.clock.advance(22 * HOUR)  # Tuesday, 09:00 in Madrid
    again = notifier(office.engine, office.heard)
    for one in (office.notifier, again, again, office.notifier):
        await one.run_once(office.engine.clock.now())
    [mail] = office.heard.messages
    assert isinstance(mail, SendDelivery)
    assert mail.id.startswith("digest/")
    assert mail.id.endswith("/2026-03-03/email")
    assert (mail.to, mail.template, mail.context["digest"]["today_count"]) == ("staff", "staff-digest", 1)
    assert [one["title"] for one in mail.context["digest"]["today"]] == ["Sign t"]
    office.heard.take()
    assert await office.tell(after=24 * HOUR) == []  # the task has expired, and there is no other


async def test_a_digest_that_is_long_late_is_left_out_and_the_next_one_comes(office: Office) -> None:
    await office.employ(ANA)
    await office.tell()
    await office.engine.take(checkout("t", at=MORNING))
    office.engine.clock.advance(40 * HOUR)  # nobody was there: it is Wednesday, 00:00
    await office.notifier.run_once(office.engine.clock.now())
    assert all(notice != "digest" for _, notice, _ in office.heard.take())
    following = await office.engine.pool.fetchval("select due_at from engine.notice where kind = 'digest'")
    assert following == MORNING + 48 * HOUR
