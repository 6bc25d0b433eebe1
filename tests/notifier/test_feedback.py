"""What becomes of what providers tell: it is kept once, suppresses, withdraws consent, is an event, is explained."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import ConsentChanged, MessageChanged
from relevo_contracts.topics import EVENTS
from relevo_notifier.adapters import past_deliveries
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.adapters.feedback import FeedbackTable
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.core.mime import reference
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.posted_mail import LARGEST_FORM
from relevo_notifier.core.provider_results import Sent
from relevo_notifier.core.settle import Rules, after
from relevo_notifier.core.work import Incoming
from relevo_notifier.entrypoints.webhooks_http import webhooks_app
from relevo_notifier.providers.registry import webhooks
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.clock import ManualClock
from relevo_runtime.errors import PublishError
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.conftest import SettingsFactory
from tests.notifier.conftest import Post
from tests.notifier.inbound import Published, hearing
from tests.notifier.support import NOON, customer, delivery
from tests.notifier.test_feedback_webhooks import SENDGRID_KEY, event, sendgrid

LATER = NOON + timedelta(minutes=5)
RULES = Rules(retry=Retry(), span=lambda wall: wall)


async def sent(pool: Pool, number: int = 1, *, provider: str = "sendgrid", **changes: Any) -> str:
    """A mail that `provider` took; returns its reference."""
    item = delivery(number, **changes)
    queue = ProviderQueue(Deliveries(pool), item.channel, provider)
    [work] = await queue.accept([Incoming(item, msgspec.json.encode(item), True, LATER)], NOON)
    address = item.recipient.email if item.channel == "email" else item.recipient.phone
    await Deliveries(pool).settle([after(work, Sent("p1"), address, NOON, RULES)], NOON)
    return reference(item.shop, item.id)


def said(of: str, kind: Any, **changes: Any) -> Feedback:
    values = {"event_id": f"{kind}-1", "at": LATER, "address": "ana1@example.com", **changes}
    return Feedback(reference=of, kind=kind, **values)


def taking(pool: Pool, published: Published | None = None) -> TakeFeedback:
    clock = ManualClock(NOON + timedelta(minutes=10))
    return TakeFeedback(FeedbackTable(pool), published or Published(), clock, Metrics("test"))


async def rows(pool: Pool, table: str) -> list[tuple[Any, ...]]:
    columns = {"suppression": "shop, channel, address, reason", "unsubscribed": "shop, channel, address"}
    found = await pool.fetch(
        f"select {columns.get(table, 'shop, id, kind, reason')} from notifier.{table} order by 1, 2, 3"
    )
    return [tuple(row) for row in found]


async def test_a_bounce_suppresses_and_is_told(pool: Pool) -> None:
    named, published = await sent(pool), Published()
    bounce = said(named, "bounced", permanent=True, suppress=True, status="5.1.1", reason="550 5.1.1 unknown")
    assert await taking(pool, published)("sendgrid", [bounce]) == 1
    assert await rows(pool, "suppression") == [("acme", "email", "ana1@example.com", "bounced: 550 5.1.1 unknown")]
    assert await rows(pool, "unsubscribed") == []
    [told] = published.events
    assert (told.type, told.shop, told.key, told.time) == ("message.bounced", "acme", "customer-1", LATER)
    payload = told.payload()
    assert isinstance(payload, MessageChanged)
    assert (payload.delivery_id, payload.permanent, payload.status) == (delivery(1).id, True, "5.1.1")


@pytest.mark.parametrize("kind", ["complained", "unsubscribed"])
async def test_who_complains_or_unsubscribes_withdraws_consent(pool: Pool, kind: Any) -> None:
    named, published = await sent(pool), Published()
    await taking(pool, published)("sendgrid", [said(named, kind, suppress=kind == "complained")])
    assert await rows(pool, "unsubscribed") == [("acme", "email", "ana1@example.com")]
    assert len(await rows(pool, "suppression")) == (1 if kind == "complained" else 0)
    assert [one.type for one in published.events] == ["message.complained", "consent.changed"][kind == "unsubscribed" :]
    consent = published.events[-1].payload()
    assert isinstance(consent, ConsentChanged)
    assert (consent.state, consent.channel, consent.customer.email) == ("withdrawn", "email", "")
    assert consent.source == f"{kind}, told by sendgrid"


@pytest.mark.parametrize("kind", ["delivered", "bounced", "complained", "unsubscribed"])
async def test_what_comes_of_a_message_knows_how_many_workflows_led_to_it(pool: Pool, kind: Any) -> None:
    named, published = await sent(pool, hops=7), Published()
    await taking(pool, published)("sendgrid", [said(named, kind)])
    assert {one.hops for one in published.events} == {8}


async def test_twice_and_in_another_order_is_the_same(pool: Pool) -> None:
    named, published = await sent(pool), Published()
    take = taking(pool, published)
    first, second = said(named, "delivered"), said(named, "complained", suppress=True)
    await take("sendgrid", [second, second])
    await take("sendgrid", [first])
    await take("sendgrid", [first, second])
    assert len(await rows(pool, "feedback")) == 2
    assert len({one.id for one in published.events}) == 3  # what comes twice has the same id


async def test_what_could_not_be_told_on_is_told_when_it_comes_again(pool: Pool) -> None:
    named, published = await sent(pool), Published(fails=1)
    take = taking(pool, published)
    with pytest.raises(PublishError):
        await take("sendgrid", [said(named, "complained")])
    await take("sendgrid", [said(named, "complained")])
    assert len(published.events) == 2


async def test_nobody_touches_what_is_not_theirs(pool: Pool) -> None:
    mine = await sent(pool)
    theirs = await sent(pool, 2, shop="beta", provider="postmark")
    take = taking(pool, Published())
    bounce = {"permanent": True, "suppress": True}
    assert (
        await take("sendgrid", [said(theirs, "bounced", address="ana2@example.com", **bounce)]) == 0
    )  # another provider
    assert await take("sendgrid", [said(reference("acme", "no/such/1"), "bounced", **bounce)]) == 0
    assert await take("sendgrid", [said(mine, "bounced", address="else@example.com", **bounce)]) == 1  # forwarded to
    assert await rows(pool, "suppression") == []
    assert [row[:2] for row in await rows(pool, "feedback")] == [("acme", delivery(1).id)]
    assert await take("sendgrid", [said(mine, "bounced", event_id="2", address="ANA1@Example.com", **bounce)]) == 1
    assert [row[2] for row in await rows(pool, "suppression")] == ["ana1@example.com"]


async def test_of_who_is_erased_a_hash_is_suppressed_and_nothing_told(pool: Pool) -> None:
    named, published = await sent(pool), Published()
    await pool.execute("insert into notifier.redaction values ('acme', 'customer-1', $1)", LATER)
    await pool.execute("insert into notifier.hash_key (shop) values ('acme')")
    await pool.execute("update notifier.delivery set recipient = ''")
    words = {"suppress": True, "reason": "ana1@example.com is unknown"}
    assert await taking(pool, published)("sendgrid", [said(named, "bounced", **words)]) == 0
    [(_, _, address, reason)] = await rows(pool, "suppression")
    assert (address[:7], reason) == ("sha256:", "")
    assert await rows(pool, "feedback") == [("acme", delivery(1).id, "bounced", "")]
    assert published.events == []


async def test_a_recipient_is_not_kept_of_who_was_erased_while_it_was_sent(pool: Pool) -> None:
    await pool.execute("insert into notifier.redaction values ('acme', 'customer-1', $1)", LATER)
    await sent(pool)
    await sent(pool, 2)
    assert [row[0] for row in await pool.fetch("select recipient from notifier.delivery order by id")] == [
        "",
        "ana2@example.com",
    ]


async def test_a_clock_that_is_wrong_does_no_harm(pool: Pool) -> None:
    named, published = await sent(pool), Published()
    for number, at in enumerate((NOON - timedelta(days=900), NOON + timedelta(days=900))):
        await taking(pool, published)("sendgrid", [said(named, "delivered", event_id=str(number), at=at)])
    assert [one.time for one in published.events] == [NOON, NOON + timedelta(minutes=10)]


async def test_it_is_explained(pool: Pool) -> None:
    named = await sent(pool)
    take = taking(pool)
    await take("sendgrid", [said(named, "delivered"), said(named, "complained", at=LATER + timedelta(hours=1))])
    async with pool.acquire() as connection:
        [past] = await past_deliveries.of_customer(connection, "acme", "customer-1", NOON)
    assert [(one.kind, one.provider) for one in past.feedback] == [
        ("delivered", "sendgrid"),
        ("complained", "sendgrid"),
    ]


@pytest.fixture
def door(pool: Pool, settings: SettingsFactory) -> httpx.AsyncClient:
    own = settings(NotifierSettings, notifier_sendgrid=SendGridOptions(webhook_key=SENDGRID_KEY))
    app = webhooks_app(webhooks(own), taking(pool, Published(fails=1)), hearing(pool))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://relevo")


async def test_a_post_is_answered_so_that_the_provider_does_what_is_right(door: httpx.AsyncClient, pool: Pool) -> None:
    named = await sent(pool)
    _, request = sendgrid(event("delivered", relevo_message=named, email="ana1@example.com"))
    headers = dict(request.headers)
    again = await door.post("/providers/sendgrid", content=request.body, headers=headers)
    taken = await door.post("/providers/sendgrid", content=request.body, headers=headers)
    assert (again.status_code, again.headers["retry-after"]) == (503, "30")  # Kafka did not take it
    assert (taken.status_code, taken.json()) == (200, {"taken": 1})
    refused = await door.post("/providers/sendgrid", content=request.body + b" ", headers=headers)
    _, odd = sendgrid()
    unreadable = await door.post("/providers/sendgrid", content=odd.body, headers=dict(odd.headers))
    large = await door.post("/providers/sendgrid", content=b"x" * (LARGEST_FORM + 1))
    assert [refused.status_code, unreadable.status_code, large.status_code] == [401, 200, 413]
    unknown, off = await door.post("/providers/pigeon"), await door.post("/providers/postmark", content=b"{}")
    assert [unknown.status_code, off.status_code] == [404, 404]
    assert "RELEVO_NOTIFIER_POSTMARK_WEBHOOK_PASSWORD" in off.json()["detail"]
    assert (await door.get("/providers/sendgrid")).status_code == 405


async def test_from_a_mail_over_sendgrid_to_the_next_that_is_not_sent(post: Post) -> None:
    options = SendGridOptions(url=post.sandbox.url, key="sandbox", webhook_key=SENDGRID_KEY, timeout=5)  # type: ignore[arg-type]
    mail = delivery(1)
    async with post.notifier(notifier_providers="email=sendgrid", notifier_sendgrid=options) as notifier:
        await post.publish(mail)
        [first] = await post.outcomes(1)
        app = webhooks_app(
            webhooks(notifier.settings),
            TakeFeedback(FeedbackTable(post.pool), notifier.publisher, post.clock, Metrics("test")),
            hearing(post.pool),
        )
        told = {"relevo_message": reference(mail.shop, mail.id), "email": "ana1@example.com"}
        _, request = sendgrid(event("bounce", type="bounce", status="5.1.1", **told))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://relevo") as door:
            answer = await door.post("/providers/sendgrid", content=request.body, headers=dict(request.headers))
        await post.publish(delivery(2, key=mail.key, recipient=customer(email="ana1@example.com")))
        outcomes = await post.outcomes(2)
    assert (first.status, answer.status_code) == ("sent", 200)
    assert [(one.status, one.detail.get("rule")) for one in outcomes[1:]] == [("skipped", "suppressed")]
    [published] = await post.read(EVENTS, Event, 1)
    assert published.type == "message.bounced"


async def test_the_database_knows_a_message_by_the_same_reference(pool: Pool) -> None:
    odd = ["run1/send/1", "", "\\", "\\101\\x41", "a'b\"c", "Ünï—€ 🦊", "a\nb", "%s\\n", "x" * 5000]
    pairs = [(shop, effect) for shop in odd for effect in odd]
    shops, effects = zip(*pairs, strict=True)
    rows = await pool.fetch(
        "select encode(notifier.message_of(s, i), 'hex')"
        " from unnest($1::text[], $2::text[]) with ordinality as g(s, i, n) order by n", list(shops), list(effects),
    )  # fmt: skip
    assert [row[0] for row in rows] == [reference(shop, effect) for shop, effect in pairs]


async def test_a_message_is_found_by_an_index(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        plan = await connection.fetch(
            "explain select from notifier.delivery d where notifier.message_of(d.shop, d.id) = 'x'"
        )
    assert "delivery_of_message" in str(plan)


async def test_what_is_told_of_a_message_to_the_staff_says_nothing_of_the_customer(pool: Pool) -> None:
    published = Published()
    of = await sent(pool, to="staff", purpose="transactional")
    statements = [said(of, "bounced", suppress=True, permanent=True), said(of, "complained")]
    assert await taking(pool, published)("sendgrid", statements) == 0
    assert published.events == []
    assert await pool.fetchval("select count(*) from notifier.feedback") == 2
    assert await pool.fetchval("select address from notifier.suppression") == "ana1@example.com"
    assert await pool.fetchval("select count(*) from notifier.unsubscribed") == 0
