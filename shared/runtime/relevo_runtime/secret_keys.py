"""Secrets at rest: what opens a shop's webhooks and its platform's API is sealed in the catalog by a key of settings.

A sealed value is bound to its shop and its name: moved to another row it opens nothing. Without `RELEVO_SECRETS_KEY`
secrets are kept in clear, as releases without sealing read them; once it is set, what is written is sealed.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping

from msgspec.structs import replace

from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.master_keys import Damaged, MasterKeys
from relevo_runtime.settings import RuntimeSettings

WEBHOOK = "webhook"
"""The name of the secrets with which a shop signs its webhooks."""


class SecretKeys:
    """Seals and opens with the keys of the settings. Raises `SealingError` if `secrets_key` holds something else."""

    def __init__(self, settings: RuntimeSettings) -> None:
        key = settings.secrets_key.get_secret_value()
        self._masters = MasterKeys(key, setting="RELEVO_SECRETS_KEY", what="the secrets of shops")

    @property
    def seal(self) -> bool:
        """Whether there is a key: what is written now is sealed."""
        return bool(self._masters)

    def sealed(self, secret: Secret, *, shop: str, name: str) -> Secret:
        """How the catalog keeps it: in clear if there is no key; one that is sealed stays as it is."""
        if secret.sealed or not self._masters:
            return secret
        wrapped = self._masters.wrap(secret.value.encode(), _place(shop, name))
        return replace(secret, value=b64encode(wrapped).decode(), sealed=True)

    def opened(self, secret: Secret, *, shop: str, name: str) -> Secret:
        """The secret in clear. Raises `SealingError` if the key that sealed it is not among ours, and `Damaged`."""
        if not secret.sealed:
            return secret
        try:
            kept = b64decode(secret.value, validate=True)
            value = self._masters.unwrap(kept, _place(shop, name), plain=False).decode()
        except ValueError as error:  # not base64, or not text
            raise Damaged("a secret was changed in the database") from error
        return replace(secret, value=value, sealed=False)

    def sealed_shop(self, shop: Shop) -> Shop:
        """The shop as the catalog keeps it."""
        return replace(shop, secrets=[self.sealed(one, shop=shop.shop, name=WEBHOOK) for one in shop.secrets])

    def opened_shop(self, shop: Shop) -> tuple[Shop, list[RuntimeFault]]:
        """The shop with its secrets in clear; one that can't be opened stays sealed, and costs no other."""
        secrets, faults = [], []
        for secret in shop.secrets:
            try:
                secrets.append(self.opened(secret, shop=shop.shop, name=WEBHOOK))
            except RuntimeFault as fault:
                secrets.append(secret)
                faults.append(fault)
        return replace(shop, secrets=secrets), faults

    def sealed_credentials(self, shop: str, credentials: Mapping[str, str]) -> dict[str, Secret]:
        """The credentials of a shop's API as the catalog keeps them, by their names."""
        return {name: self.sealed(Secret(value), shop=shop, name=name) for name, value in credentials.items()}

    def opened_credentials(self, shop: str, credentials: Mapping[str, Secret]) -> dict[str, str]:
        """The credentials in clear. Raises `SealingError` and `Damaged`."""
        return {name: self.opened(one, shop=shop, name=name).value for name, one in credentials.items()}


def _place(shop: str, name: str) -> bytes:
    return f"{shop}\0{name}".encode()
