"""`relevo doctor --server`: what it makes of a control API, by its answer alone."""

import json
from datetime import timedelta

import msgspec
import pytest
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_cli.doctor.control import ControlFacts, findings, look, summary
from relevo_cli.doctor.facts import Unavailable
from relevo_control.app.status import Release
from relevo_control.entrypoints.account_operations import Account, Grant
from relevo_runtime.http import application, serve
from tests.control.conftest import Hire
from tests.control.test_by_server import Person
from tests.e2e.machine import relevo
from tests.engine.conftest import MORNING

URL = "https://relevo.example.com"
ACCOUNT = Account(
    name="ann",
    means="token 00",
    until=MORNING + timedelta(days=30),
    grants=[Grant("author", "*"), Grant("approver", "tea")],
    server=Release("1.0", []),
)
HEALTHY = ControlFacts(ahead=timedelta(0), account=ACCOUNT)


def with_account(**changes: object) -> ControlFacts:
    return structs.replace(HEALTHY, account=structs.replace(ACCOUNT, **changes))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (HEALTHY, []),
        (Unavailable("ConnectError"), [("error", "https://relevo.example.com does not answer: ConnectError")]),
        (
            ControlFacts(ahead=timedelta(0), account=None, refusal="send a token that holds"),
            [("error", "it does not let you in: send a token that holds")],
        ),
        (structs.replace(HEALTHY, ahead=timedelta(seconds=9)), [("warning", "is 9 s ahead of this machine's")]),
        (structs.replace(HEALTHY, ahead=-timedelta(hours=3)), [("error", "is 3 h behind this machine's")]),
        (
            with_account(server=Release("1.0", ["control 0002", "engine 0030"])),
            [("error", "2 migrations are not applied to its database: control 0002, engine 0030")],
        ),
        (with_account(server=Release("0.9", [])), [("warning", "control is of release 0.9, this command of 1.0")]),
        (with_account(until=MORNING + timedelta(days=2)), [("warning", "your token ends in 2 d")]),
        (with_account(until=MORNING + timedelta(minutes=50), means="OIDC u-1"), []),
        (with_account(until=None), []),
    ],
)
def test_it_says_what_is_wrong_and_what_to_do(found: ControlFacts | Unavailable, said: list[tuple[str, str]]) -> None:
    diagnosis = findings(URL, found, "1.0", MORNING)
    assert len(diagnosis) == len(said)
    for one, (severity, what) in zip(diagnosis, said, strict=True):
        assert (one.severity, what in one.what, bool(one.do)) == (severity, True, True), one


def test_it_says_who_you_are_and_what_you_may() -> None:
    assert list(summary(URL, HEALTHY)) == [
        "control     https://relevo.example.com, release 1.0",
        "you         ann (token 00 until 2026-04-01 08:00 UTC): author, approver of tea",
    ]


async def test_who_has_a_token_looks_at_the_control_api(url: str, hire: Hire) -> None:
    token = await hire("ann", "author", days=30)
    ann = Person(url, token)
    out, _ = await ann.says("doctor")
    assert "ann (token" in out
    found = json.loads((await ann.says("doctor", "--json"))[0])
    assert (found["findings"], found["facts"]["control"]["account"]["name"]) == ([], "ann")
    assert token not in msgspec.json.encode(found).decode()


async def test_what_is_wrong_ends_with_1(url: str, hire: Hire) -> None:
    for address, token, wrong in (
        (url, await hire("ann", "author", days=1e-9), "it does not let you in: send a token that holds"),
        (url, "", "it does not let you in"),
        ("http://127.0.0.1:9", "x", "http://127.0.0.1:9 does not answer"),
    ):
        code, out, err = await relevo("doctor", RELEVO_SERVER=address, RELEVO_TOKEN=token, XDG_CONFIG_HOME="/nowhere")
        assert (code, wrong in " ".join(out.split())) == (1, True), out + err


async def test_something_else_at_the_address_is_no_control_api() -> None:
    async def page(_: Request) -> Response:
        return Response("welcome")

    async with serve(application([Route("/v1/account", page)]), "127.0.0.1", 0, stop_timeout=1) as port:
        found = await look(f"http://127.0.0.1:{port}", "x")
    assert isinstance(found, Unavailable)
    assert found.why == "HTTP 200, and not as a control API does"
