"""Settings by environment: every field says what it means; secrets never show in a log or a listing."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pydantic
from msgspec import Struct
from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsConfigDict

from relevo_runtime.server_settings import PREFIX, ServerSettings

_ENDPOINT = re.compile(r"https?://[^/\s]+\S*")
_DSN = re.compile(r"https?://[^:@/\s]+(:[^@/\s]+)?@[^@/\s]+/([^@\s]*/)?[^/@\s]+")

__all__ = ["PREFIX", "RuntimeSettings", "Setting", "describe_settings", "flat_fields"]


class RuntimeSettings(ServerSettings):
    """What every service of Relevo needs to know. Services subclass it and add their own fields."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # secrets are among it
    )

    topic_prefix: str = Field(
        default="", description="Put before every topic and consumer group, so that several systems share one Kafka."
    )
    partitions: int = Field(
        default=12, ge=1, le=1000, description="Partitions of every topic; fixed once they are created."
    )
    replication: int = Field(default=1, ge=1, le=9, description="Replicas of every topic that is created.")
    session_timeout: float = Field(
        default=10.0,
        ge=1,
        le=300,
        description="Seconds after which Kafka gives a dead member's partitions to the others.",
    )
    group_instance_id: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,200}$",
        description="What this process is called in its consumer groups (Kafka's group.instance.id): the same after a"
        " restart, and no other's. It then keeps its partitions if it is back within RELEVO_SESSION_TIMEOUT."
        " Empty: it gives them up when it stops.",
    )
    batch_window: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Seconds that messages may wait where they gather for others to share a transaction with,"
        " in the engine twice as long; 0: none waits.",
    )
    commit_delay: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="Seconds within which offsets of what is done are committed; as much comes again after a crash.",
    )
    stop_timeout: float = Field(
        default=20.0, ge=1, le=600, description="Seconds that a stopping service may take to drain."
    )
    dead_letter_ratio: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="The share of dead letters above which a shop is paused, or the service stops if several are.",
    )
    clock_speed: float = Field(
        default=1.0, gt=0, le=100_000, description="How many seconds pass in one second; 1 in production."
    )
    clock_origin: datetime | None = Field(
        default=None, description="Where a scaled clock started, RFC 3339 with zone; the same for every process."
    )
    clock_anchor: float | None = Field(
        default=None, description="The Unix time at which the clock stood at its origin."
    )
    clock_file: Path | None = Field(
        default=None,
        description="A file that says how far time may go, by `relevo up` with a fast clock. Goes before the origin.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least level that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="json: one object a line; console: for people."
    )
    traces_url: str = Field(
        default="",
        description="Where traces go: an OTLP/HTTP endpoint (http://collector:4318). Empty: there are none.",
    )
    traces_sample: float = Field(
        default=0.01, ge=0, le=1, description="The share of webhooks and posted events that begin a trace."
    )
    sentry_dsn: SecretStr = Field(
        default=SecretStr(""),
        description="Where bugs are reported: a DSN of Sentry, or of what speaks its protocol. Empty: only to the log.",
    )
    admin_host: str = Field(default="127.0.0.1", description="Where /healthz, /readyz and /metrics listen.")
    admin_port: int = Field(default=0, ge=0, le=65535, description="Their port; 0 turns them off.")
    link_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs the links in messages (unsubscribe); at least 16 characters. To change it, put the new one"
        " first, a comma, then the old one.",
    )
    data_key: SecretStr = Field(
        default=SecretStr(""),
        description="Wraps the keys that seal messages about people on Kafka: 32 bytes in URL-safe base64. To change"
        " it, put the new one first, a comma, then the old one. Empty: the database keeps those keys unwrapped.",
    )
    secrets_key: SecretStr = Field(
        default=SecretStr(""),
        description="Seals the secrets of webhooks, of shops' APIs and of other systems in the database: 32 bytes in"
        " URL-safe base64. To change it, put the new one first, a comma, then the old one; `relevo secrets rotate`."
        " Empty: they are kept in clear.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080", description="Where customers reach ingest; links start with it."
    )
    watch_parent: bool = Field(
        default=False, description="Stop when the process that started this one dies (embedded mode)."
    )

    @pydantic.field_validator("clock_origin")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("clock_origin needs a zone: 2026-03-01T08:00:00Z")
        return value

    @pydantic.field_validator("traces_url")
    @classmethod
    def _an_endpoint(cls, value: str) -> str:
        if value and not _ENDPOINT.fullmatch(value):
            raise ValueError("is not an address of HTTP: http://collector:4318")
        return value

    @pydantic.field_validator("sentry_dsn")
    @classmethod
    def _a_dsn(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not _DSN.fullmatch(value.get_secret_value()):
            raise ValueError("is not a DSN of Sentry: https://KEY@HOST/PROJECT")
        return value

    @pydantic.field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @property
    def window(self) -> float:
        """The batch window in wall seconds: as much shorter as the clock is faster."""
        return self.batch_window / self.clock_speed

    def topic(self, name: str) -> str:
        """The topic's name on the broker."""
        return self.topic_prefix + name

    def group(self, service: str) -> str:
        """The consumer group of a service."""
        return f"{self.topic_prefix}relevo.{service}"


class Setting(Struct, frozen=True):
    """One line of the settings listing. `value` is what holds now; secrets are masked."""

    variable: str
    type: str
    default: str
    value: str
    meaning: str


MASK = "********"


def describe_settings(classes: Sequence[type[RuntimeSettings]]) -> list[Setting]:
    """Every setting of `classes` once, in order of declaration, with its environment variable and its value now."""
    seen: dict[str, Setting] = {}
    for cls in classes:
        for setting in _describe(cls):
            seen.setdefault(setting.variable, setting)
    return list(seen.values())


def flat_fields(cls: type[pydantic.BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field of `cls` that one variable sets, by the variable's name in lower case without `RELEVO_`.

    A group of settings (a field whose type is a model) gives its own fields, as `<group>_<field>`.
    """
    for name, field in cls.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, pydantic.BaseModel):
            yield from flat_fields(field.annotation, f"{prefix}{name}_")
        else:
            yield prefix + name, field


def _flat_values(settings: pydantic.BaseModel) -> Iterator[object]:
    """The values of `flat_fields`, in the same order."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, pydantic.BaseModel):
            yield from _flat_values(value)
        else:
            yield value


def _describe(cls: type[RuntimeSettings]) -> Iterator[Setting]:
    prefix = cls.model_config.get("env_prefix", PREFIX)
    for (name, field), value in zip(flat_fields(cls), _flat_values(cls()), strict=True):
        yield Setting(
            variable=f"{prefix}{name}".upper(),
            type=_type_name(field.annotation),
            default=_shown(field.get_default(call_default_factory=True, validated_data={})),
            value=_shown(value),
            meaning=field.description or "",
        )


def _type_name(annotation: Any) -> str:
    if annotation is SecretStr:
        return "secret"
    if isinstance(annotation, type):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("datetime.datetime", "datetime")


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    return "" if value is None else str(value)
