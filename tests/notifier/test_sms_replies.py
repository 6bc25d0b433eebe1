"""What Vonage, MessageBird and Plivo answer: each code that their pages name, and what holds for every answer."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater
from relevo_notifier.providers.messagebird.replies import read_messagebird
from relevo_notifier.providers.plivo.replies import read_plivo
from relevo_notifier.providers.vonage.replies import read_vonage

READERS: list[Callable[[int, Mapping[str, Any]], ProviderResult]] = [read_vonage, read_messagebird, read_plivo]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
NAMES = st.sampled_from(
    ["messages", "status", "message-id", "error-text", "id", "errors", "code", "error", "message_uuid"]
)
BODIES = st.dictionaries(NAMES, JSON | st.lists(st.dictionaries(NAMES, JSON, max_size=3), max_size=3), max_size=4)


def vonage(*statuses: str) -> ProviderResult:
    parts = [{"status": one, "message-id": f"m{n}", "error-text": "words"} for n, one in enumerate(statuses)]
    return read_vonage(200, {"messages": parts})


@pytest.mark.parametrize("status", ["1", "4", "5", "8", "9", "10", "11", "14", "15"])
def test_vonage_may_take_later_what_is_about_the_account_or_will_pass(status: str) -> None:
    assert isinstance(vonage(status), TryLater)


@pytest.mark.parametrize(("status", "suppress"), [("3", False), ("6", False), ("7", True), ("12", False), ("33", True)])
def test_vonage_never_takes_what_is_about_the_message(status: str, suppress: bool) -> None:
    result = vonage(status)
    assert isinstance(result, Rejected)
    assert result.suppress == suppress


def test_a_text_of_which_vonage_took_a_part_is_not_sent_again() -> None:
    result = vonage("0", "1")
    assert isinstance(result, Sent)
    assert result.detail["parts"] == "1 of 2"


@pytest.mark.parametrize(("code", "kind"), [(2, TryLater), (9, Rejected), (10, Rejected), (25, TryLater)])
def test_messagebird_says_whether_the_account_or_the_message_is_at_fault(code: int, kind: type) -> None:
    assert isinstance(read_messagebird(422, {"errors": [{"code": code, "description": "words"}]}), kind)


def test_plivo_says_its_error_in_words() -> None:
    result = read_plivo(400, {"error": "dst is not valid"})
    assert isinstance(result, Rejected)
    assert "dst is not valid" in result.reason


@pytest.mark.parametrize("read", READERS)
@given(status=st.integers(200, 599), body=BODIES)
def test_every_answer_is_read_and_none_is_sent_without_an_id(
    read: Callable[[int, Mapping[str, Any]], ProviderResult], status: int, body: Mapping[str, Any]
) -> None:
    result = read(status, body)
    if isinstance(result, Sent):
        assert result.provider_id
        assert status < 300
    else:
        assert result.reason
