"""Postmark: how its answers are read, what it is told, and how it sends beside the mail relay."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.postmark.options import PostmarkOptions
from relevo_notifier.providers.postmark.replies import read_postmark
from relevo_notifier.providers.postmark.request import request_of
from relevo_runtime import catalog
from relevo_sandbox.sandbox import Sandbox
from tests.notifier.conftest import Post
from tests.notifier.support import SHOP, customer, delivery
from tests.notifier.test_mime import mail_content


@pytest.mark.parametrize(
    ("status", "code", "kind", "suppress"),
    [
        (422, 300, Rejected, False),  # not a valid mail
        (422, 406, Rejected, True),  # bounced or complained before
        (413, 0, Rejected, False),  # too large
        (401, 10, TryLater, False),  # the token
        (422, 400, TryLater, False),  # the sender's signature
        (422, 405, TryLater, False),  # no credits
        (422, 412, TryLater, False),  # the account is pending
        (422, 1235, TryLater, False),  # no such stream
        (404, 0, TryLater, False),  # the address of the API
        (302, 0, TryLater, False),
        (429, 429, TryLater, False),
        (503, 100, TryLater, False),  # maintenance
        (500, 0, Unknown, False),  # "in most cases the message is lost"
        (502, 0, Unknown, False),
        (504, 0, Unknown, False),
        (200, 0, Unknown, False),  # without a MessageID
    ],
)
def test_postmarks_answers(status: int, code: int, kind: type, suppress: bool) -> None:
    answer = read_postmark(status, {"ErrorCode": code, "Message": "its words"})
    assert type(answer) is kind
    assert getattr(answer, "suppress", False) is suppress
    assert answer.detail["http"] == str(status)


def test_it_was_taken_if_it_has_an_id() -> None:
    body = {"MessageID": "b7bc2f4a", "ErrorCode": 0, "Message": "OK"}
    assert read_postmark(200, body) == Sent("b7bc2f4a", {"http": "200"})


def test_it_is_left_alone_for_as_long_as_it_asks() -> None:
    assert read_postmark(429, {}, 17.0) == TryLater("Postmark answered 429", 17.0, {"http": "429"}, concern="rate")


SAID: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["ErrorCode", "Message", "MessageID"]), st.none() | st.integers() | st.text() | st.lists(st.none())
)


@given(st.integers(100, 599), SAID)
def test_no_answer_is_taken_for_sent_without_an_id(status: int, body: dict[str, Any]) -> None:
    sent = isinstance(read_postmark(status, body), Sent)
    clear = (
        status == 200
        and bool(body.get("MessageID"))
        and not (isinstance(body.get("ErrorCode"), int) and body["ErrorCode"])
    )
    assert sent == clear


def test_the_headers_of_the_mail_are_kept() -> None:
    url = "https://example.com/u/" + "x" * 200
    told = request_of(mail_content(unsubscribe_url=url, recipient_name='Ana "Bo" Ñ'), PostmarkOptions())
    headers = {header["Name"]: header["Value"] for header in told["Headers"]}
    assert headers["List-Unsubscribe"] == f"<{url}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"].startswith("<")
    assert headers["X-PM-KeepID"] == "true"
    assert told["To"].startswith('"Ana \\"Bo\\" Ñ" <')
    assert told["MessageStream"] == "broadcast"
    assert request_of(mail_content(), PostmarkOptions())["MessageStream"] == "outbound"


@given(st.text(st.characters(exclude_categories=()), max_size=40), st.text(st.characters(exclude_categories=())))
def test_any_text_gives_valid_json_and_no_header_of_its_own(name: str, text: str) -> None:
    odd = mail_content(
        sender=f"{name} <a@example.com>", recipient_name=name, subject=name, text=text, html=text, effect=name
    )
    told = msgspec.json.decode(msgspec.json.encode(request_of(odd, PostmarkOptions())))
    assert not any(sign in value for value in (told["From"], told["To"], told["Subject"]) for sign in "\r\n")
    assert not any(sign in header["Value"] for header in told["Headers"] for sign in "\r\n")


async def test_two_mail_providers_send_side_by_side(post: Post) -> None:
    async with post.pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, msgspec.structs.replace(SHOP, shop="beta"))
    options = PostmarkOptions(url=post.sandbox.url, token=SecretStr("sandbox"), timeout=5)
    mine, theirs = delivery(1), delivery(2, shop="beta", recipient=customer(email="bo@example.com"))
    post.faults(providers={"postmark": {"busy": 1}})
    async with post.notifier(notifier_providers="beta/email=postmark", notifier_postmark=options):
        await post.publish(mine, theirs)
        [sent] = await post.outcomes(1)  # the one that is busy holds up nothing of the other
        assert (sent.delivery_id, sent.detail["smtp"]) == (mine.id, "250")
        post.clock.advance(timedelta(minutes=1))
        outcomes = await post.outcomes(2)
    assert (outcomes[1].delivery_id, outcomes[1].status, outcomes[1].detail["http"]) == (theirs.id, "sent", "200")
    assert {(message.to, message.effect) for message in post.sent()} == {
        ("ana1@example.com", mine.id),
        ("bo@example.com", theirs.id),
    }


async def test_its_sandbox_answers_as_it_does(sandbox: Sandbox) -> None:
    mail = {"From": "a@example.com", "To": "b@example.com", "Subject": "Hi", "TextBody": "Hello"}
    token = {"X-Postmark-Server-Token": "sandbox"}
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        good = await client.post("/email", json=mail, headers=token)
        stranger = await client.post("/email", json=mail, headers={"X-Postmark-Server-Token": "guess"})
        garbled = await client.post("/email", content=b"{", headers=token)
        nobody = await client.post("/email", json=mail | {"To": ""}, headers=token)
    assert (good.status_code, good.json()["ErrorCode"], bool(good.json()["MessageID"])) == (200, 0, True)
    assert (stranger.status_code, stranger.json()["ErrorCode"]) == (401, 10)
    assert (garbled.status_code, garbled.json()["ErrorCode"]) == (422, 402)
    assert (nobody.status_code, nobody.json()["ErrorCode"]) == (422, 300)
    assert [message.subject for message in sandbox.box.messages()] == ["Hi"]
