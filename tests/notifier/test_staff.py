"""What the staff hears: mails and texts that no contact policy concerns, and messages to Slack and Teams."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from starlette.responses import PlainTextResponse, Response

from relevo_contracts.contact import Contact
from relevo_contracts.messages import CallHttp, SendDelivery
from relevo_contracts.policy import Cap, Policy
from relevo_notifier.app.judge import Judge
from relevo_notifier.app.message_links import MessageLinks
from relevo_notifier.app.ports import Message
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.policy import MaySend
from relevo_notifier.core.requests import InvalidCall, request_of
from relevo_notifier.core.work import Settled, Work
from relevo_templates.staff import staff_card
from tests.fake_http_service import FakeHttpService, Reply, fake_http_service
from tests.notifier.conftest import Post
from tests.notifier.policies import PURPOSES, policy
from tests.notifier.support import NOON, customer, delivery, work
from tests.notifier.test_calls import answers, publish, until_row
from tests.notifier.test_malformed_values import Known
from tests.notifier.test_message_links import RELEVO, Fronts
from tests.notifier.test_requests import call as plain_call

TASK: dict[str, Any] = {
    "id": "run1/approve-1/1",
    "title": "Credit <b>42 €</b> for *Ana* & [Co](https://evil.example.net)",
    "approval": True,
    "urgent": False,
    "assignee": "Lea",
    "workflow": "credit",
    "due": "2026-03-03T09:30:00+00:00",
    "link": "https://acme.example.com/tasks/acme/run1%2Fapprove-1%2F1",
}
CONTEXT: dict[str, Any] = {
    "notice": "opened",
    "task": TASK,
    "member": {"name": "Lea"},
    "shop": {"name": "Acme", "domain": "acme.example.com"},
}
LEA = Contact(email="lea@example.com", phone="+12025550199", first_name="Lea", locale="es", timezone="Europe/Madrid")
NO_CONSENT = customer(consent="withdrawn")


def notice(**changes: Any) -> SendDelivery:
    """A mail to Lea about a task that concerns a customer."""
    values = {"to": "staff", "purpose": "transactional", "template": "staff-notice", "recipient": LEA, "run_id": ""}
    return delivery(**{**values, "context": CONTEXT, "workflow": "credit", **changes})


def prepared(one: Work) -> Message:
    visits = MessageLinks(Fronts(), lambda _: "token", RELEVO)
    message = Prepare(Known(), lambda *_: "https://acme.example.com/u/1", links=visits).message(one, NOON)
    assert not isinstance(message, Settled), message
    return message


class Strict(Known):
    """A shop whose policy lets nobody have more than one message a day, of whatever kind."""

    def policy(self, shop: str) -> Policy:
        return policy(purposes=PURPOSES, caps=(Cap(most=1, per=timedelta(days=1)),))


def test_the_mail_is_in_the_members_language_and_zone_and_goes_to_nobody_else() -> None:
    message = prepared(work(notice(), known=NO_CONSENT))
    assert message.recipient == "lea@example.com"
    mail = message.mail
    assert mail.subject == "Falta su decisión: Credit <b>42 €</b> for *Ana* & [Co](https://evil.example.net)"
    assert "Vence el 3 de marzo de 2026, 10:30." in mail.text
    assert "Es suya." in mail.text
    assert "&lt;b&gt;42 €&lt;/b&gt;" in mail.html
    assert "parte del equipo de Acme" in mail.html


def test_the_links_of_the_staff_say_of_nobody_who_reads_them_and_nothing_is_unsubscribed() -> None:
    mail = prepared(work(notice())).mail
    assert TASK["link"] in mail.text
    assert "rlv=" not in mail.text + mail.html
    assert mail.unsubscribe_url == ""


def test_a_text_message_has_a_template_of_its_own() -> None:
    message = prepared(work(notice(channel="sms", template="staff-notice-sms")))
    assert message.recipient == "+12025550199"
    assert message.text.startswith("Acme: Falta su decisión: Credit")


@pytest.mark.parametrize("kind", ["opened", "assigned", "reminder", "escalated", "reassigned"])
@pytest.mark.parametrize("locale", ["en", "es", "it", "de", ""])
def test_every_notice_has_words_in_every_language(kind: str, locale: str) -> None:
    recipient = msgspec.structs.replace(LEA, locale=locale)
    context = {**CONTEXT, "notice": kind, "task": {**TASK, "due": "", "link": "", "assignee": ""}}
    mail = prepared(work(notice(recipient=recipient, context=context))).mail
    assert mail.subject.endswith(TASK["title"])
    assert len(mail.text.splitlines()) > 5
    assert "{{" not in mail.text + mail.html


def test_a_digest_lists_what_is_due() -> None:
    lists = {"overdue": [], "today": [TASK, {**TASK, "title": "Pack 7", "link": ""}], "unassigned": []}
    counts = {"overdue_count": 0, "today_count": 31, "unassigned_count": 0}
    context = {"notice": "digest", "digest": lists | counts, "member": {"name": "Lea"}, "shop": CONTEXT["shop"]}
    english = msgspec.structs.replace(LEA, locale="en")
    mail = prepared(work(notice(template="staff-digest", context=context, recipient=english))).mail
    assert mail.subject == "Your day · 31 due today"
    assert "- Pack 7 (3/3/26, 10:30\u202fAM)" in mail.text
    assert "… and 29 more" in mail.text
    assert "Overdue" not in mail.text


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "Without a deadline"), ("es", "Sin plazo"), ("it", "Senza scadenza")]
)
def test_a_digest_has_what_has_no_deadline(locale: str, said: str) -> None:
    lists = {"overdue": [], "today": [], "undated": [{**TASK, "due": ""}], "unassigned": []}
    counts = {f"{name}_count": len(tasks) for name, tasks in lists.items()}
    context = {"notice": "digest", "digest": lists | counts, "member": {"name": "Lea"}, "shop": CONTEXT["shop"]}
    reader = msgspec.structs.replace(LEA, locale=locale)
    mail = prepared(work(notice(template="staff-digest", context=context, recipient=reader))).mail
    assert mail.subject.endswith(f" · 1 {said.lower()}")
    assert f"{said} (1)\n- {TASK['title']}\n" in mail.text


def test_no_contact_policy_concerns_the_staff() -> None:
    judge = Judge(Strict())
    one = work(notice(), known=NO_CONSENT)
    assert judge.verdict(one, NOON) == MaySend("lea@example.com")
    assert not judge.limits(one.delivery)
    assert judge.attempted(one, NOON) is None
    assert judge.limits(delivery())


def test_what_is_about_an_erased_customer_is_not_notice() -> None:
    message = Prepare(Known(), lambda *_: "").message(work(notice(), redacted_at=NOON), NOON)
    assert isinstance(message, Settled)
    assert message.state == "skipped"


# --- Slack and Teams ---------------------------------------------------------------------------------------------


def webhook(service: FakeHttpService | None = None, **changes: Any) -> CallHttp:
    """A message to an incoming webhook, whose address is a secret."""
    kind = changes.get("webhook", "slack")
    body = staff_card(kind, "staff-notice", CONTEXT, (("en",), "UTC"))
    values = {"url": "${CHAT}", "webhook": "slack", "run_id": "", "headers": {}, "body": body}
    return plain_call(**{**values, **changes})


@pytest.fixture
async def chat() -> AsyncIterator[FakeHttpService]:
    async with fake_http_service() as service:
        yield service


def options(chat: FakeHttpService) -> dict[str, Any]:
    address = SecretStr(f"http://127.0.0.1:{chat.port}/returns")
    return {"notifier_call_hosts": "127.0.0.1", "notifier_call_secrets": {"CHAT": address}}


def text(status: int, body: str, **headers: str) -> Reply:
    return lambda: PlainTextResponse(body, status, headers)


def test_nothing_of_a_card_is_markup() -> None:
    slack = staff_card("slack", "staff-notice", CONTEXT, (("en",), "UTC"))
    assert {block["text"]["type"] for block in slack["blocks"] if "text" in block} == {"plain_text"}
    assert slack["text"].startswith("Please decide: Credit &lt;b&gt;42 €&lt;/b&gt;")
    [button] = slack["blocks"][-1]["elements"]
    assert button["url"] == TASK["link"]
    [attachment] = staff_card("teams", "staff-notice", CONTEXT, (("en",), "UTC"))["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {block["type"] for block in attachment["content"]["body"]} == {"RichTextBlock"}


@pytest.mark.parametrize("service", ["slack", "teams"])
def test_a_card_stays_within_the_limits_of_the_service(service: Any) -> None:
    task = {**TASK, "title": "\N{CJK UNIFIED IDEOGRAPH-4E2D} " * 600}
    lists = {name: [task] * 30 for name in ("overdue", "today", "undated", "unassigned")}
    counts = {f"{name}_count": 99 for name in lists}
    for name, context in (
        ("staff-notice", {**CONTEXT, "task": task}),
        ("staff-digest", {**CONTEXT, "digest": lists | counts}),
    ):
        card = staff_card(service, name, context, (("en",), "UTC"))
        assert len(msgspec.json.encode(card)) <= 28_000
        for block in card.get("blocks", []):
            most = {"header": 150, "section": 3000}.get(block["type"], 0)
            assert not most or 0 < len(block["text"]["text"]) <= most


@pytest.mark.parametrize(
    ("kind", "reply"),
    [("slack", text(200, "ok")), ("teams", lambda: Response(status_code=202))],
    ids=["slack", "teams"],
)
async def test_what_is_posted_arrives_once_and_its_address_is_nowhere(
    post: Post, chat: FakeHttpService, kind: str, reply: Reply
) -> None:
    chat.replies = [reply]
    one = webhook(webhook=kind)
    async with post.notifier(**options(chat)):
        await publish(post, one, one)
        [answer] = await answers(post, 1)
    assert (answer.error, answer.run_id) == ("", "")
    [(headers, body)] = chat.asked
    assert headers["content-type"] == "application/json"
    assert msgspec.json.decode(body) == one.body
    row = await post.pool.fetchrow("select * from notifier.call")
    assert row is not None
    assert row["state"] == "answered"
    assert str(chat.port) not in str(dict(row))


@pytest.mark.parametrize(
    ("kind", "status", "body", "reason"),
    [
        ("slack", 400, "invalid_payload", "Slack answered 400 invalid_payload: the message is malformed"),
        (
            "slack",
            404,
            "no_service",
            "Slack answered 404 no_service: the webhook was disabled, removed or is not valid",
        ),
        ("slack", 410, "channel_is_archived", "Slack answered 410 channel_is_archived: the channel is archived"),
        ("slack", 403, "action_prohibited", "Slack answered 403 action_prohibited: an administrator restricts"),
        ("slack", 403, "<html>secret</html>", "Slack answered 403"),
        ("teams", 400, "Bad payload", "Teams answered 400: the card is malformed"),
        ("teams", 404, "", "Teams answered 404: the workflow does not exist any more"),
        ("teams", 413, "", "Teams answered 413: the message is larger than 28 KB"),
    ],
)
async def test_a_refusal_is_final_and_says_what_to_do(
    post: Post, chat: FakeHttpService, kind: str, status: int, body: str, reason: str
) -> None:
    chat.replies = [text(status, body)]
    async with post.notifier(**options(chat)):
        await publish(post, webhook(webhook=kind))
        [answer] = await answers(post, 1)
    assert answer.error.startswith(reason)
    assert "secret" not in answer.error
    assert len(chat.asked) == 1
    assert await post.pool.fetchval("select state from notifier.call") == "failed"


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("slack", text(429, "rate_limited", **{"Retry-After": "30"})),
        ("slack", text(500, "rollup_error")),
        ("teams", text(429, "")),
        (
            "teams",
            text(200, "Microsoft Teams endpoint returned HTTP error 429 with ContextId"),
        ),
    ],
)
async def test_who_is_asked_too_often_is_asked_again_later(
    post: Post, chat: FakeHttpService, kind: str, first: Reply
) -> None:
    chat.replies = [first, text(200, "ok")]
    async with post.notifier(**options(chat), notifier_call_retry_first=1.0):
        await publish(post, webhook(webhook=kind))
        await until_row(post, "state = 'queued' and settled_at is not null")
        post.clock.advance(timedelta(seconds=40))
        [answer] = await answers(post, 1)
    assert (answer.status, answer.error) == (200, "")
    assert chat.keys() == [webhook().id] * 2


def test_a_secret_that_is_not_there_is_named_and_one_that_is_shows_nowhere() -> None:
    found = request_of(webhook(), {}, 10)
    assert isinstance(found, InvalidCall)
    assert found.reason == "the webhook names the secret CHAT: set RELEVO_CALL_SECRET_CHAT"
    address = SecretStr("https://hooks.slack.com/services/T0/B0/very-secret")
    request = request_of(webhook(), {"CHAT": address}, 10)
    assert "very-secret" not in repr(request)
    odd = request_of(webhook(), {"CHAT": SecretStr("very-secret")}, 10)
    assert isinstance(odd, InvalidCall)
    assert "very-secret" not in odd.reason


def test_a_workflows_own_call_can_name_no_secret_in_its_address() -> None:
    found = request_of(webhook(webhook=""), {"CHAT": SecretStr("https://hooks.slack.com/services/x")}, 10)
    assert isinstance(found, InvalidCall)
