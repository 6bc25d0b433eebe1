"""`relevo shops storefront`: it is opened, changed, shown and closed, and its secret is sealed and rotated."""

import base64
import os
from datetime import timedelta

import pytest

from relevo_runtime import storefronts
from relevo_runtime.clock import SystemClock
from relevo_runtime.postgres import Pool
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.storefronts import Storefront
from tests.cli.test_commands import ADD, given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo

OPEN = ("shops", "storefront", "acme")


@pytest.fixture
def environment(settings: SettingsFactory) -> dict[str, str]:
    return given(settings())


async def kept(pool: Pool) -> Storefront | None:
    async with pool.acquire() as database:
        return await storefronts.storefront(database, "acme")


async def test_a_storefront_is_opened_changed_and_closed(environment: dict[str, str], pool: Pool) -> None:
    await relevo(*ADD, **environment)
    _, _, missing = await relevo(*OPEN, **environment)
    assert "--domain" in missing
    code, opened, _ = await relevo(*OPEN, "--domain", "WWW.acme.example", **environment)
    first = await kept(pool)
    assert first
    assert (code, first.domains, first.consent, first.filter_bots) == (0, ["www.acme.example"], "required", True)
    assert f'data-key="{first.key}"></script>' in opened
    _, changed, _ = await relevo(*OPEN, "--consent", "assumed", "--keep-bots", "--new-key", **environment)
    second = await kept(pool)
    assert second
    assert (second.domains, second.consent, second.filter_bots) == (["www.acme.example"], "assumed", False)
    assert second.key != first.key
    assert 'data-consent="assumed"' in changed
    closed, _, _ = await relevo(*OPEN, "--close", **environment)
    assert closed == 0
    assert await kept(pool) is None


@pytest.mark.parametrize("domain", ["https://acme.example", "acme.example:8080", "*"])
async def test_what_is_not_a_domain_is_refused(environment: dict[str, str], domain: str) -> None:
    await relevo(*ADD, **environment)
    code, _, problem = await relevo(*OPEN, "--domain", domain, **environment)
    assert code != 0
    assert "is not a host name" in " ".join(problem.split())


async def test_its_secret_is_shown_once_sealed_and_rotated(
    environment: dict[str, str], pool: Pool, settings: SettingsFactory
) -> None:
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    own = environment | {"RELEVO_SECRETS_KEY": key}
    await relevo(*ADD, **own)
    shown = []
    for _ in range(2):
        _, text, _ = await relevo(*OPEN, "--domain", "acme.example", "--new-secret", **own)
        shown.append(text.rpartition("shown once: ")[2].strip())
    front = await kept(pool)
    assert front
    assert all(secret.sealed for secret in front.secrets)
    opened, faults = storefronts.opened(front, SecretKeys(settings(secrets_key=key)))
    now = SystemClock().now()
    assert faults == []
    assert sorted(opened.valid_secrets(now)) == sorted(shown)
    assert opened.valid_secrets(now + timedelta(days=3)) == [shown[1]]
    _, again, _ = await relevo(*OPEN, "--json", **own)
    assert shown[1] not in again
