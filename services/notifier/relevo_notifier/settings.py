"""The notifier's settings, read once at the start from `RELEVO_…` variables."""

import os
from collections.abc import Mapping
from datetime import time
from typing import Literal, Self

import pydantic
from pydantic import Field, SecretStr

from relevo_notifier.app.keep_inbound import InboundRules
from relevo_notifier.core.inbound import addresses_of_shops, shared_numbers
from relevo_notifier.core.limits import Limits
from relevo_notifier.core.network import Allowed
from relevo_notifier.core.prices import Prices
from relevo_notifier.core.routing import Routing
from relevo_notifier.providers.options import SmsOptions
from relevo_notifier.providers.registry import ProviderSettings, channels, options_of

_FOLDER = r"^[\x20-\x7e]+$"
"""A mailbox's name as IMAP sends it: names beyond ASCII are written in modified UTF-7 (RFC 3501 section 5.1.3)."""
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
        " NAME|OTHER: OTHER sends while NAME does not."
        f" Where nothing is said, the first of its channel sends. There are {', '.join(channels())}.",
    )
    notifier_limits: str = Field(
        default="",
        description="How many messages go out, with commas: NAME=20/s of a provider, NAME@google=5/s to a destination,"
        " SHOP/NAME=1000/day of a shop, */NAME=1/s of each shop; s, min, hour or day. All instances share them.",
    )
    notifier_warm_up: str = Field(
        default="",
        description="Senders that are new: NAME=DATE/FIRST/LAST; FIRST messages on that day, twice as many on each day"
        " after it, all once that is more than LAST. SHOP/NAME and NAME@google as above.",
    )
    notifier_prices: str = Field(
        default="",
        description="What messages cost, with commas, for results: email=0.0004 USD of a channel, NAME=0.0079 USD of a"
        " provider, NAME+34=0.075 EUR to numbers that begin so, SHOP/NAME of a shop; of an SMS each segment."
        " NAME=told EUR: what the provider tells (vonage).",
    )
    notifier_failover_after: float = Field(
        default=60.0,
        ge=1,
        le=86_400,
        description="Seconds for which a provider has to be down before the second one takes over (NAME|OTHER).",
    )
    notifier_backlog: int = Field(
        default=5_000_000,
        ge=1,
        le=9_000_000,
        description="Deliveries of a provider that may wait for their turn in the database; above, Kafka has to wait.",
    )
    notifier_slow_down: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds for which a destination is left alone that asks for less; twice as long if it asks again.",
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
    notifier_imap_host: str = Field(
        default="",
        description="Mail host with the mailbox that mails come back to, if it is not here, or that people write to;"
        " empty: none is read. RELEVO_NOTIFIER_SMTP_RETURN_DOMAIN, RELEVO_NOTIFIER_MAIL_ADDRESSES.",
    )
    notifier_imap_port: int = Field(default=993, ge=1, le=65535, description="Its port: 993 for tls, 143 for starttls.")
    notifier_imap_tls: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="none: clear text, for a server on this machine."
    )
    notifier_imap_ca_file: str = Field(
        default="", description="PEM file of the authorities that its certificate is checked by; empty: the system's."
    )
    notifier_imap_user: str = Field(default="", description="Whose mailbox it is.")
    notifier_imap_password: SecretStr = Field(default=SecretStr(""), description="The user's password.")
    notifier_imap_folder: str = Field(
        default="INBOX",
        pattern=_FOLDER,
        description="The folder that is read: one that has nothing but what is taken in here.",
    )
    notifier_imap_moved_to: str = Field(
        default="",
        pattern=f"{_FOLDER}|^$",
        description="Folder for mails that were taken in; empty: they stay where they are, as seen.",
    )
    notifier_imap_seconds: float = Field(
        default=60.0, ge=1, le=3600, description="Seconds from one look into it to the next."
    )
    notifier_mail_addresses: str = Field(
        default="",
        description="Addresses of shops to which people write, with commas: service@acme.example=acme. What they write"
        " is message.received, from the mailbox or by a provider's webhook; empty: only what comes back is taken in.",
    )
    notifier_sms_numbers: str = Field(
        default="",
        description="Numbers that people write to beside the shops' own senders, with commas: +12025550100=acme,"
        " 24365=acme|beta for one that shops share.",
    )
    notifier_answers_a_day: int = Field(
        default=3, ge=0, le=100, description="How many answers to STOP, START and HELP a number gets within a day."
    )
    notifier_received_a_day: int = Field(
        default=30,
        ge=1,
        le=10_000,
        description="Of how many messages of a number within a day workflows hear, so that two machines that answer"
        " each other end there; STOP, START and HELP are always heard.",
    )
    notifier_consumers: int = Field(default=1, ge=1, le=32, description="Members of the group that takes deliveries.")
    notifier_batch: int = Field(
        default=500, ge=1, le=10_000, description="Most deliveries accepted in one transaction."
    )
    notifier_capacity: int = Field(
        default=2000,
        ge=1,
        le=100_000,
        description="Deliveries of a provider held in memory; more wait in the database.",
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

    @pydantic.field_validator("notifier_sms_numbers")
    @classmethod
    def _numbers(cls, value: str) -> str:
        shared_numbers(value)
        return value

    @pydantic.field_validator("notifier_mail_addresses")
    @classmethod
    def _addresses(cls, value: str) -> str:
        addresses_of_shops(value)
        return value

    @property
    def inbound_rules(self) -> InboundRules:
        """What is done with messages that come in."""
        options = {name: options_of(self, name) for name in channels()}
        answering = [  # the answers that we have are about SMS
            name for name, one in options.items() if not isinstance(one, SmsOptions) or one.answers_keywords
        ]
        return InboundRules(
            shared={
                **shared_numbers(self.notifier_sms_numbers),
                **addresses_of_shops(self.notifier_mail_addresses),
            },
            answering=answering,
            answers=self.notifier_answers_a_day,
            told=self.notifier_received_a_day,
        )

    @pydantic.model_validator(mode="after")
    def _limited(self) -> Self:
        _ = self.limits, self.prices
        return self

    @property
    def limits(self) -> Limits:
        """How many messages go out. Raises `ValueError`, which says what is wrong."""
        return Limits.parse(self.notifier_limits, self.notifier_warm_up, channels())

    @property
    def prices(self) -> Prices:
        """What messages cost. Raises `ValueError`, which says what is wrong."""
        return Prices.parse(self.notifier_prices, channels())

    @property
    def routing(self) -> Routing:
        """Which provider sends what."""
        return Routing.parse(self.notifier_providers, channels())

    @property
    def longest_timeout(self) -> float:
        """Seconds that one message may take, of whichever provider in use takes longest; of those that can send."""
        used = [options_of(self, name) for name in self.routing.providers()]
        return max((options.timeout for options in used if not options.missing()), default=0.0)

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
        if self.notifier_imap_host and not (self.notifier_smtp.return_domain or self.notifier_mail_addresses):
            raise ValueError(
                "RELEVO_NOTIFIER_IMAP_HOST needs RELEVO_NOTIFIER_SMTP_RETURN_DOMAIN (what comes back there?) or "
                "RELEVO_NOTIFIER_MAIL_ADDRESSES (who is written to there?)"
            )
        if (self.notifier_quiet_from is None) != (self.notifier_quiet_until is None):
            raise ValueError("RELEVO_NOTIFIER_QUIET_FROM and …_QUIET_UNTIL belong together: set both or none")
        return self
