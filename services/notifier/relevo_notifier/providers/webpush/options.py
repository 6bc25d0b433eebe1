"""The key by which push services know us, and which services messages may go to."""

from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions
from relevo_notifier.providers.webpush.vapid import private_key_of

SERVICES = "fcm.googleapis.com, updates.push.services.mozilla.com, web.push.apple.com, *.notify.windows.com"


class WebPushOptions(ProviderOptions):
    """One device takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "push"

    private_key: SecretStr = Field(
        default=SecretStr(""),
        description="The private VAPID key that `relevo push-keys` makes; empty: no push messages.",
    )
    subject: str = Field(
        default="", description="Whom push services ask when something is wrong: mailto:ops@example.com, or https://…"
    )
    services: str = Field(
        default=SERVICES,
        description="The push services that messages may go to, with commas: hosts, *.domains, or whole origins.",
    )
    ttl: int = Field(
        default=86_400, ge=0, le=2_419_200, description="Seconds for which a message is kept for a device that is off."
    )
    connections: int = Field(default=8, ge=1, le=200, description="Messages under way at once.")
    timeout: float = Field(default=20.0, ge=1, le=300, description="Seconds that one message may take.")

    @field_validator("private_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            private_key_of(value.get_secret_value())
        return value

    @field_validator("subject")
    @classmethod
    def _can_be_asked(cls, value: str) -> str:
        if value and not value.startswith(("mailto:", "https://")):
            raise ValueError("it begins with mailto: or https://")
        return value

    def missing(self) -> str:
        """The key, and whom to ask."""
        complete = self.private_key.get_secret_value() and self.subject
        return "" if complete else "set RELEVO_NOTIFIER_WEBPUSH_PRIVATE_KEY (`relevo push-keys`) and _SUBJECT"


class Services:
    """Where messages may go: whoever subscribes says an endpoint, and may say any."""

    def __init__(self, text: str) -> None:
        self._patterns = tuple(part.strip().lower() for part in text.split(",") if part.strip())

    def origin(self, endpoint: str) -> str:
        """The origin of an endpoint that messages may go to; empty for any other."""
        try:
            parts = urlsplit(endpoint)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return ""
        origin = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
        if parts.username or parts.password or not host:
            return ""
        if origin in self._patterns:
            return origin
        known = any(host.endswith(one[1:]) if one.startswith("*.") else host == one for one in self._patterns)
        return origin if known and parts.scheme == "https" and port in (None, 443) else ""
