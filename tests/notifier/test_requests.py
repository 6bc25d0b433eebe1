"""What goes out in a call, what never does, where it may go, and how an answer is read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from relevo_contracts.messages import CallHttp
from relevo_notifier.core.network import Allowed, public, why_blocked
from relevo_notifier.core.replies import LARGEST_BODY, read_body, read_reply, retry_after
from relevo_notifier.core.requests import InvalidCall, Request, request_of
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_notifier.settings import NotifierSettings, call_secrets

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRETS = {"ERP_TOKEN": SecretStr("s3cret-value"), "BROKEN": SecretStr("two\nlines")}


def call(**changes: Any) -> CallHttp:
    values: dict[str, Any] = {
        "id": "run1/ask-erp/1",
        "shop": "acme",
        "key": "customer-1",
        "run_id": "run1",
        "workflow": "return",
        "step": "ask-erp",
        "method": "POST",
        "url": "https://erp.example.com/returns?x=1",
        "timeout_seconds": 10.0,
        "body": {"order": "1001"},
        "decided_at": NOON,
    }
    return CallHttp(**{**values, **changes})


def made(**changes: Any) -> Request:
    request = request_of(call(**changes), SECRETS, 60)
    assert isinstance(request, Request), request
    return request


def test_a_request_has_its_key_its_body_and_its_secrets() -> None:
    request = made(headers={"Authorization": "Bearer ${ERP_TOKEN}"})
    headers = {name.decode().lower(): value.decode() for name, value in request.headers}
    assert headers["idempotency-key"] == "run1/ask-erp/1"
    assert headers["authorization"] == "Bearer s3cret-value"
    assert headers["content-type"] == "application/json"
    assert msgspec.json.decode(request.content) == {"order": "1001"}
    assert (request.host, request.port, request.place) == ("erp.example.com", 443, "erp.example.com:443")
    assert "s3cret" not in repr(request)


def test_a_doubled_dollar_sign_names_no_secret() -> None:
    headers = dict(made(headers={"X-Name": "$${ERP_TOKEN} $${OTHER} $5 $$5 $${ERP_TOKEN"}).headers)
    assert headers[b"X-Name"] == b"${ERP_TOKEN} ${OTHER} $5 $5 ${ERP_TOKEN"


def test_a_step_gets_no_more_time_than_the_notifier_gives() -> None:
    assert made(timeout_seconds=600.0).timeout == 60
    assert made(timeout_seconds=3.0).timeout == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"url": "ftp://erp.example.com/"}, "needs http:// or https://"),
        ({"url": "https:///path"}, "needs http:// or https:// and a host"),
        ({"url": "https://erp.example.com/a b"}, "encode what goes into it"),
        ({"url": "https://erp.example.com/\r\nX: y"}, "encode what goes into it"),
        ({"url": "https://erp.example.com:port/"}, "can't be read"),
        ({"url": "https://[::1/"}, "can't be read"),
        ({"headers": {"Authorization": "Bearer ${OTHER}"}}, "set RELEVO_CALL_SECRET_OTHER"),
        ({"headers": {"X-Name": "a\r\nX-Other: b"}}, "line breaks"),
        ({"headers": {"X-Name": "${BROKEN}"}}, "line breaks"),
        ({"headers": {"Bad Name": "x"}}, "not a valid name of a header"),
        ({"headers": {"Host": "inside.example.com"}}, "set by Relevo"),
        ({"headers": {"idempotency-key": "mine"}}, "set by Relevo"),
    ],
)
def test_what_can_never_be_called_says_why_without_a_secret(changes: dict[str, Any], reason: str) -> None:
    wrong = request_of(call(**changes), SECRETS, 60)
    assert isinstance(wrong, InvalidCall)
    assert reason in wrong.reason
    assert "s3cret" not in wrong.reason
    assert "two" not in wrong.reason


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    found = call_secrets({"RELEVO_CALL_SECRET_ERP": "s3cret-value", "RELEVO_OTHER": "x"})
    assert found["ERP"].get_secret_value() == "s3cret-value"
    assert set(found) == {"ERP"}
    assert "s3cret-value" not in repr(NotifierSettings(notifier_call_secrets=found))


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # the metadata of cloud machines
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, is_public: bool) -> None:
    assert public(address) is is_public


@pytest.mark.parametrize(
    ("patterns", "host", "port", "address", "may"),
    [
        ("", "erp.internal", 80, "10.0.0.5", False),
        ("erp.internal", "ERP.internal", 80, "10.0.0.5", True),
        ("erp.internal:8080", "erp.internal", 80, "10.0.0.5", False),
        ("erp.internal:8080", "erp.internal", 8080, "10.0.0.5", True),
        ("*.internal", "erp.internal", 80, "10.0.0.5", True),
        ("*.internal", "internal", 80, "10.0.0.5", False),
        ("*.internal", "erp.internal.example.com", 80, "10.0.0.5", False),
        ("10.0.0.0/8", "anything.example.com", 80, "10.0.0.5", True),
        ("10.0.0.0/8", "anything.example.com", 80, "192.168.0.1", False),
        ("127.0.0.1:9000", "127.0.0.1", 9000, "127.0.0.1", True),
        ("[::1]:9000", "::1", 9000, "::1", True),
        ("", "shop.example.com", 443, "93.184.215.14", True),
    ],
)
def test_private_places_need_permission(patterns: str, host: str, port: int, address: str, may: bool) -> None:
    assert Allowed.parse(patterns).permits(host, port, address) is may


def test_a_name_with_one_private_address_is_refused_as_a_whole() -> None:
    reason = why_blocked(Allowed(), "mixed.example.com", 443, ["93.184.215.14", "10.0.0.1"])
    assert "RELEVO_NOTIFIER_CALL_HOSTS=mixed.example.com:443" in reason


@pytest.mark.parametrize("text", ["*", "a.*", "10.0.0.0/99", "erp.internal:http", "*.*.internal"])
def test_a_pattern_that_can_never_fit_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="notifier_call_hosts"):
        NotifierSettings(notifier_call_hosts=text)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_authorities_that_cannot_be_read_are_refused_at_the_start(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match=r"ca_file[\s\S]*PEM file"):
        SmtpOptions(ca_file=str(file))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "999999999999"}, 3600),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "Mon, 02 Mar 2026 12:02:00 GMT"}, 120),
        ({"retry-after": "Mon, 02 Mar 2026 11:00:00 GMT"}, 0),
        # By the sender's own clock, which may be wrong:
        ({"retry-after": "Mon, 02 Mar 2026 13:00:30 GMT", "date": "Mon, 02 Mar 2026 13:00:00 GMT"}, 30),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOON) == seconds


@pytest.mark.parametrize(
    ("content_type", "content", "value"),
    [
        ("application/json", b'{"ok": true}', {"ok": True}),
        ("application/problem+json; charset=utf-8", b'{"ok": true}', {"ok": True}),
        ("", b"[1]", [1]),
        ("application/json", b"not json", "not json"),
        ("text/plain", b'{"ok": true}', '{"ok": true}'),
        ("text/html", b"caf\xe9", "caf\N{REPLACEMENT CHARACTER}"),
        ("application/json", b'{"a\\u0000": "b\\u0000"}', {"a\N{REPLACEMENT CHARACTER}": "b\N{REPLACEMENT CHARACTER}"}),
        ("application/json", b"", None),
        ("application/json", b"[" * 100 + b"]" * 100, "[" * 100 + "]" * 100),
        ("application/json", b"[" * 100_000, "[" * 100_000),
    ],
)
def test_json_is_read_and_everything_else_is_text(content_type: str, content: bytes, value: Any) -> None:
    assert read_body(content_type, content) == value


@example(rb"\u0000", "")
@given(st.binary(max_size=300), st.sampled_from(["", "application/json", "text/plain"]))
def test_any_answer_can_be_told_to_the_engine(content: bytes, content_type: str) -> None:
    encoded = msgspec.json.encode(read_body(content_type, content))
    assert b"\\u0000" not in encoded.replace(rb"\\", b"")  # a backslash before it makes it plain text


def test_what_is_too_large_or_compressed_is_an_error() -> None:
    large = read_reply(200, {}, None, NOON)
    assert (large.status, large.body, large.error) == (
        200,
        None,
        f"the answer is larger than {LARGEST_BODY // 1024} KiB",
    )
    assert "compressed" in read_reply(200, {"content-encoding": "gzip"}, b"x", NOON).error
