"""The verdict counts what is at the sinks: what is missing, what is there twice, what nobody expects."""

from datetime import UTC, datetime, timedelta

from relevo_cli.demonstration.summary import overtaken
from relevo_cli.demonstration.verdict import Arrived, judge, kind_of, missing
from relevo_cli.sample_shop.story import Expected

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def wanted(recipient: str = "a@example.com", template: str = "reminder") -> Expected:
    return Expected(
        channel="email", recipient=recipient, workflow="cart", template=template, not_before=AT, scenario="s"
    )


def there(number: int = 1, recipient: str = "a@example.com", template: str = "reminder", at: datetime = AT) -> Arrived:
    return Arrived(
        number=number,
        channel="email",
        recipient=recipient,
        effect=f"run/{template}/1",
        workflow="cart",
        template=template,
        decided_at=at,
    )


def test_all_there_once_is_good() -> None:
    verdict = judge([wanted()], [there()])
    assert verdict.good
    assert (verdict.emails, verdict.sms) == (1, 0)


def test_a_missing_message_is_lost() -> None:
    verdict = judge([wanted(), wanted("b@example.com")], [there()])
    assert [message.recipient for message in verdict.lost] == ["b@example.com"]
    assert not verdict.good
    assert missing([wanted(), wanted("b@example.com")], [there()]) == 1


def test_a_second_copy_is_a_duplicate() -> None:
    verdict = judge([wanted()], [there(1), there(2)])
    assert [message.number for message in verdict.duplicates] == [2]
    assert not verdict.good


def test_a_message_that_nobody_expects_is_unexpected_and_no_duplicate() -> None:
    verdict = judge([wanted()], [there(1), there(2, template="last-call")])
    assert [message.template for message in verdict.unexpected] == ["last-call"]
    assert not verdict.duplicates
    assert not verdict.good


def test_a_message_decided_before_its_time_is_early() -> None:
    assert judge([wanted()], [there(at=AT - timedelta(seconds=1))]).early
    assert not judge([wanted()], [there(at=AT)]).early


def test_what_is_in_doubt_is_counted_apart() -> None:
    doubted = {kind_of(wanted())}
    assert judge([wanted()], [], doubted).in_doubt == 1
    assert judge([wanted()], [], doubted).good
    assert judge([wanted()], [there(1), there(2)], doubted).in_doubt == 1
    assert judge([wanted()], [there(1)], doubted).in_doubt == 0


def test_two_expected_messages_of_a_kind_need_two() -> None:
    assert judge([wanted(), wanted()], [there(1), there(2)]).good
    assert len(judge([wanted(), wanted()], [there(1)]).lost) == 1


def test_a_clock_that_was_too_fast_for_the_machine_is_told_as_the_cause() -> None:
    [line] = overtaken(["skipped: too late: it was good until 2026-03-12 20:16 UTC", "nothing is known"], kills=0)
    assert line.startswith("1 of the lost")
    assert "relevo demo --speed 900" in line
    assert overtaken(["skipped: no consent"], kills=0) == overtaken(["skipped: too late: …"], kills=3) == []
