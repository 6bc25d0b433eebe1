"""Amazon SES: how its answers are read, how requests are signed, and what it is told."""

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.mime import build_mail, reference
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.ses.options import SesOptions
from relevo_notifier.providers.ses.replies import read_ses
from relevo_notifier.providers.ses.request import request_of
from relevo_notifier.providers.ses.signing import Credentials, signed_headers
from tests.notifier.test_mime import mail_content

URL = "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
# What botocore 1.44 signs for the same request with the same key at the same time.
SIGNED = "927f71d6d3b74efe76a12e29f747ac0f6e3c95b156e818d7540649f155df69a8"
SIGNED_WITH_TOKEN = "c9af8dd22ae6a2624c111c614d2954cae0b0ca16c530cf4671cd2cb489cea39e"


@pytest.mark.parametrize(("token", "signature"), [("", SIGNED), ("a/session+token==", SIGNED_WITH_TOKEN)])
def test_a_request_is_signed_as_awss_own_library_signs_it(token: str, signature: str) -> None:
    key = Credentials("eu-west-1", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    headers = signed_headers(key, URL, '{"a":"é"}'.encode(), datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert headers["authorization"].endswith(f"Signature={signature}")
    assert headers["x-amz-date"] == "20260302T120000Z"
    assert headers.get("x-amz-security-token", "") == token


@pytest.mark.parametrize(
    ("status", "error", "words", "kind"),
    [
        (400, "MessageRejected", "Illegal content", Rejected),
        (400, "MessageRejected", "Email address is not verified.", TryLater),
        (400, "BadRequestException", "Missing final '@domain'", Rejected),
        (400, "AccountSuspendedException", "", TryLater),
        (400, "SendingPausedException", "", TryLater),
        (400, "MailFromDomainNotVerifiedException", "", TryLater),
        (400, "LimitExceededException", "", TryLater),
        (400, "Throttling", "Maximum sending rate exceeded.", TryLater),
        (400, "IncompleteSignature", "", TryLater),
        (403, "ExpiredTokenException", "", TryLater),
        (404, "NotFoundException", "Configuration set does not exist", TryLater),
        (413, "", "", Rejected),
        (429, "TooManyRequestsException", "", TryLater),
        (503, "ServiceUnavailable", "", TryLater),
        (500, "InternalFailure", "", Unknown),
        (200, "", "", Unknown),
    ],
)
def test_ses_answers(status: int, error: str, words: str, kind: type) -> None:
    in_header = read_ses(status, {"message": words}, {"x-amzn-errortype": f"{error}:http://internal.amazon.com/x"})
    in_body = read_ses(status, {"message": words, "__type": f"com.amazon.ses#{error}"}, {})
    assert in_header == in_body
    assert type(in_header) is kind
    assert not getattr(in_header, "suppress", False)


SAID: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["message", "__type", "MessageId"]), st.none() | st.integers() | st.text() | st.lists(st.none())
)


@given(st.integers(100, 599), SAID)
def test_no_answer_is_taken_for_sent_without_an_id(status: int, body: dict[str, Any]) -> None:
    found = body.get("MessageId")
    assert isinstance(read_ses(status, body, {}), Sent) == (status == 200 and isinstance(found, str) and bool(found))


def test_the_mail_goes_as_it_is_and_names_itself() -> None:
    mail = mail_content(unsubscribe_url="https://example.com/u/x")
    options = SesOptions(configuration_set="orders", marketing_configuration_set="news")
    told = request_of(mail, options)
    assert b64decode(told["Content"]["Raw"]["Data"]) == build_mail(mail)
    assert told["Destination"] == {"ToAddresses": ["ana@example.com"]}
    assert told["EmailTags"] == [{"Name": "relevo-message", "Value": reference(mail.shop, mail.effect)}]
    assert told["ConfigurationSetName"] == "news"
    assert request_of(mail_content(), options)["ConfigurationSetName"] == "orders"
    assert "ConfigurationSetName" not in request_of(mail, SesOptions())


def test_where_it_goes_follows_from_the_region() -> None:
    assert SesOptions(region="eu-west-1").base_url == "https://email.eu-west-1.amazonaws.com"
    assert SesOptions(region="eu-west-1").missing() == "set RELEVO_NOTIFIER_SES_REGION, _KEY_ID and _SECRET"
