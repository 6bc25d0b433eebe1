"""The notifier's settings, read once at the start from `RELEVO_…` variables."""

import os
from collections.abc import Mapping
from datetime import time
from typing import Self

import pydantic
from pydantic import Field, SecretStr

from relevo_notifier.core.network import Allowed
from relevo_notifier.core.routing import Routing
from relevo_notifier.providers.registry import ProviderSettings, channels, options_of

CALL_SECRET = "RELEVO_CALL_SECRET_"  # noqa: S105 - a prefix of names


def call_secrets(environment: Mapping[str, str]) -> dict[str, SecretStr]:
    """The secrets that headers of calls may name as `${NAME}`: each is a variable `RELEVO_CALL_SECRET_NAME`."""
    return {
        name.removeprefix(CALL_SECRET): SecretStr(value)
        for name, value in environment.items()
        if name.startswith(CALL_SECRET)
    }


class NotifierSettings(ProviderSettings):
    """What the notifier needs beyond the runtime's settings. Durations are seconds of wall-clock time."""

    notifier_providers: str = Field(
        default="",
        description="Which provider sends what, with commas: email=NAME for every shop, SHOP/email=NAME for one,"
        " email.marketing=NAME and SHOP/email.marketing=NAME for one purpose; the shop says more than the purpose."
        f" Where nothing is said, the first of its channel sends. There are {', '.join(channels())}.",
    )
    notifier_http_host: str = Field(default="127.0.0.1", description="Where providers tell what became of messages.")
    notifier_http_port: int = Field(
        default=0, ge=0, le=65535, description="Its port (POST /providers/NAME); 0: nothing listens."
    )
    notifier_inbox_host: str = Field(
        default="127.0.0.1", description="Where mails come back to that could not be delivered."
    )
    notifier_inbox_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Its port (SMTP); 0: nothing listens. RELEVO_NOTIFIER_SMTP_RETURN_DOMAIN.",
    )
    notifier_consumers: int = Field(default=1, ge=1, le=32, description="Members of the group that takes deliveries.")
    notifier_batch: int = Field(
        default=500, ge=1, le=10_000, description="Most deliveries accepted in one transaction."
    )
    notifier_capacity: int = Field(
        default=2000, ge=1, le=100_000, description="Deliveries of a provider held in memory; above, Kafka has to wait."
    )
    notifier_lease: float = Field(
        default=120.0,
        ge=3,
        le=3600,
        description="Seconds after which another instance takes over what a silent one was sending.",
    )
    notifier_attempts: int = Field(
        default=8, ge=1, le=100, description="How often a delivery is tried while its provider says try later."
    )
    notifier_history_days: int = Field(
        default=90,
        ge=7,
        le=3650,
        description="How many days finished deliveries and calls are kept; at least as long as their topics.",
    )
    notifier_retry_first: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="Seconds before the second attempt; each wait after it is four times longer.",
    )
    notifier_retry_longest: float = Field(
        default=3600.0, gt=0, le=86_400, description="Longest wait in seconds between two attempts."
    )
    notifier_quiet_from: time | None = Field(
        default=None, description="Local time from which people get no marketing, such as 21:00; empty: at no time."
    )
    notifier_quiet_until: time | None = Field(
        default=None, description="Local time until which people get no marketing, such as 08:00."
    )
    notifier_visit_links: bool = Field(
        default=True,
        description="Whether links to a shop's own pages, in mails to customers' own addresses, tell its storefront who"
        " reads them; false keeps visitors who do not sign in unknown.",
    )

    notifier_call_connections: int = Field(
        default=16, ge=1, le=200, description="HTTP calls of workflows that are under way at once."
    )
    notifier_call_per_host: int = Field(
        default=4, ge=1, le=200, description="How many of them may go to one host and port at once."
    )
    notifier_call_timeout: float = Field(
        default=60.0, ge=1, le=60, description="Seconds that a call may take at most, whatever its step says."
    )
    notifier_call_attempts: int = Field(
        default=6, ge=1, le=100, description="How often a call is made that was answered 429 or 5xx, or not at all."
    )
    notifier_call_retry_first: float = Field(
        default=2.0,
        gt=0,
        le=3600,
        description="Seconds before the second attempt; each wait after it is four times longer.",
    )
    notifier_call_retry_longest: float = Field(
        default=300.0, gt=0, le=86_400, description="Longest wait in seconds, unless Retry-After asks for more."
    )
    notifier_call_patience: float = Field(
        default=3600.0, gt=0, le=86_400, description="Seconds after which a call is given up whose host is left alone."
    )
    notifier_call_hosts: str = Field(
        default="",
        description="Private places that workflows may call, with commas: erp.internal, *.internal, 10.1.0.0/16,"
        " localhost:8080. Public addresses need no permission, private ones are refused otherwise.",
    )
    notifier_call_secrets: dict[str, SecretStr] = Field(
        default_factory=lambda: call_secrets(os.environ),
        description="What headers of calls may name as ${NAME}; set each as RELEVO_CALL_SECRET_NAME.",
    )
    notifier_circuit_failures: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Failed calls to a host within the window, half of all or more, after which it is left alone.",
    )
    notifier_circuit_window: float = Field(default=60.0, gt=0, le=3600, description="That window, in seconds.")
    notifier_circuit_pause: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds for which it is left alone, before one call tries it."
    )

    @pydantic.field_validator("notifier_call_hosts")
    @classmethod
    def _readable(cls, value: str) -> str:
        Allowed.parse(value)
        return value

    @pydantic.field_validator("notifier_providers")
    @classmethod
    def _known(cls, value: str) -> str:
        Routing.parse(value, channels())
        return value

    @property
    def routing(self) -> Routing:
        """Which provider sends what."""
        return Routing.parse(self.notifier_providers, channels())

    @property
    def longest_timeout(self) -> float:
        """Seconds that one message may take, of whichever provider in use takes longest."""
        return max(options_of(self, name).timeout for name in self.routing.providers())

    @pydantic.model_validator(mode="after")
    def _fits(self) -> Self:
        longest = self.longest_timeout
        if self.notifier_lease < 2 * longest:
            raise ValueError(
                f"RELEVO_NOTIFIER_LEASE ({self.notifier_lease:g} s) must be at least twice the longest timeout of a "
                f"provider ({longest:g} s), or a delivery could be taken over while it is being sent"
            )
        if self.notifier_inbox_port and not self.notifier_smtp.return_domain:
            raise ValueError(
                "RELEVO_NOTIFIER_INBOX_PORT needs RELEVO_NOTIFIER_SMTP_RETURN_DOMAIN: what comes back there?"
            )
        if (self.notifier_quiet_from is None) != (self.notifier_quiet_until is None):
            raise ValueError("RELEVO_NOTIFIER_QUIET_FROM and …_QUIET_UNTIL belong together: set both or none")
        return self
