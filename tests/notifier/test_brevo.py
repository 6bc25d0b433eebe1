"""Brevo: how its answers are read, what it is told, and that a mail in doubt goes again while that is safe."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.mime import reference
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.brevo.options import BrevoOptions
from relevo_notifier.providers.brevo.replies import read_brevo
from relevo_notifier.providers.brevo.request import idempotency_key, request_of
from tests.notifier.support import NOON, work
from tests.notifier.test_malformed_values import Provider, attempt_over
from tests.notifier.test_mime import NASTY, mail_content


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_parameter", Rejected),
        (400, "missing_parameter", Rejected),
        (413, "", Rejected),
        (400, "not_enough_credits", TryLater),
        (402, "not_enough_credits", TryLater),
        (401, "unauthorized", TryLater),
        (403, "permission_denied", TryLater),
        (404, "document_not_found", TryLater),
        (429, "", TryLater),
        (503, "", TryLater),
        (500, "", Unknown),
        (201, "", Unknown),  # without a messageId
        (201, "odd", Unknown),
    ],
)
def test_brevos_answers(status: int, code: str, kind: type) -> None:
    answer = read_brevo(status, {"code": code, "message": "its words"}, "key")
    assert type(answer) is kind
    assert not getattr(answer, "suppress", False)


def test_a_key_that_was_used_says_that_an_earlier_attempt_got_through() -> None:
    answer = read_brevo(400, {"code": "duplicate_parameter"}, "key")
    assert answer == Sent("key", {"http": "400", "code": "duplicate_parameter"})


SAID: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["message", "messageId"]), st.none() | st.integers() | st.text() | st.lists(st.none())
)


@given(st.integers(100, 599), SAID)
def test_no_answer_is_taken_for_sent_without_an_id(status: int, body: dict[str, Any]) -> None:
    found = body.get("messageId")
    sent = isinstance(read_brevo(status, body, "key"), Sent)
    assert sent == (status in (201, 202) and isinstance(found, str) and bool(found))


@given(st.text(), st.text())
def test_the_key_is_a_uuid_of_the_effect(effect: str, other: str) -> None:
    key = idempotency_key(mail_content(effect=effect))
    assert UUID(key).version == 4
    assert (key == idempotency_key(mail_content(effect=other, text="other"))) == (effect == other)


@given(NASTY, NASTY)
def test_any_text_gives_valid_json_and_no_header_of_its_own(name: str, text: str) -> None:
    odd = mail_content(sender=f"{name} <a@example.com>", recipient_name=name, subject=name, text=text, html=text)
    told = msgspec.json.decode(msgspec.json.encode(request_of(odd, BrevoOptions())))
    values = [told["subject"], *told["headers"].values(), *told["sender"].values()]
    assert not any(sign in value for value in values for sign in "\r\n")
    assert all(value.isascii() for value in told["headers"].values())


def test_purpose_chooses_the_tag_and_the_mail_names_itself() -> None:
    mail = mail_content(unsubscribe_url="https://example.com/u/x")
    told = request_of(mail, BrevoOptions())
    assert (told["tags"], request_of(mail_content(), BrevoOptions())["tags"]) == (["marketing"], ["transactional"])
    assert told["headers"]["X-Mailin-custom"] == reference(mail.shop, mail.effect)
    assert told["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("waited", "tried_by", "attempts", "state"),
    [
        (timedelta(minutes=20), "letters", 2, "sent"),
        (timedelta(minutes=26), "letters", 2, "in_doubt"),
        (timedelta(minutes=20), "another", 2, "in_doubt"),
        (timedelta(minutes=20), "letters", 99, "in_doubt"),
    ],
)
async def test_marketing_in_doubt_goes_again_while_it_arrives_once(
    waited: timedelta, tried_by: str, attempts: int, state: str
) -> None:
    provider = Provider()
    provider.repeatable_for = timedelta(minutes=25)
    doubtful = work(accepted_at=NOON - waited, tried_by=tried_by, doubtful=True, doubts=1, attempts=attempts)
    settled = await attempt_over(provider, "letters")(doubtful)
    assert (settled.state, len(provider.sent)) == (state, int(state == "sent"))
