"""How the codes of providers are read, and what follows from them."""

from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.messages import DeliveryOutcome
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.core.settle import Rules, after
from relevo_notifier.core.work import Settled
from relevo_notifier.providers.smtp.replies import read_smtp
from relevo_notifier.providers.twilio.replies import read_twilio
from tests.notifier.support import NOON, delivery, work

RULES = Rules(retry=Retry(), span=lambda wall: wall)


@pytest.mark.parametrize(
    ("code", "text", "kind", "suppress"),
    [
        (250, "2.0.0 OK queued as 7", Sent, False),
        (421, "4.3.2 closing", TryLater, False),
        (450, "mailbox busy", TryLater, False),
        (451, "4.7.1 greylisted", TryLater, False),
        (452, "4.2.2 full", TryLater, False),
        (530, "5.7.0 authentication required", TryLater, False),
        (552, "5.2.2 mailbox full", TryLater, False),
        (550, "5.1.1 no such user", Rejected, True),
        (550, "5.1.10 null MX", Rejected, True),
        (550, "5.7.1 rejected as spam", Rejected, False),
        (550, "no enhanced code", Rejected, False),
        (554, "5.6.0 bad content", Rejected, False),
        (553, "see 5.1.1 in our manual", Rejected, False),
    ],
)
def test_smtp_replies(code: int, text: str, kind: type, suppress: bool) -> None:
    answer = read_smtp(code, text)
    assert type(answer) is kind
    assert getattr(answer, "suppress", False) is suppress
    assert answer.detail["smtp"] == str(code)


@pytest.mark.parametrize(
    ("status", "code", "kind", "suppress"),
    [
        (400, 21211, Rejected, False),
        (400, 21610, Rejected, True),
        (400, 21614, Rejected, False),
        (401, 20003, TryLater, False),
        (429, 20429, TryLater, False),
        (500, 0, Unknown, False),
        (502, 0, Unknown, False),
        (503, 0, TryLater, False),
    ],
)
def test_twilio_answers(status: int, code: int, kind: type, suppress: bool) -> None:
    answer = read_twilio(status, code, "its words")
    assert type(answer) is kind
    assert getattr(answer, "suppress", False) is suppress


def outcome_of(settled: Settled) -> DeliveryOutcome:
    assert settled.outcome is not None
    return msgspec.json.decode(settled.outcome, type=DeliveryOutcome)


def test_sent_is_reported_with_the_providers_id() -> None:
    settled = after(work(), Sent("queued as 7"), "ana@example.com", NOON, RULES)
    report = outcome_of(settled)
    assert (settled.state, report.status, report.detail["provider_id"]) == ("sent", "sent", "queued as 7")
    assert report.delivery_id == delivery().id
    assert report.at == NOON


def test_a_refused_address_is_suppressed_where_it_does_not_exist() -> None:
    settled = after(work(), Rejected("no such user", suppress=True), "ana@example.com", NOON, RULES)
    assert (settled.state, settled.suppress) == ("failed", "ana@example.com")
    assert after(work(), Rejected("spam"), "ana@example.com", NOON, RULES).suppress == ""


def test_a_temporary_failure_waits_in_clock_time() -> None:
    fast = Rules(retry=Retry(), span=lambda wall: wall * 3600)
    for rules, least, most in ((RULES, 24, 36), (fast, 24 * 3600, 36 * 3600)):
        item = work(delivery(not_after=NOON + timedelta(days=30)))
        settled = after(item, TryLater("busy"), "ana@example.com", NOON, rules)
        assert settled.state == "queued"
        assert settled.outcome is None
        assert settled.wake_at is not None
        assert least <= (settled.wake_at - NOON).total_seconds() <= most


def test_the_last_attempt_and_one_that_would_be_too_late_fail() -> None:
    last = after(work(attempts=8), TryLater("busy"), "ana@example.com", NOON, RULES)
    assert outcome_of(last).reason == "gave up after 8 attempts: busy"
    late = after(work(delivery(not_after=NOON + timedelta(seconds=5))), TryLater("busy"), "a@example.com", NOON, RULES)
    assert outcome_of(late).reason == "too late for another attempt: busy"


def test_unknown_stays_in_sending_and_is_looked_at_soon() -> None:
    settled = after(work(), Unknown("cut off"), "ana@example.com", NOON, RULES)
    assert (settled.state, settled.outcome) == ("sending", None)
    assert settled.wake_at == NOON + timedelta(seconds=5)


def test_after_a_doubt_the_outcome_says_so() -> None:
    again = outcome_of(after(work(doubts=1), Sent("7"), "ana@example.com", NOON, RULES))
    assert again.status == "sent"
    assert "may have arrived twice" in again.reason
    refused = outcome_of(after(work(doubts=1), Rejected("no"), "ana@example.com", NOON, RULES))
    assert refused.status == "in_doubt"
    assert "an earlier attempt may have arrived" in refused.reason
