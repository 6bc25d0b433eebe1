"""From a call on Kafka to a request at another system and its answer on Kafka, whatever goes wrong between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from starlette.responses import Response

from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import CallAnswered, CallHttp, DeadLetter
from relevo_contracts.topics import CALLS, DEAD_LETTERS, INPUTS
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.core.replies import LARGEST_BODY
from relevo_notifier.core.work import Incoming
from tests.fake_http_service import FakeHttpService, Reply, fake_http_service, json
from tests.notifier.conftest import Post
from tests.notifier.support import NOON
from tests.notifier.test_requests import call as plain_call
from tests.notifier.waiting import until


def call(http_service: FakeHttpService, number: int = 1, **changes: Any) -> CallHttp:
    """A call to `http_service` from the run of that number."""
    values = {"id": f"run{number}/ask-erp/1", "run_id": f"run{number}", "key": f"customer-{number}"}
    return plain_call(**{"url": f"http://127.0.0.1:{http_service.port}/returns", **values, **changes})


@pytest.fixture
async def http_service() -> AsyncIterator[FakeHttpService]:
    async with fake_http_service() as system:
        yield system


OPEN: dict[str, Any] = {"notifier_call_hosts": "127.0.0.1", "notifier_call_timeout": 5.0}


async def publish(post: Post, *calls: CallHttp) -> None:
    for one in calls:
        await post.publish_raw(CALLS, partition_key(one.shop, one.key).decode(), msgspec.json.encode(one))


async def answers(post: Post, count: int) -> list[CallAnswered]:
    return list(await post.read(INPUTS, CallAnswered, count))


async def until_row(post: Post, condition: str, count: int = 1) -> None:
    async def holds() -> bool:
        return bool(await post.pool.fetchval(f"select count(*) = {count} from notifier.call where {condition}"))

    await until(holds)


async def test_a_call_becomes_one_request_and_one_answer(post: Post, http_service: FakeHttpService) -> None:
    secrets = {"ERP": SecretStr("s3cret-value")}
    async with post.notifier(**OPEN, notifier_call_secrets=secrets):
        await publish(post, call(http_service, headers={"Authorization": "Bearer ${ERP}"}))
        [answer] = await answers(post, 1)
    assert (answer.call_id, answer.run_id, answer.key) == ("run1/ask-erp/1", "run1", "customer-1")
    assert (answer.status, answer.body, answer.error, answer.at) == (200, {"ok": True}, "", NOON)
    [(headers, body)] = http_service.asked
    assert (headers["authorization"], msgspec.json.decode(body)) == ("Bearer s3cret-value", {"order": "1001"})
    assert headers["host"] == f"127.0.0.1:{http_service.port}"
    row = await post.pool.fetchrow("select state, attempts, status, body from notifier.call")
    assert row is not None
    assert tuple(row) == ("answered", 1, 200, None)


async def test_the_same_call_many_times_is_one_request(post: Post, http_service: FakeHttpService) -> None:
    async with post.notifier(**OPEN), post.notifier(**OPEN):
        await publish(post, *[call(http_service)] * 5)
        await publish(post, call(http_service), call(http_service, 2))
        await until_row(post, "wake_at is null", 2)
    assert sorted(http_service.keys()) == ["run1/ask-erp/1", "run2/ask-erp/1"]


async def test_a_call_left_in_calling_is_asked_again_with_the_same_key(
    post: Post, http_service: FakeHttpService
) -> None:
    """What an instance leaves that was killed between the request and the commit of its answer."""
    left = call(http_service)
    await Calls(post.pool).accept([Incoming(left, msgspec.json.encode(left), True, NOON + timedelta(minutes=2))], NOON)
    post.clock.advance(timedelta(minutes=5))
    async with post.notifier(**OPEN):
        [answer] = await answers(post, 1)
    assert (answer.status, answer.error) == (200, "")
    assert http_service.keys() == [left.id]
    assert await post.pool.fetchval("select attempts || '/' || doubts from notifier.call") == "2/1"


async def test_a_call_that_interrupts_every_attempt_is_given_up(post: Post, http_service: FakeHttpService) -> None:
    left = call(http_service)
    await Calls(post.pool).accept([Incoming(left, msgspec.json.encode(left), True, NOON + timedelta(minutes=2))], NOON)
    await post.pool.execute("update notifier.call set attempts = 6")
    post.clock.advance(timedelta(minutes=5))
    async with post.notifier(**OPEN):
        [answer] = await answers(post, 1)
    assert (answer.status, http_service.asked) == (0, [])
    assert "may have been carried out" in answer.error


async def test_retry_after_is_honoured(post: Post, http_service: FakeHttpService) -> None:
    http_service.replies = [lambda: json({}, 503, **{"Retry-After": "90"}), lambda: json({"ok": 1})]
    async with post.notifier(**OPEN):
        await publish(post, call(http_service))
        await until_row(post, "state = 'queued' and settled_at is not null")
        assert await post.pool.fetchval("select wake_at from notifier.call") == NOON + timedelta(seconds=90)
        post.clock.advance(timedelta(seconds=89))
        await asyncio.sleep(0.2)
        assert len(http_service.asked) == 1
        post.clock.advance(timedelta(seconds=1))
        [answer] = await answers(post, 1)
    assert (answer.status, answer.body) == (200, {"ok": 1})
    assert http_service.keys() == ["run1/ask-erp/1"] * 2


async def test_what_keeps_failing_is_given_up_with_its_last_answer(post: Post, http_service: FakeHttpService) -> None:
    http_service.replies = [lambda: json({"why": "down"}, 500)]
    async with post.notifier(**OPEN, notifier_call_attempts=2, notifier_call_retry_first=1.0):
        await publish(post, call(http_service))
        await until_row(post, "state = 'queued' and settled_at is not null")
        post.clock.advance(timedelta(seconds=2))
        [answer] = await answers(post, 1)
    assert (answer.status, answer.body) == (500, {"why": "down"})
    assert answer.error == "gave up after 2 attempts: it answered 500"


@pytest.mark.parametrize(
    ("reply", "status", "body", "error"),
    [
        (lambda: json({"no": 1}, 404), 404, {"no": 1}, ""),
        (lambda: Response(status_code=302, headers={"Location": "http://10.0.0.1/"}), 302, None, ""),
        (lambda: Response("plain"), 200, "plain", ""),
        (lambda: Response(b"x" * LARGEST_BODY, media_type="text/plain"), 200, "x" * LARGEST_BODY, ""),
        (lambda: Response(b"x" * (LARGEST_BODY + 1)), 200, None, "the answer is larger than 256 KiB"),
    ],
)
async def test_answers_are_taken_as_they_are(
    post: Post, http_service: FakeHttpService, reply: Reply, status: int, body: object, error: str
) -> None:
    http_service.replies = [reply]
    async with post.notifier(**OPEN):
        await publish(post, call(http_service))
        [answer] = await answers(post, 1)
    assert (answer.status, answer.body, answer.error) == (status, body, error)
    assert len(http_service.asked) == 1


async def test_an_answer_that_does_not_come_in_time_leaves_a_doubt(post: Post, http_service: FakeHttpService) -> None:
    http_service.gate = asyncio.Event()
    async with post.notifier(**OPEN, notifier_call_attempts=1):
        await publish(post, call(http_service, timeout_seconds=0.2))
        [answer] = await answers(post, 1)
        http_service.gate.set()
    assert answer.status == 0
    assert "did not answer within 0.2 s; an attempt may have been carried out" in answer.error
    assert await post.pool.fetchval("select state from notifier.call") == "in_doubt"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:9/", "127.0.0.1:9 can't be reached"),
        ("http://nowhere.invalid/", "the name nowhere.invalid can't be resolved"),
    ],
)
async def test_who_can_not_be_reached_was_certainly_not_called(
    post: Post, http_service: FakeHttpService, url: str, error: str
) -> None:
    async with post.notifier(**OPEN, notifier_call_attempts=1):
        await publish(post, call(http_service, url=url))
        [answer] = await answers(post, 1)
    assert answer.status == 0
    assert error in answer.error
    assert await post.pool.fetchval("select state from notifier.call") == "failed"


async def test_a_private_address_is_not_called_unless_it_is_allowed(post: Post, http_service: FakeHttpService) -> None:
    async with post.notifier():
        await publish(post, call(http_service))
        [answer] = await answers(post, 1)
    assert "is inside a private network" in answer.error
    assert http_service.asked == []


async def test_one_host_gets_no_more_calls_at_once_than_it_should(post: Post, http_service: FakeHttpService) -> None:
    http_service.gate = asyncio.Event()
    async with post.notifier(**OPEN, notifier_call_per_host=2):
        await publish(post, *(call(http_service, n) for n in range(8)))
        await until_row(post, "state = 'calling'", 2)
        http_service.gate.set()
        await advance_until_done(post, 8)
    assert http_service.most_at_once <= 2
    assert len(set(http_service.keys())) == len(http_service.asked) == 8


async def test_a_host_that_fails_is_left_alone_and_then_tried_by_one_call(
    post: Post, http_service: FakeHttpService
) -> None:
    http_service.replies = [lambda: json({}, 500)] * 3 + [lambda: json({"ok": 1})]
    rules: dict[str, Any] = {
        "notifier_circuit_failures": 3,
        "notifier_circuit_pause": 600.0,
        "notifier_call_retry_first": 1.0,
    }
    async with post.notifier(**OPEN, **rules):
        for number in range(3):
            await publish(post, call(http_service, number))
            await until_row(post, "state = 'queued' and settled_at is not null", number + 1)
        post.clock.advance(timedelta(seconds=10))
        await publish(post, call(http_service, 3))
        await until_row(post, "reason like '%left alone for a while'", 4)
        assert len(http_service.asked) == 3
        # What was not tried does not count as an attempt.
        assert await post.pool.fetchval("select array_agg(attempts order by id) from notifier.call") == [1, 1, 1, 0]
        post.clock.advance(timedelta(seconds=600))
        await advance_until_done(post, 4)
        found = await answers(post, 4)
    assert [answer.status for answer in found] == [200] * 4
    assert len(http_service.asked) == 7


async def test_an_answer_that_was_not_reported_is_reported_again(post: Post, http_service: FakeHttpService) -> None:
    async with post.notifier(**OPEN):
        await publish(post, call(http_service))
        await until_row(post, "wake_at is null")
    [first] = await answers(post, 1)
    await post.pool.execute("update notifier.call set wake_at = $1, outcome = $2", NOON, msgspec.json.encode(first))
    async with post.notifier(**OPEN):
        await until_row(post, "wake_at is null")
        assert await answers(post, 2) == [first, first]
    assert len(http_service.asked) == 1


async def test_what_is_no_call_is_a_dead_letter(post: Post, http_service: FakeHttpService) -> None:
    async with post.notifier(**OPEN, dead_letter_ratio=1.0):
        await post.publish_raw(CALLS, "acme/customer-1", b'{"id": "x"}')
        await publish(post, call(http_service))
        await answers(post, 1)
        [letter] = await post.read(DEAD_LETTERS, DeadLetter, 1)
    assert letter.reason.startswith("the value is not a message of relevo.calls")


async def advance_until_done(post: Post, count: int) -> None:
    """Lets the clock run until so many calls have ended: those that wait for their host look again after a second."""

    async def done() -> bool:
        post.clock.advance(timedelta(seconds=1))
        return bool(await post.pool.fetchval("select count(*) = $1 from notifier.call where wake_at is null", count))

    await until(done)


async def test_a_call_that_is_held_twice_is_begun_once(post: Post, http_service: FakeHttpService) -> None:
    calls, command, lease = Calls(post.pool), call(http_service), timedelta(minutes=2)
    await calls.accept([Incoming(command, msgspec.json.encode(command), False, NOON)], NOON)
    [before] = (await calls.claim_due(NOON, NOON + lease, 10)).queued
    later = NOON + 2 * lease
    [after] = (await calls.claim_due(later, later + lease, 10)).queued
    begun = await calls.begin([before, after], later + lease)
    assert [(one.ref, one.attempts) for one in begun] == [(after.ref, 1)]
    assert len(await calls.begin([before, after], later + 2 * lease, [later + lease])) == 1
