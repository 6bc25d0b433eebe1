"""People log in where there is no browser: `relevo login --device`, by a code that they type elsewhere."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from relevo_cli.errors import CommandError
from relevo_cli.logging_in.code_flow import Endpoints, discover
from relevo_cli.logging_in.device_flow import Device, Sleep, ask, wait
from tests.control.openid_provider import OpenIdProvider
from tests.control.test_oidc import provider, server
from tests.e2e.machine import start

__all__ = ["provider", "server"]
SCOPES = "openid groups"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as opened:
        yield opened


async def test_the_command_logs_in_by_a_code_that_is_typed_elsewhere(server: str, tmp_path: Path) -> None:
    surroundings = {"RELEVO_SERVER": server, "XDG_CONFIG_HOME": str(tmp_path)}
    process = await start("login", "--device", **surroundings)
    assert process.stderr is not None
    line = (await process.stderr.readline()).decode()
    found = re.search(r"log in at (\S+) with the code ([0-9A-F]{8}) \(or open (\S+)\)", line)
    assert found is not None, line
    assert found[3] == f"{found[1]}?user_code={found[2]}"
    async with httpx.AsyncClient() as browser:
        await browser.get(found[3])
    out, err = await process.communicate()
    assert process.returncode == 0, err
    assert f"logged in at {server}" in out.decode()
    listing = await start("shops", "list", "--json", **surroundings)
    out, err = await listing.communicate()
    assert (listing.returncode, json.loads(out)) == (0, []), err


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([], [7]),
        (["authorization_pending", "authorization_pending"], [7, 7, 7]),
        (["slow_down", "authorization_pending", "slow_down"], [7, 12, 12, 17]),
    ],
)
async def test_the_provider_is_asked_no_more_often_than_it_says(
    answers: list[str], pauses: list[float], provider: OpenIdProvider, client: httpx.AsyncClient
) -> None:
    provider.interval, provider.pending = 7, answers
    endpoints = await discover(client, provider.url)
    device = await ask(client, endpoints, "relevo", SCOPES)
    await client.get(device.verification_uri_complete)
    slept: list[float] = []
    token = await wait(client, endpoints, "relevo", device, sleep=noting(slept))
    assert (slept, token.count(".")) == (pauses, 2)
    with pytest.raises(CommandError, match="invalid_grant"):  # a code is good for one token
        await wait(client, endpoints, "relevo", device, sleep=noting(slept))


@pytest.mark.parametrize(
    ("answers", "said"),
    [(["access_denied"], "the log-in was refused"), (["expired_token"], "in time"), ([], "in time")],
)
async def test_who_refuses_or_does_not_come_is_not_logged_in(
    answers: list[str], said: str, provider: OpenIdProvider, client: httpx.AsyncClient
) -> None:
    provider.interval, provider.pending = 7, answers
    endpoints = await discover(client, provider.url)
    device = await ask(client, endpoints, "relevo", SCOPES)
    slept: list[float] = []
    with pytest.raises(CommandError, match=said):
        await wait(client, endpoints, "relevo", device, sleep=noting(slept))
    assert sum(slept) <= device.expires_in + device.interval


async def test_a_provider_without_the_flow_or_the_client_says_so(
    provider: OpenIdProvider, client: httpx.AsyncClient
) -> None:
    endpoints = await discover(client, provider.url)
    with pytest.raises(CommandError, match="refuses the log-in: unauthorized_client"):
        await ask(client, endpoints, "another", SCOPES)
    provider.refused_scope = "groups"
    with pytest.raises(CommandError, match="invalid_scope; set RELEVO_CONTROL_OIDC_SCOPES"):
        await ask(client, endpoints, "relevo", SCOPES)
    provider.devices = False
    with pytest.raises(CommandError, match="has no log-in by device: run `relevo login` where a browser is"):
        await ask(client, await discover(client, provider.url), "relevo", SCOPES)


async def test_a_provider_that_is_away_for_a_moment_is_asked_again_more_slowly(provider: OpenIdProvider) -> None:
    there = httpx.AsyncHTTPTransport()
    failing = [True, False]

    async def unsteady(request: httpx.Request) -> httpx.Response:
        if failing and failing.pop(0):
            raise httpx.ConnectError("away")
        return await there.handle_async_request(request)

    async with httpx.AsyncClient() as steady, httpx.AsyncClient(transport=httpx.MockTransport(unsteady)) as client:
        endpoints = await discover(steady, provider.url)
        device = await ask(steady, endpoints, "relevo", SCOPES)
        await steady.get(device.verification_uri_complete)
        slept: list[float] = []
        assert await wait(client, endpoints, "relevo", Device(device.device_code, "", "", 60), sleep=noting(slept))
    assert slept == [5, 10]
    assert device.device_code not in repr(device)
    assert Endpoints("i", "a", "t").device_authorization_endpoint == ""


def noting(slept: list[float]) -> Sleep:
    """A pause that passes at once."""

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return sleep
