"""The verdict counts what is at the sinks: what is missing, what is there twice, what nobody expects."""

from datetime import UTC, datetime, timedelta

from relevo_cli.demonstration.summary import overtaken
from relevo_cli.demonstration.verdict import Arrived, Kind, Skip, judge, kind_of, missing
from relevo_cli.sample_shop.expectations import Expected

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


def test_what_came_twice_in_doubt_counts_as_twice() -> None:
    verdict = judge(
        [wanted(), wanted("b@example.com")], [there(1), there(2), there(3, "b@example.com")], {kind_of(wanted())}
    )
    assert (verdict.twice, verdict.twice_in_doubt, verdict.missing_in_doubt, len(verdict.duplicates)) == (1, 1, 0, 0)
    unsure = judge([wanted()], [], {kind_of(wanted())})
    assert (unsure.twice, unsure.missing_in_doubt) == (0, 1)


def test_two_expected_messages_of_a_kind_need_two() -> None:
    assert judge([wanted(), wanted()], [there(1), there(2)]).good
    assert len(judge([wanted(), wanted()], [there(1)]).lost) == 1


def skipped(after: timedelta) -> dict[Kind, Skip]:
    return {kind_of(wanted()): Skip(AT + after, "consent was withdrawn")}


def test_a_message_that_a_stall_pushed_past_a_withdrawal_is_not_lost_and_its_reason_is_told() -> None:
    verdict = judge([wanted()], [], frozenset(), skipped(timedelta(hours=19)))
    assert verdict.good
    assert not verdict.lost
    [line] = overtaken(verdict.overtaken)
    assert line == (
        "late: email cart/reminder to a@example.com, looked at 19 h after its time, was rightly not sent:"
        " consent was withdrawn"
    )


def test_a_message_that_was_skipped_in_time_is_lost() -> None:
    verdict = judge([wanted()], [], frozenset(), skipped(timedelta(minutes=5)))
    assert [message.recipient for message in verdict.lost] == ["a@example.com"]
    assert not verdict.good
    assert not verdict.overtaken
