"""Control's settings, read once at the start from `RELEVO_…` variables."""

from ipaddress import ip_network
from pathlib import Path

import pydantic
from pydantic import Field

from relevo_control.core.oidc import group_roles
from relevo_runtime.settings import RuntimeSettings


class ControlSettings(RuntimeSettings):
    """What control needs beyond the runtime's settings."""

    control_host: str = Field(default="127.0.0.1", description="Where the control API listens.")
    control_port: int = Field(default=8090, ge=0, le=65535, description="Its port; 0 takes a free one.")
    control_tls_certificate: Path | None = Field(
        default=None,
        description="The certificate with its chain (PEM). Without it the API speaks HTTP, for a proxy that ends TLS.",
    )
    control_tls_key: Path | None = Field(default=None, description="The private key of the certificate (PEM).")
    control_trusted_proxies: str = Field(
        default="",
        description="Networks of proxies, such as 10.0.0.0/8, with commas. What they say in X-Forwarded-For is taken as"
        " the address of who asks, for the audit log and the limit of failed log-ins.",
    )
    control_failed_logins: int = Field(
        default=20, ge=1, le=10_000, description="Failed log-ins a minute after which an address is refused unseen."
    )
    control_oidc_issuer: str = Field(
        default="", description="The issuer of people's ID tokens, such as https://id.example.com. Empty: tokens alone."
    )
    control_oidc_client_id: str = Field(default="", description="The client's id there; ID tokens must be for it.")
    control_oidc_scopes: str = Field(
        default="openid email profile groups",
        description="What `relevo login` asks the provider for, with spaces: leave out what it refuses.",
    )
    control_oidc_name_claim: str = Field(default="email", description="The claim that names who acts.")
    control_oidc_groups_claim: str = Field(default="groups", description="The claim with the groups of who acts.")
    control_oidc_roles: str = Field(
        default="",
        description="Which groups have which roles: GROUP=ROLE, or GROUP=ROLE@SHOP for one shop, with commas.",
    )
    control_settle: float = Field(
        default=5.0, ge=0, le=600, description="Seconds after which every engine has seen a change of the catalog."
    )
    control_plan_days: int = Field(
        default=30, ge=1, le=3650, description="Days for which plans are kept that nobody has carried out, or had."
    )

    @pydantic.field_validator("control_trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(one)
            except ValueError as error:
                raise ValueError(f"{one!r} is not a network such as 10.0.0.0/8: {error}") from None
        return value

    @pydantic.field_validator("control_oidc_scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("the scopes must hold openid: without it there is no ID token")
        return " ".join(value.split())

    @pydantic.field_validator("control_oidc_roles")
    @classmethod
    def _group_roles(cls, value: str) -> str:
        group_roles(value)
        return value

    @pydantic.model_validator(mode="after")
    def _whole_provider(self) -> "ControlSettings":
        if bool(self.control_oidc_issuer) != bool(self.control_oidc_client_id):
            raise ValueError("control_oidc_issuer and control_oidc_client_id belong together: set both, or neither")
        return self

    @pydantic.model_validator(mode="after")
    def _both_files(self) -> "ControlSettings":
        if (self.control_tls_certificate is None) != (self.control_tls_key is None):
            raise ValueError("control_tls_certificate and control_tls_key belong together: set both, or neither")
        return self
