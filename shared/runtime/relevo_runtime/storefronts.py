"""What shops let the browsers of their visitors tell, in `catalog.storefront`. Written by the relevo command only.

The key of a storefront is public: it stands in every page. It opens nothing but what any visitor may say of themselves.
"""

import hmac
import secrets as random_texts
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from relevo_runtime.catalog import Secret
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.postgres import Connection, Statements
from relevo_runtime.secret_keys import SecretKeys

STATEMENTS = Statements.load("relevo_runtime", "storefronts.sql")
ConsentMode = Literal["required", "assumed"]
"""`required`: of a visitor nothing is kept before they agree. `assumed`: until they refuse."""
SEALED_AS = "storefront"
"""The name under which the secrets of a storefront are sealed."""
_ANY_BELOW = "*."


class Storefront(Struct, frozen=True, kw_only=True):
    """The storefront of a shop. `secrets` are those with which its server signs who is signed in."""

    shop: str
    key: str
    domains: list[str]
    consent: ConsentMode = "required"
    filter_bots: bool = True
    secrets: list[Secret] = []

    def is_at(self, host: str) -> bool:
        """Whether pages of the shop are at `host`, in lower case."""
        return any(
            host.endswith(domain[1:]) if domain.startswith(_ANY_BELOW) else host == domain for domain in self.domains
        )

    def accepts_key(self, key: str) -> bool:
        """Whether `key` is the storefront's."""
        return hmac.compare_digest(key.encode("utf-8", "replace"), self.key.encode())

    def valid_secrets(self, now: datetime) -> list[str]:
        """The secrets that hold at `now`."""
        valid = (secret for secret in self.secrets if secret.until is None or now < secret.until)
        return [secret.value for secret in valid if not secret.sealed]


def new_key() -> str:
    """A public key that no other shop has."""
    return f"pk_{random_texts.token_urlsafe(18)}"


def sealed(one: Storefront, keys: SecretKeys) -> Storefront:
    """The storefront as the catalog keeps it."""
    kept = [keys.sealed(secret, shop=one.shop, name=SEALED_AS) for secret in one.secrets]
    return msgspec.structs.replace(one, secrets=kept)


def opened(one: Storefront, keys: SecretKeys) -> tuple[Storefront, list[RuntimeFault]]:
    """The storefront with its secrets in clear, and why some can't be opened: they are left out."""
    secrets: list[Secret] = []
    faults: list[RuntimeFault] = []
    for secret in one.secrets:
        try:
            secrets.append(keys.opened(secret, shop=one.shop, name=SEALED_AS))
        except RuntimeFault as fault:
            faults.append(fault)
    return msgspec.structs.replace(one, secrets=secrets), faults


async def storefronts(connection: Connection) -> list[Storefront]:
    """Every storefront, by shop."""
    return [msgspec.convert(dict(row), Storefront) for row in await connection.fetch(STATEMENTS["storefronts"])]


async def storefront(connection: Connection, shop: str) -> Storefront | None:
    """The storefront of a shop, or None if it has none."""
    row = await connection.fetchrow(STATEMENTS["storefront"], shop)
    return None if row is None else msgspec.convert(dict(row), Storefront)


async def set_storefront(connection: Connection, one: Storefront) -> None:
    """Opens the storefront of a shop that there is, or changes it."""
    row = (one.shop, one.key, one.domains, one.consent, one.filter_bots, one.secrets)
    await connection.execute(STATEMENTS["set_storefront"], *row)
    await connection.execute(STATEMENTS["next_revision"])


async def close_storefront(connection: Connection, shop: str) -> bool:
    """Takes nothing from the shop's browsers any more; false if it had no storefront."""
    await connection.execute(STATEMENTS["next_revision"])
    return await connection.execute(STATEMENTS["close_storefront"], shop) != "DELETE 0"
