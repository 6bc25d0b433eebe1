"""Mailgun: how its answers are read, and what it is told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relevo_notifier.core.mime import build_mail, reference
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.replies import read_mailgun
from relevo_notifier.providers.mailgun.request import form_of, path_of
from tests.notifier.test_mime import mail_content


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "to parameter is not a valid address. please check documentation", Rejected),
        (400, "Domain acme.example.com is not allowed to send: account disabled", TryLater),
        (400, "Sandbox subdomains are for test purposes only.", TryLater),
        (413, "", Rejected),
        (401, "Forbidden", TryLater),
        (402, "", TryLater),
        (404, "Domain not found", TryLater),
        (420, "", TryLater),
        (429, "", TryLater),
        (302, "", TryLater),
        (503, "", TryLater),
        (500, "", Unknown),
        (200, "Mailgun Magnificent API", Unknown),
    ],
)
def test_mailguns_answers(status: int, words: str, kind: type) -> None:
    answer = read_mailgun(status, {"message": words})
    assert type(answer) is kind
    assert not getattr(answer, "suppress", False)


SAID: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["message", "id"]), st.none() | st.integers() | st.text() | st.lists(st.none())
)


@given(st.integers(100, 599), SAID)
def test_no_answer_is_taken_for_sent_without_an_id(status: int, body: dict[str, Any]) -> None:
    found = body.get("id")
    assert isinstance(read_mailgun(status, body), Sent) == (status == 200 and isinstance(found, str) and bool(found))


def test_the_mail_goes_as_it_is_over_the_domain_of_its_purpose() -> None:
    mail = mail_content(unsubscribe_url="https://example.com/u/x")
    options = MailgunOptions(domain="mail.example.com", marketing_domain="news.example.com")
    assert path_of(mail, options) == "/v3/news.example.com/messages.mime"
    assert path_of(mail_content(), options) == "/v3/mail.example.com/messages.mime"
    assert path_of(mail, MailgunOptions(domain="mail.example.com")) == "/v3/mail.example.com/messages.mime"
    content, content_type = form_of(mail)
    boundary = b"--" + content_type.partition("boundary=")[2].encode()
    assert content.count(boundary) == 5
    assert build_mail(mail) in content
    assert f'"v:relevo-message"\r\n\r\n{reference(mail.shop, mail.effect)}\r\n'.encode() in content


@pytest.mark.parametrize("domain", ["a/b", "acme.example.com/messages?", "a b.com", "..", "%2f.com", "x"])
def test_a_domain_that_would_lead_elsewhere_is_refused(domain: str) -> None:
    with pytest.raises(ValidationError, match="domain"):
        MailgunOptions(domain=domain)
