"""The account at Amazon SES and how to reach it."""

from typing import ClassVar

from pydantic import Field, SecretStr

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions
from relevo_notifier.providers.ses.sns import TOPIC


class SesOptions(ProviderOptions):
    """One request takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "email"

    region: str = Field(
        default="", pattern=r"^[a-z0-9-]*$", description="The region of AWS, such as eu-west-1; empty: no mail is sent."
    )
    url: str = Field(default="", description="Address of the API, such as a sandbox's; empty: that of the region.")
    key_id: str = Field(default="", description="Access key of an identity that may call ses:SendEmail.")
    secret: SecretStr = Field(default=SecretStr(""), description="The access key's secret.")
    session_token: SecretStr = Field(default=SecretStr(""), description="Session token, if the key is a temporary one.")
    configuration_set: str = Field(
        default="",
        description="Configuration set of transactional mail; its event destination tells what became of it.",
    )
    marketing_configuration_set: str = Field(
        default="", description="Configuration set of marketing mail, with IP addresses of its own; empty: the same."
    )
    topic: str = Field(
        default="",
        pattern=f"^({TOPIC})?$",
        description="ARN of the SNS topic to which the configuration sets publish; empty: it is not read.",
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to SES; each has one request under way at a time."
    )
    timeout: float = Field(default=30.0, ge=1, le=300, description="Seconds that one request to SES may take.")

    def missing(self) -> str:
        """Region and credentials."""
        whole = self.region and self.key_id and self.secret.get_secret_value()
        return "" if whole else "set RELEVO_NOTIFIER_SES_REGION, _KEY_ID and _SECRET"

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self.url or f"https://email.{self.region}.amazonaws.com"
