"""One malformed value costs itself only: it settles, whatever it or its adapter brings up, and the next goes out."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.messages import CallAnswered, CallHttp, DeliveryOutcome
from relevo_contracts.topics import DELIVERIES
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.app.attempt_call import CallAttempt
from relevo_notifier.app.attempt_delivery import Attempt
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.exchanges import Exchanges
from relevo_notifier.app.host_limiter import HostLimiter
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.app.worker_pool import PoolLimits, WorkerPool
from relevo_notifier.core.breaker import CircuitRules
from relevo_notifier.core.calls import CallRules, CallWork
from relevo_notifier.core.calls import final as final_call
from relevo_notifier.core.mime import build_mail
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater
from relevo_notifier.core.replies import Replied, Reply
from relevo_notifier.core.requests import Request
from relevo_notifier.core.settle import Rules
from relevo_notifier.core.work import Due, Settled, Work
from relevo_notifier.providers.smtp.replies import read_smtp
from relevo_runtime.catalog import Shop
from relevo_runtime.clock import ManualClock
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from relevo_templates.messages import Templates
from tests.notifier.conftest import Post
from tests.notifier.support import CONTEXT, NOON, SHOP, delivery, files, work
from tests.notifier.test_requests import call
from tests.notifier.waiting import until

LEASE = timedelta(minutes=2)
LIMITS = PoolLimits(slots=2, capacity=50, lease=LEASE, margin=timedelta(seconds=30))


class OfItsOwnKind(BaseException):
    """What no `except Exception` catches."""


class SpeechlessError(Exception):
    """An error whose text can't be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


