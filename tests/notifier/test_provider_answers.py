"""What every provider over HTTP makes of an answer, or of none, byte by byte: told by a server that plays a script."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.registry import channels
from relevo_sandbox.sandbox import Sandbox
from tests.notifier.ways import HTTP_WAYS, Make

Headers = dict[str, str]


class Answers:
    """What a provider says: for taken, for this message refused, and with a status of success around an error."""

    def __init__(
        self, *, taken: tuple[int, Headers, Any], refused: tuple[int, Headers, Any], odd: Any, id_: str
    ) -> None:
        self.taken = taken
        self.refused = refused
        self.odd = odd
        self.id = id_


OF = {
    "postmark": Answers(
        taken=(200, {}, {"MessageID": "pm-1", "ErrorCode": 0}),
        refused=(422, {}, {"ErrorCode": 300, "Message": "Invalid email request"}),
        odd={"ErrorCode": 406, "Message": "inactive"},
        id_="pm-1",
    ),
    "ses": Answers(
        taken=(200, {}, {"MessageId": "0102-1"}),
        refused=(400, {"x-amzn-ErrorType": "MessageRejected"}, {"message": "Illegal content"}),
        odd={"message": "something went wrong"},
        id_="0102-1",
    ),
    "sendgrid": Answers(
        taken=(202, {"X-Message-Id": "sg-1"}, None),
        refused=(400, {}, {"errors": [{"message": "Does not contain a valid address.", "field": "to"}]}),
        odd={"errors": [{"message": "something went wrong"}]},
        id_="sg-1",
    ),
    "mailgun": Answers(
        taken=(200, {}, {"id": "<mg-1@acme.example.com>", "message": "Queued. Thank you."}),
        refused=(400, {}, {"message": "to parameter is not a valid address"}),
        odd={"message": "Mailgun Magnificent API"},
        id_="<mg-1@acme.example.com>",
    ),
    "brevo": Answers(
        taken=(201, {}, {"messageId": "<br-1@smtp-relay.example.com>"}),
        refused=(400, {}, {"code": "invalid_parameter", "message": "email is not valid in to"}),
        odd={"code": "internal", "message": "something went wrong"},
        id_="<br-1@smtp-relay.example.com>",
    ),
    "twilio": Answers(
        taken=(201, {}, {"sid": "SM1", "status": "queued"}),
        refused=(400, {}, {"code": 21211, "message": "Invalid 'To' Phone Number"}),
        odd={"code": 30001, "message": "Queue overflow"},
        id_="SM1",
    ),
    "vonage": Answers(
        taken=(200, {}, {"message-count": "1", "messages": [{"status": "0", "message-id": "0C1"}]}),
        refused=(200, {}, {"message-count": "1", "messages": [{"status": "6", "error-text": "Unroutable"}]}),
        odd={"message-count": "1", "messages": [{"status": "9", "error-text": "Quota exceeded"}]},
        id_="0C1",
    ),
    "messagebird": Answers(
        taken=(201, {}, {"id": "mb-1", "body": "Hello"}),
        refused=(
            422,
            {},
            {"errors": [{"code": 10, "description": "originator is invalid"}]},
        ),
        odd={"errors": [{"code": 25, "description": "Not enough balance"}]},
        id_="mb-1",
    ),
    "plivo": Answers(
        taken=(202, {}, {"message": "message(s) queued", "message_uuid": ["pl-1"], "api_id": "a"}),
        refused=(400, {}, {"api_id": "a", "error": "dst is not valid"}),
        odd={"api_id": "a", "error": "something went wrong"},
        id_="pl-1",
    ),
    "whatsapp": Answers(
        taken=(
            200,
            {},
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": "+16505551234", "wa_id": "16505551234"}],
                "messages": [{"id": "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="}],
            },
        ),
        refused=(
            400,
            {},
            {"error": {"message": "(#132000) Number of parameters does not match", "code": 132000}},
        ),
        odd={"error": {"message": "(#131000) Something went wrong", "code": 131000}},
        id_="wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=",
    ),
    "webpush": Answers(
        taken=(201, {"Location": "https://push.example.net/message/qDIYHNcfAIPP_5ITvURr-d6BGt"}, None),
        refused=(413, {}, None),
        odd={"reason": "BadJwtToken"},
        id_="https://push.example.net/message/qDIYHNcfAIPP_5ITvURr-d6BGt",
    ),
}
BEFORE, AFTER, PARTLY, SILENT = "before the request", "after the request", "in the answer", "never"
"""When a connection is cut."""


def test_every_provider_over_http_is_in_the_table() -> None:
    assert {way.__name__ for way in HTTP_WAYS} == set(OF) == set(channels()) - {"smtp"}


def answer(status: int, headers: Headers, body: Any) -> bytes:
    content = b"" if body is None else msgspec.json.encode(body)
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


@asynccontextmanager
async def playing(script: Sequence[bytes | str]) -> AsyncIterator[int]:
    """A server that answers each request with the next of `script`; a text says when it cuts the connection."""
    left = list(script)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while left:
                said = left.pop(0)
                if said == BEFORE:
                    break
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                if said == SILENT:
                    await reader.read()
                if isinstance(said, str):
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{" if said == PARTLY else b"")
                    break
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture(params=HTTP_WAYS, ids=lambda way: way.__name__)
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


async def told(make: Make, sandbox: Sandbox, *script: bytes | str, sends: int = 1) -> list[ProviderResult]:
    async with playing(script) as port:
        way = make(sandbox, port=port)
        try:
            return [await way.provider.send(way.message(number)) for number in range(sends)]
        finally:
            await way.provider.close()


async def test_taken_names_the_providers_id(make: Make, sandbox: Sandbox) -> None:
    said = OF[make.__name__]
    [result] = await told(make, sandbox, answer(*said.taken))
    assert isinstance(result, Sent)
    assert result.provider_id == said.id


async def test_a_refusal_of_this_message_is_final(make: Make, sandbox: Sandbox) -> None:
    [result] = await told(make, sandbox, answer(*OF[make.__name__].refused))
    assert isinstance(result, Rejected)
    assert not result.suppress


@pytest.mark.parametrize("status", [401, 403, 404, 503])
async def test_what_is_wrong_with_the_account_is_no_messages_fault(make: Make, sandbox: Sandbox, status: int) -> None:
    [result] = await told(make, sandbox, answer(status, {}, None))
    if status == 404 and make.__name__ == "webpush":  # the address is the device's own: it takes nothing any more
        assert isinstance(result, Rejected)
        assert result.gone
        return
    assert isinstance(result, TryLater)


async def test_busy_is_left_alone_for_as_long_as_it_asks(make: Make, sandbox: Sandbox) -> None:
    [result] = await told(make, sandbox, answer(429, {"Retry-After": "17"}, None))
    assert isinstance(result, TryLater)
    assert result.wait == 17


@pytest.mark.parametrize("status", [500, 502, 504, 520])
async def test_an_error_of_the_server_leaves_open_what_became_of_it(make: Make, sandbox: Sandbox, status: int) -> None:
    [result] = await told(make, sandbox, answer(status, {}, {"message": "oops"}))
    assert isinstance(result, Unknown)


async def test_a_success_with_an_error_inside_is_not_a_success(make: Make, sandbox: Sandbox) -> None:
    said = OF[make.__name__]
    [result] = await told(make, sandbox, answer(said.taken[0], {}, said.odd))
    assert isinstance(result, Unknown | Rejected | TryLater)


@pytest.mark.parametrize("body", [None, [], "ok", {}, {"id": 5, "MessageID": [], "MessageId": None, "sid": ""}])
async def test_a_success_without_an_id_is_in_doubt(make: Make, sandbox: Sandbox, body: Any) -> None:
    [result] = await told(make, sandbox, answer(OF[make.__name__].taken[0], {}, body))
    assert isinstance(result, Unknown | Rejected)


@pytest.mark.parametrize("cut", [AFTER, PARTLY, SILENT])
async def test_a_cut_after_handing_over_is_in_doubt(make: Make, sandbox: Sandbox, cut: str) -> None:
    [result] = await told(make, sandbox, cut)
    assert isinstance(result, Unknown)
    assert result.reason


async def test_the_next_message_goes_over_a_new_connection(make: Make, sandbox: Sandbox) -> None:
    taken = answer(*OF[make.__name__].taken)
    results = await told(make, sandbox, AFTER, taken, taken, sends=3)
    assert [type(result) for result in results] == [Unknown, Sent, Sent]
