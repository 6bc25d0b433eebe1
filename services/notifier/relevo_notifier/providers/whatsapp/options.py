"""The account at Meta and how to reach it."""

from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions


class WhatsAppOptions(ProviderOptions):
    """One request takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "whatsapp"

    url: str = Field(
        default="https://graph.facebook.com/v23.0", description="Address of the Graph API with its version."
    )
    numbers: str = Field(
        default="",
        description="The phone number ID that messages come from, with commas: ID for every shop, SHOP=ID for one;"
        " empty: nothing can be sent by WhatsApp.",
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="The access token of a system user, with whatsapp_business_messaging."
    )
    app_secret: SecretStr = Field(
        default=SecretStr(""), description="The secret of Meta's app, which signs what it tells (POST)."
    )
    verify_token: SecretStr = Field(
        default=SecretStr(""), description="The verify token of the webhook, as it is typed in at Meta (GET)."
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to the API; each has one request under way at a time."
    )
    timeout: float = Field(default=20.0, ge=1, le=300, description="Seconds that one request to the API may take.")

    @field_validator("numbers")
    @classmethod
    def _readable(cls, value: str) -> str:
        numbers_of(value)
        return value

    def missing(self) -> str:
        """A number and the token."""
        complete = self.numbers and self.token.get_secret_value()
        return "" if complete else "set RELEVO_NOTIFIER_WHATSAPP_NUMBERS and _TOKEN"


def numbers_of(text: str) -> dict[str, str]:
    """The phone number IDs by shop, empty text for every one. Raises `ValueError`, which says what would be right."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        shop, _, number = (piece.strip() for piece in part.rpartition("="))
        if not (number.isascii() and number.isdigit()):
            raise ValueError(
                f"{part!r} does not end in a phone number ID: write 106540352242922, or SHOP=106540352242922"
            )
        found[shop] = number
    return found