ANYTHING: list[BaseException] = [
    asyncio.CancelledError(),
    TimeoutError(),
    RecursionError("too deep"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    UnicodeError("label empty or too long"),
    SystemExit(3),
    OfItsOwnKind("x"),
    SpeechlessError(),
    StopAsyncIteration(),
    MemoryError(),
    AssertionError(),
    OverflowError("date value out of range"),
    KeyError("\0"),
    ExceptionGroup("several", [ValueError("\ud800")]),
]


TEMPLATES = Templates.of_files(files())


class Known(Catalog):
    """One shop and one definition, without a database."""

    def __init__(self) -> None:
        super().__init__(cast(Pool, None))

    async def load(self, shops: Collection[str], versions: Collection[str]) -> None:
        """They are there."""

    def shop(self, name: str) -> Shop | None:
        return SHOP

    def in_service(self, shop: str, workflow: str) -> str:
        return ""

    def templates(self, version: str) -> Templates:
        return TEMPLATES


class Provider:
    """Sends everything except what it is told to fail at; `raises` comes up at `send` or at `find`."""

    channel: Channel = "email"
    slots = 2
    repeatable_for = timedelta(0)

    def __init__(self, raises: BaseException | None = None, *, can_ask: bool = False) -> None:
        self.raises = raises
        self.can_ask = can_ask
        self.sent: list[str] = []

    async def send(self, message: Message) -> Sent:
        self.fail(message)
        assert message.text if isinstance(message.content, str) else build_mail(message.mail)
        self.sent.append(message.effect)
        return Sent("1")

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        self.fail(message)
        return []

    async def close(self) -> None:
        """Nothing is open."""

    def fail(self, message: Message) -> None:
        if self.raises is not None and message.effect == "malformed":
            raise self.raises


class NoTexts:
    """No text was found at a provider."""

    async def take(self, work: Work, provider_ids: Sequence[str], now: datetime) -> str | None:
        assert not provider_ids
        return None

    async def free(self, work: Work, provider_ids: Sequence[str]) -> list[str]:
        return list(provider_ids)


class Table:
    """The rows of a worker pool, and what became of them. `raises` comes up when the malformed one is begun."""

    def __init__(self, raises: BaseException | None = None) -> None:
        self.raises = raises
        self.settled: list[Settled] = []

    async def begin(
        self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[Work]:
        if self.raises is not None and any(one.delivery.id == "malformed" for one in works):
            raise self.raises
        return [msgspec.structs.replace(one, lease=lease, attempts=one.attempts + 1) for one in works]

    async def release(self, works: Sequence[Work], now: datetime) -> None:
        """Nobody else asks."""

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[Work]:
        return Due([], [], [])

    async def mark_unreadable(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """There are none."""

    async def next_wake(self) -> datetime | None:
        return None

    async def settle(self, settled: list[Settled]) -> None:
        self.settled += settled

    def states(self) -> dict[str, str]:
        return {one.work.delivery.id: one.state for one in self.settled}


def attempt_over(provider: Provider, name: str = "") -> Attempt:
    prepare = Prepare(Known(), lambda *_: "https://shop.example.com/u/1")
    clock = ManualClock(NOON)
    return Attempt(
        provider, prepare, Rules(Retry(), clock.span), clock, Metrics("notifier"), texts=NoTexts(), name=name
    )


@asynccontextmanager
async def working(attempt: Any, table: Table) -> AsyncIterator[WorkerPool[Work, Settled]]:
    """A worker pool at work; fails if a part of it ends."""
    settlements: Batcher[Settled] = Batcher("settle", table.settle)
    workers = WorkerPool("email", attempt, table, settlements, ManualClock(NOON), limits=LIMITS)
    tasks = [asyncio.create_task(workers.run()), asyncio.create_task(settlements.run())]
    try:
        yield workers
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def sent_beside_the_malformed_one(attempt: Any, table: Table, malformed: Work) -> dict[str, str]:
    """What becomes of `malformed` and of six plain ones that are held with it."""
    plain = [work(delivery(number), attempts=0) for number in range(6)]
    async with working(attempt, table) as workers:
        if malformed.doubtful:
            await workers.begin([malformed])
            workers.hold(plain)
        else:
            workers.hold([*plain[:3], malformed, *plain[3:]])

        async def over() -> bool:
            return len(table.settled) == 7

        await until(over)
    states = table.states()
    assert {states.pop(one.delivery.id) for one in plain} == {"sent"}
    return states


@pytest.mark.parametrize("error", ANYTHING, ids=lambda error: type(error).__name__)
async def test_whatever_a_provider_raises_leaves_its_message_in_doubt_alone(error: BaseException) -> None:
    table, provider = Table(), Provider(error)
    states = await sent_beside_the_malformed_one(
        attempt_over(provider), table, work(delivery(id="malformed"), attempts=0)
    )
    assert states == {"malformed": "sending"}  # looked at again soon, as one in doubt


@pytest.mark.parametrize("error", ANYTHING, ids=lambda error: type(error).__name__)
async def test_whatever_asking_raises_leaves_its_message_in_doubt_alone(error: BaseException) -> None:
    table, provider = Table(), Provider(error, can_ask=True)
    malformed = work(delivery(id="malformed"), doubtful=True, doubts=1, lease=NOON + LEASE)
    assert await sent_beside_the_malformed_one(attempt_over(provider), table, malformed) == {"malformed": "sending"}


@pytest.mark.parametrize("error", ANYTHING, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(("doubts", "state"), [(0, "failed"), (1, "in_doubt")])
async def test_whatever_comes_up_before_the_provider_settles_the_message(
    error: BaseException, doubts: int, state: str
) -> None:
    class Failing(Attempt):
        async def ready(self, work: Work) -> None:
            if work.delivery.id == "malformed" and not isinstance(error, asyncio.TimeoutError):
                raise error

        async def __call__(self, work: Work) -> Settled:
            if work.delivery.id == "malformed":
                raise error
            return await super().__call__(work)

    clock = ManualClock(NOON)
    prepare = Prepare(Known(), lambda *_: "")
    failing = Failing(Provider(), prepare, Rules(Retry(), clock.span), clock, Metrics("notifier"), texts=NoTexts())
    table, malformed = Table(), work(delivery(id="malformed"), doubts=doubts, attempts=0)
    assert await sent_beside_the_malformed_one(failing, table, malformed) == {"malformed": state}
    [settled] = [one for one in table.settled if one.work.delivery.id == "malformed"]
    assert settled.reason
    assert settled.outcome is not None


@pytest.mark.parametrize("error", [ValueError("a zero byte"), asyncio.CancelledError(), UnicodeError()])
async def test_what_cannot_even_be_marked_as_begun_fails_alone(error: BaseException) -> None:
    table = Table(error)
    malformed = work(delivery(id="malformed"), attempts=0)
    assert await sent_beside_the_malformed_one(attempt_over(Provider()), table, malformed) == {"malformed": "failed"}


def test_the_texts_of_mail_servers_are_kept_whatever_bytes_they_have() -> None:
    answer = read_smtp(550, b"5.1.1 no s\xfcch address \0".decode("utf-8", "surrogateescape"))
    assert isinstance(answer, Rejected)
    settled = attempt_over(Provider())._after(work(), answer, Message("x", "a", "b", ""))
    assert settled.outcome is not None
    assert (
        "no s\N{REPLACEMENT CHARACTER}ch address" in msgspec.json.decode(settled.outcome, type=DeliveryOutcome).reason
    )


def test_an_answer_that_cannot_be_reckoned_with_leaves_the_message_in_doubt() -> None:
    answer = TryLater("come again", wait=float("inf"))
    settled = attempt_over(Provider())._after(work(), answer, Message("x", "a", "b", ""))
    assert (settled.state, "not understood" in settled.reason) == ("in_doubt", True)


TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ZONES = st.sampled_from(["Europe", "US", "Etc", "Europe/Madrid", "../../etc/passwd", "x" * 300, "\0"]) | TEXT
CONTEXTS = st.fixed_dictionaries(
    {
        "trigger": st.dictionaries(st.sampled_from([*CONTEXT["trigger"], "x"]), JSON, max_size=6),
        "run": JSON,
        "customer": JSON,
        "shop": JSON,
    }
)
CONTACTS = st.builds(
    Contact,
    email=st.just("ana@example.com") | TEXT,
    phone=st.just("+12025550123") | TEXT,
    first_name=TEXT,
    last_name=TEXT,
    locale=TEXT,
    timezone=ZONES,
    country=TEXT,
)
LINKS = st.sampled_from(
    ["https://[courier-site]/track/1", "http://[", "javascript:x", "https://\ud800", "//", "https://a:b"]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(context=CONTEXTS, contact=CONTACTS, link=LINKS | TEXT, sms=st.booleans(), template=st.sampled_from(["", "none"]))
async def test_no_context_and_no_recipient_ends_an_attempt(
    context: dict[str, Any], contact: Contact, link: str, sms: bool, template: str
) -> None:
    context["trigger"].setdefault("recover_url", link)
    changes: dict[str, Any] = {"channel": "sms"} if sms else {}
    if template:
        changes["template"] = template
    malformed = delivery(purpose="transactional", context=context, recipient=contact, **changes)
    settled = await attempt_over(Provider())(work(malformed))
    assert settled.state in ("sent", "failed", "skipped", "queued")
    assert settled.state == "sent" or settled.reason


class Caller:
    """Raises, or answers with what it is given."""

    def __init__(self, outcome: Reply | BaseException) -> None:
        self.outcome = outcome

    async def ask(self, request: Request, now: datetime) -> Reply:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def call_over(caller: Caller) -> CallAttempt:
    clock = ManualClock(NOON)
    limiter = HostLimiter(CircuitRules(), 5, timedelta(seconds=1), Metrics("notifier"))
    rules = CallRules(retry=Retry(), span=clock.span)
    secrets: dict[str, SecretStr] = {}
    exchanges = Exchanges(caller, limiter, clock, Metrics("notifier"))
    return CallAttempt(exchanges, rules, clock, secrets=secrets, longest=5.0)


def call_work(one: CallHttp) -> CallWork:
    return CallWork(call=one, lease=NOON + LEASE, attempts=1, accepted_at=NOON, place="erp.example.com:443")


@pytest.mark.parametrize("error", ANYTHING, ids=lambda error: type(error).__name__)
async def test_whatever_a_caller_raises_leaves_its_call_in_doubt(error: BaseException) -> None:
    settled = await call_over(Caller(error))(call_work(call()))
    assert (settled.state, settled.doubts) == ("queued", 1)  # made again, with the same key


async def test_an_answer_that_cannot_be_reckoned_with_leaves_the_call_in_doubt() -> None:
    settled = await call_over(Caller(Replied(503, wait=float("inf"))))(call_work(call()))
    assert settled.state == "in_doubt"


@settings(max_examples=60, deadline=None)
@given(url=TEXT, headers=st.dictionaries(TEXT, TEXT, max_size=3), body=JSON, answer=JSON)
async def test_no_call_and_no_answer_ends_an_attempt(url: str, headers: dict[str, str], body: Any, answer: Any) -> None:
    malformed = call(url=f"https://erp.example.com/{url}", headers=headers, body=body)
    table: list[str] = []
    attempt = call_over(Caller(Replied(200, answer)))
    try:
        settled = await attempt(call_work(malformed))
    except Exception as error:  # noqa: BLE001 - the pool settles it so
        settled = attempt.failed(call_work(malformed), repr(error), NOON)
    table.append(settled.state)
    assert table[0] in ("answered", "failed", "in_doubt")


def test_an_answer_that_is_too_long_as_json_is_an_error_and_not_stuck() -> None:
    settled = final_call(call_work(call()), "answered", NOON, reply=Replied(200, "\x01" * 200_000))
    assert settled.outcome is not None
    report = msgspec.json.decode(settled.outcome, type=CallAnswered)
    assert (report.body, report.status) == (None, 200)
    assert "bytes as JSON" in report.error


async def test_malformed_deliveries_on_kafka_hold_up_nobody(post: Post) -> None:
    malformed = [
        delivery(1, recipient=Contact(email="ana1@example.com", timezone="Europe", first_name="A\0na")),
        delivery(2, context={"trigger": {"recover_url": "https://[courier-site]/track/123"}}),
        delivery(3, shop="no\0body"),
        delivery(4, purpose="transactional", recipient=Contact(email="ana\0@example.com")),
    ]
    async with post.notifier():
        for one in malformed:
            await post.publish_raw(DELIVERIES, f"acme/{one.key}", msgspec.json.encode(one))
        await post.publish_raw(DELIVERIES, "acme/deep", b"[" * 50_000)
        await post.publish(*(delivery(number) for number in range(10, 15)))
        await post.settled(9)
        states = await post.states()
    assert [states[delivery(number).id] for number in range(10, 15)] == ["sent"] * 5
    assert states[delivery(3).id] == "failed"


async def test_a_row_that_nobody_can_read_any_more_is_over(post: Post) -> None:
    async with post.notifier():
        await post.publish(delivery(1))
        await post.settled(1)
    await post.pool.execute("update notifier.delivery set state = 'queued', body = '{}', wake_at = $1", NOON)
    async with post.notifier():
        await post.publish(delivery(2))
        await post.settled(2)
        row = await post.pool.fetchrow("select state, reason from notifier.delivery where id = $1", delivery(1).id)
    assert row is not None
    assert row["state"] == "failed"
    assert "missing required field" in row["reason"]
