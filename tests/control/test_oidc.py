"""People log in at an OpenID provider: whose ID tokens hold, which roles their groups give them, and the command."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette

from relevo_cli.commands.login import _known
from relevo_cli.errors import CommandError
from relevo_cli.logging_in.code_flow import Attempt, discover
from relevo_control.adapters.oidc import Provider
from relevo_control.app.errors import OperationError
from relevo_control.core.oidc import group_roles, principal_of
from relevo_control.entrypoints.http import make_app
from relevo_control.entrypoints.log_in import log_in
from relevo_control.entrypoints.main import people
from relevo_control.settings import ControlSettings
from relevo_runtime.clock import SystemClock
from relevo_runtime.http import serve
from relevo_runtime.postgres import Pool
from tests.conftest import SettingsFactory
from tests.control.conftest import Hire, bearer
from tests.control.openid_provider import OpenIdProvider
from tests.e2e.machine import start

ROLES = group_roles("shop-team=viewer, leads=author, leads=approver@tea")


@pytest.fixture
async def provider() -> AsyncIterator[OpenIdProvider]:
    found = OpenIdProvider()
    async with serve(found.app(), "127.0.0.1", 0, stop_timeout=1) as port:
        found.url = f"http://127.0.0.1:{port}"
        found.claims = {"email": "ann@example.com", "email_verified": True, "groups": ["shop-team"]}
        yield found


@pytest.fixture
async def server(pool: Pool, settings: SettingsFactory, provider: OpenIdProvider) -> AsyncIterator[str]:
    own = settings(
        ControlSettings,
        control_oidc_issuer=provider.url,
        control_oidc_client_id="relevo",
        control_oidc_roles="shop-team=viewer, leads=author",
        control_failed_logins=100,
    )
    async with httpx.AsyncClient() as client:
        app = make_app(pool, own, SystemClock(), people(own, client))
        async with serve(app, "127.0.0.1", 0, stop_timeout=1) as port:
            yield f"http://127.0.0.1:{port}"


async def status(server: str, token: str, path: str = "/v1/shops") -> int:
    async with httpx.AsyncClient(base_url=server) as client:
        return (await client.get(path, headers=bearer(token))).status_code


async def test_a_person_of_a_group_may_what_its_role_may(server: str, provider: OpenIdProvider) -> None:
    assert await status(server, provider.token()) == 200
    assert await status(server, provider.token(groups=["others"])) == 403
    assert await status(server, provider.token(groups="shop-team")) == 200
    assert await status(server, provider.token(), "/v1/dead-letters") == 403


async def test_a_token_that_is_not_the_providers_for_us_opens_nothing(server: str, provider: OpenIdProvider) -> None:
    now = SystemClock().now()
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = provider.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    header = {"kid": provider.key_id}
    refused = {
        "expired": provider.token(exp=now - timedelta(minutes=5)),
        "not yet": provider.token(nbf=now + timedelta(minutes=5)),
        "another audience": provider.token(aud="another"),
        "another issuer": provider.token(iss="https://id.example.com"),
        "no end": provider.token(exp=None),
        "nobody": provider.token(sub=None),
        "no name": provider.token(email=None),
        "an address that nobody verified": provider.token(email_verified=False),
        "another key": jwt.encode(claims, stranger, algorithm="RS256", headers=header),
        "signed by the public key": jwt.encode(claims, public[:64], algorithm="HS256", headers=header),
        "an access token": provider.token("at+jwt"),
        "a logout token": provider.token("logout+jwt"),
        "given to another client": provider.token(azp="another"),
        "for several, and nobody says to whom it was given": provider.token(aud=["relevo", "another"]),
        "not signed": jwt.encode(claims, "", algorithm="none", headers=header),
        "not a token": "a.b.c",
    }
    assert {name: await status(server, token) for name, token in refused.items()} == dict.fromkeys(refused, 401)


async def test_a_token_for_several_of_which_it_was_given_to_us_opens_what_it_may(
    server: str, provider: OpenIdProvider
) -> None:
    assert await status(server, provider.token(aud=["another", "relevo"], azp="relevo")) == 200
    assert await status(server, provider.token(aud=["relevo"])) == 200


async def test_unknown_keys_do_not_make_the_provider_be_asked_each_time(server: str, provider: OpenIdProvider) -> None:
    assert await status(server, provider.token()) == 200
    provider.rotate()
    for _ in range(5):
        assert await status(server, provider.token()) == 401
    assert provider.asked_for_keys == 1


async def test_a_provider_that_is_away_is_503_and_tokens_still_hold(server: str, provider: OpenIdProvider) -> None:
    provider.away = True
    assert await status(server, provider.token()) == 503
    assert await status(server, "relevo_nothing") == 401


async def test_a_provider_that_is_away_is_not_asked_for_each_request(server: str, provider: OpenIdProvider) -> None:
    provider.away = True
    assert {await status(server, provider.token()) for _ in range(5)} == {503}
    assert provider.asked == 1


async def test_while_a_provider_does_not_answer_tokens_are_served(
    server: str, provider: OpenIdProvider, hire: Hire
) -> None:
    provider.holding = asyncio.Event()
    waiting = [asyncio.create_task(status(server, provider.token())) for _ in range(30)]
    token = await hire("ann", "viewer")
    while not provider.asked:
        await asyncio.sleep(0)
    assert [await status(server, token) for _ in range(3)] == [200, 200, 200]
    assert not any(one.done() for one in waiting)
    provider.holding.set()
    assert set(await asyncio.gather(*waiting)) == {200}


async def test_a_key_that_is_known_opens_while_another_is_asked_for(
    provider: OpenIdProvider,
) -> None:
    seconds = [0.0]
    async with httpx.AsyncClient() as client:
        known = Provider(provider.url, "relevo", client, lambda: seconds[0])
        token = provider.token()
        assert await known.claims(token) is not None
        provider.rotate()
        provider.holding, seconds[0] = asyncio.Event(), 60.0
        asking = asyncio.create_task(known.claims(provider.token()))
        while provider.asked < 2:
            await asyncio.sleep(0)
        assert await known.claims(token) is not None
        provider.holding.set()
        assert await asking is not None


async def test_the_command_asks_for_what_is_set_whether_the_provider_lists_it_or_not(
    server: str, provider: OpenIdProvider, tmp_path: Path
) -> None:
    provider.scopes = ["openid", "profile", "email", "offline_access"]
    provider.refused_scope = "groups"
    process = await start("login", "--no-browser", RELEVO_SERVER=server, XDG_CONFIG_HOME=str(tmp_path))
    assert process.stderr is not None
    found = re.search(r"http\S+", (await process.stderr.readline()).decode())
    assert found is not None
    assert httpx.URL(found[0]).params["scope"] == "openid email profile groups"
    assert "doesn't list groups; if it refuses that, leave it out of" in (await process.stderr.readline()).decode()
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        await browser.get(found[0])
    _, err = await process.communicate()
    assert process.returncode == 2
    assert "refused: invalid_scope; set RELEVO_CONTROL_OIDC_SCOPES" in " ".join(err.decode().split())


async def test_the_scopes_are_those_that_are_set(provider: OpenIdProvider, settings: SettingsFactory) -> None:
    own = settings(ControlSettings, control_oidc_scopes="openid  email")
    transport = httpx.ASGITransport(Starlette(routes=[log_in(own)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
        assert (await client.get("/v1/log-in")).json()["scopes"] == "openid email"
    with pytest.raises(ValueError, match="must hold openid"):
        settings(ControlSettings, control_oidc_scopes="email")
    async with httpx.AsyncClient() as asking:
        assert (await discover(asking, provider.url)).unlisted("openid groups") == ""
        provider.issuer = "https://id.example.com"
        with pytest.raises(CommandError, match=r"says that it is of https://id\.example\.com"):
            await discover(asking, provider.url)


async def test_a_server_that_went_away_during_the_log_in_is_named_as_such(provider: OpenIdProvider) -> None:
    away = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match=rf"^{away} can't be reached"):
        await _known(away, provider.token())


async def test_a_server_that_can_not_tell_who_asks_says_why(server: str, provider: OpenIdProvider) -> None:
    provider.away = True
    with pytest.raises(OperationError, match=r"^the OpenID provider does not answer"):
        await _known(server, provider.token())


def test_an_answer_of_another_provider_is_refused() -> None:
    attempt = Attempt.new("http://127.0.0.1:1/log-in")
    answer = {"state": attempt.state, "code": "c"}
    assert attempt.code(answer | {"iss": "https://id.example.com"}, "https://id.example.com") == "c"
    assert attempt.code(answer, "https://id.example.com") == "c"
    with pytest.raises(CommandError, match=r"is of https://mallory\.example\.com"):
        attempt.code(answer | {"iss": "https://mallory.example.com"}, "https://id.example.com")


async def test_the_command_logs_in_by_code_and_pkce(server: str, provider: OpenIdProvider, tmp_path: Path) -> None:
    surroundings = {"RELEVO_SERVER": server, "XDG_CONFIG_HOME": str(tmp_path)}
    process = await start("login", "--no-browser", "--seconds", "60", **surroundings)
    assert process.stderr is not None
    line = (await process.stderr.readline()).decode()
    found = re.search(r"http\S+", line)
    assert found is not None, line
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        page = await browser.get(found[0])
    assert "go back to the terminal" in page.text
    out, err = await process.communicate()
    assert process.returncode == 0, err
    assert f"logged in at {server} as ann@example.com: viewer" in out.decode()
    kept = tmp_path / "relevo" / "log-ins.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text()).keys() == {server}
    listing = await start("shops", "list", "--json", **surroundings)
    out, err = await listing.communicate()
    assert (listing.returncode, json.loads(out)) == (0, [])
    await (await start("login", "--forget", **surroundings)).communicate()
    assert json.loads(kept.read_text()) == {}


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"email": "ann@example.com", "groups": []}, "may not: it needs the permission shops:read"),
        ({"email": "ann@example.com", "email_verified": False}, "send a token that holds"),
    ],
)
async def test_who_may_nothing_is_told_so_at_once_and_nothing_is_kept(
    claims: dict[str, Any], why: str, server: str, provider: OpenIdProvider, tmp_path: Path
) -> None:
    provider.claims = claims
    process = await start("login", "--no-browser", RELEVO_SERVER=server, XDG_CONFIG_HOME=str(tmp_path))
    assert process.stderr is not None
    found = re.search(r"http\S+", (await process.stderr.readline()).decode())
    assert found is not None
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        await browser.get(found[0])
    _, err = await process.communicate()
    assert process.returncode == 2
    assert why in " ".join(err.decode().split())
    assert not (tmp_path / "relevo").exists()


async def test_an_answer_that_is_not_to_this_log_in_is_refused(
    server: str, provider: OpenIdProvider, tmp_path: Path
) -> None:
    process = await start("login", "--no-browser", RELEVO_SERVER=server, XDG_CONFIG_HOME=str(tmp_path))
    assert process.stderr is not None
    line = (await process.stderr.readline()).decode()
    redirect = httpx.URL(re.findall(r"http\S+", line)[0]).params["redirect_uri"]
    async with httpx.AsyncClient() as browser:
        await browser.get(redirect, params={"code": "stolen", "state": "guessed"})
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert "does not belong to this log-in" in err.decode()


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        ({"groups": ["shop-team"]}, {("viewer", "*")}),
        ({"groups": ["leads", "leads", 7, None]}, {("author", "*"), ("approver", "tea")}),
        ({"groups": {"leads": True}}, set()),
        ({"groups": None}, set()),
        ({}, set()),
    ],
)
def test_groups_give_roles_each_for_its_shop(claims: dict[str, Any], granted: set[tuple[str, str]]) -> None:
    claims = {"email": "ann@example.com", "sub": "1", **claims}
    found = principal_of(claims, ROLES, name_claim="email", groups_claim="groups")
    assert found is not None
    assert found.grants == granted


@pytest.mark.parametrize("text", ["viewer", "=viewer", "team=boss", "team="])
def test_a_setting_that_gives_no_role_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not GROUP=ROLE"):
        group_roles(text)
