"""The shop that a real system under test serves."""

from msgspec import Struct

from relevo_runtime.catalog import Secret, Shop, hash_token


class ShopUnderTest(Struct, frozen=True, kw_only=True):
    """What the fixture `relevo_shop` returns: override it in a `conftest.py` for a shop like your own.

    `platform` is `custom` for CloudEvents alone. The secret and the tokens open nothing but a system under test.
    """

    name: str = "shop"
    platform: str = "custom"
    title: str = "The Shop"
    domain: str = "shop.example.com"
    secret: str = "the secret of a shop under test"  # noqa: S105 - it opens nothing else
    token: str = "token-for-events"  # noqa: S105
    task_token: str = "token-for-tasks"  # noqa: S105
    email_from: str = "The Shop <hello@shop.example.com>"
    sms_from: str = "+15005550006"
    locale: str = "en"
    timezone: str = "UTC"
    currency: str = "EUR"
    postal_address: str = "The Shop, 1 Example Street"
    quiet_hours: str = ""

    def in_catalog(self) -> Shop:
        """The shop as the catalog keeps it."""
        return Shop(
            shop=self.name,
            platform=self.platform,
            name=self.title,
            domain=self.domain,
            secrets=[] if self.platform == "custom" else [Secret(self.secret)],
            token_hashes=[hash_token(self.token)],
            task_token_hashes=[hash_token(self.task_token)],
            email_from=self.email_from,
            sms_from=self.sms_from,
            locale=self.locale,
            timezone=self.timezone,
            currency=self.currency,
            postal_address=self.postal_address,
            quiet_hours=self.quiet_hours,
        )
