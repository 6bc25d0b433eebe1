"""`relevo systems`: a system is added after a look at it, listed without its secrets, checked and removed."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from relevo_notifier.adapters.systems import ShopSystems
from relevo_runtime.postgres import Pool
from relevo_runtime.secret_keys import SecretKeys
from tests.cli.test_commands import ADD, given
from tests.cli.test_secrets import key
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.platform_servers.server import serving
from tests.system_servers.zendesk import EMAIL, TOKEN, ZendeskServer

LOCAL = {"RELEVO_NOTIFIER_CALL_HOSTS": "127.0.0.1"}
OPENED = {"RELEVO_CONNECT_EMAIL": EMAIL, "RELEVO_CONNECT_TOKEN": TOKEN}


@pytest.fixture
async def zendesk() -> AsyncIterator[ZendeskServer]:
    async with serving(ZendeskServer()) as server:
        yield server


@pytest.fixture
async def environment(settings: SettingsFactory) -> dict[str, str]:
    found = {**given(settings()), **LOCAL}
    await relevo(*ADD, **found)
    return found


async def test_a_system_is_added_listed_checked_and_removed(
    environment: dict[str, str], zendesk: ZendeskServer, pool: Pool, settings: SettingsFactory
) -> None:
    secret = key()
    environment = {**environment, "RELEVO_SECRETS_KEY": secret}
    add = ("systems", "add", "acme", "helpdesk", "zendesk", "--url", zendesk.url)
    code, out, err = await relevo(*add, **environment, **OPENED)
    assert (code, err) == (0, "")
    assert "Johnny Agent (agent)" in out
    assert TOKEN not in str(await pool.fetch("select credentials::text from catalog.system"))
    shops = ShopSystems(pool, SecretKeys(settings(secrets_key=secret)))
    await shops.refresh()
    access = shops.access("acme", "helpdesk")
    assert access is not None
    assert (access.system, access.base_url, access.credentials["token"]) == ("zendesk", zendesk.url, TOKEN)

    code, out, _ = await relevo("systems", "list", "acme", "--json", **environment)
    [listed] = msgspec.json.decode(out)
    assert (code, listed["port"], TOKEN in out) == (0, "helpdesk", False)
    code, out, _ = await relevo("systems", "list", **environment)
    assert "zendesk" in out
    code, out, _ = await relevo("systems", "check", "acme", **environment)
    assert (code, out) == (0, "helpdesk: zendesk lets us in: Johnny Agent (agent)\n")
    code, out, err = await relevo("secrets", "rotate", **{**environment, "RELEVO_SECRETS_KEY": f"{key()},{secret}"})
    assert (code, err) == (0, "")
    code, out, _ = await relevo("systems", "remove", "acme", "helpdesk", **environment)
    assert code == 0
    code, _, err = await relevo("systems", "remove", "acme", "helpdesk", **environment)
    assert (code, "nothing serves helpdesk of shop acme" in err) == (2, True)


async def test_what_can_not_be_used_is_not_added(
    environment: dict[str, str], zendesk: ZendeskServer, pool: Pool
) -> None:
    add = ("systems", "add", "acme", "helpdesk", "zendesk", "--url")
    wrong = [
        ((*add, zendesk.url), {**OPENED, "RELEVO_CONNECT_TOKEN": "wrong"}, "does not accept the credentials"),
        ((*add, "http://127.0.0.1:9"), OPENED, "can't be reached"),
        ((*add, "http://acme.zendesk.com"), OPENED, "use https://"),
        ((*add[:-1],), OPENED, "--url is missing"),
        ((*add, zendesk.url, "--setting", "colour=red"), OPENED, "Zendesk has no setting 'colour'"),
        (("systems", "add", "acme", "helpdesk", "odoo", "--url", zendesk.url), OPENED, "these do: zendesk"),
        (("systems", "add", "acme", "desk", "zendesk", "--url", zendesk.url), OPENED, "there is no port 'desk'"),
        ((*add, zendesk.url), {}, "RELEVO_CONNECT_EMAIL"),
        (("systems", "add", "nobody", *add[3:], zendesk.url), OPENED, "nobody"),
        (("systems", "check", "acme"), {}, "nothing serves any port of shop acme"),
    ]
    for arguments, opened, said in wrong:
        code, _, err = await relevo(*arguments, **environment, **opened)
        assert (code, said in err) == (2, True), (arguments, err)
    assert await pool.fetchval("select count(*) from catalog.system") == 0
