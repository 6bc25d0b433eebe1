"""SendGrid: how its answers are read, and what it is told."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.mime import reference
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.sendgrid.replies import read_sendgrid
from relevo_notifier.providers.sendgrid.request import request_of
from tests.notifier.test_mime import NASTY, mail_content


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (413, Rejected),  # too large
        (401, TryLater),  # the key
        (403, TryLater),  # the sender is not verified
        (404, TryLater),
        (302, TryLater),
        (429, TryLater),
        (503, TryLater),
        (500, Unknown),
        (502, Unknown),
        (200, Unknown),  # its sandbox mode: nothing is sent
        (202, Unknown),  # without an X-Message-Id
    ],
)
def test_sendgrids_answers(status: int, kind: type) -> None:
    answer = read_sendgrid(status, {}, {})
    assert type(answer) is kind
    assert not getattr(answer, "suppress", False)


def test_its_rates_window_ends_by_its_own_clock() -> None:
    headers = {"x-ratelimit-reset": "1772452860", "date": "Mon, 02 Mar 2026 12:00:00 GMT"}
    assert read_sendgrid(429, {}, headers) == TryLater("SendGrid answered 429", 60.0, {"http": "429"}, concern="rate")
    for odd in ("", "soon", "-5", "9" * 40, "²"):
        assert read_sendgrid(429, {}, {**headers, "x-ratelimit-reset": odd}) == TryLater(
            "SendGrid answered 429", 0.0, {"http": "429"}, concern="rate"
        )


SAID: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.just("errors"), st.none() | st.integers() | st.lists(st.none() | st.dictionaries(st.just("message"), st.text()))
)


@given(st.integers(100, 599), SAID, st.sampled_from([{}, {"x-message-id": "sg"}]))
def test_no_answer_is_taken_for_sent_without_an_id(status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
    answer = read_sendgrid(status, body, headers)
    if isinstance(answer, Sent):
        assert (status, answer.provider_id) == (202, "sg")


def test_purpose_chooses_the_pool_and_nothing_is_put_into_the_mail() -> None:
    mail, options = (
        mail_content(unsubscribe_url="https://example.com/u/x"),
        SendGridOptions(pool="a", marketing_pool="b"),
    )
    told = request_of(mail, options)
    assert told["ip_pool_name"] == "b"
    assert request_of(mail_content(), options)["ip_pool_name"] == "a"
    assert "ip_pool_name" not in request_of(mail, SendGridOptions())
    assert told["custom_args"] == {"relevo_message": reference(mail.shop, mail.effect)}
    assert [one["enable"] for one in told["tracking_settings"].values()] == [False, False, False]
    assert told["headers"]["List-Unsubscribe"] == "<https://example.com/u/x>"


@given(NASTY, NASTY)
def test_any_text_gives_valid_json_and_no_header_of_its_own(name: str, text: str) -> None:
    odd = mail_content(sender=f"{name} <a@example.com>", recipient_name=name, subject=name, text=text, html=text)
    told = msgspec.json.decode(msgspec.json.encode(request_of(odd, SendGridOptions())))
    values = [told["subject"], *told["headers"].values(), *told["from"].values()]
    assert not any(sign in value for value in values for sign in "\r\n")
    assert told["subject"]
    assert all(part["value"] for part in told["content"])
