"""The options of `relevo shops` that say what of a shop's messages is followed (docs/links.md)."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
from msgspec import Struct, structs

from relevo_cli.errors import CommandError
from relevo_contracts.link_rules import UTM, LinkRules

NONE = "none"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


class TrackingChoice(StrEnum):
    """What of a shop's messages is followed."""

    off = "off"
    clicks = "clicks"
    opens = "opens"
    all = "all"


class ConsentChoice(StrEnum):
    """Whom it is assumed of."""

    assumed = "assumed"
    required = "required"


Tracking = Annotated[
    TrackingChoice | None, typer.Option(help="What of its messages is followed. A new shop follows clicks alone.")
]
TrackingConsent = Annotated[
    ConsentChoice | None,
    typer.Option(help="assumed: until a person objects. required: of those alone who agreed to 'tracking'."),
]
TrackTransactional = Annotated[
    bool | None,
    typer.Option(
        "--track-transactional/--no-track-transactional", help="Whether transactional messages are followed too."
    ),
]
TrackSms = Annotated[
    bool | None,
    typer.Option("--track-sms/--no-track-sms", help="Whether links in SMS are: they get longer, and cost segments."),
]
Utm = Annotated[
    str | None,
    typer.Option(
        help="Campaign parameters that differ: source=acme,medium=mail; none for none; default: as a new shop."
    ),
]
UtmHosts = Annotated[
    str | None, typer.Option(help="Further hosts whose links get them, beside the shop's own: a.example,b.example.")
]


class LinkOptions(Struct, frozen=True):
    """What was given; `None`: it stays as it is."""

    tracking: TrackingChoice | None
    consent: ConsentChoice | None
    transactional: bool | None
    sms: bool | None
    utm: str | None
    hosts: str | None

    def any(self) -> bool:
        """Whether anything was."""
        return any(value is not None for value in structs.astuple(self))

    def over(self, rules: LinkRules) -> LinkRules:
        """The rules with what was given. Raises `CommandError`."""
        given = {name: value for name, value in structs.asdict(self).items() if value is not None}
        read: dict[str, Callable[[Any], Any]] = {"tracking": str, "consent": str, "utm": _utm, "hosts": _hosts}
        return structs.replace(rules, **{name: read.get(name, bool)(value) for name, value in given.items()})


def _utm(text: str) -> dict[str, str] | None:
    if text.strip().lower() == NONE:
        return None
    if text.strip().lower() in ("", "default"):
        return {}
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip().removeprefix("utm_")
        if name not in UTM or not equals:
            raise CommandError(f"--utm has {part.strip()!r}, which is not one of {', '.join(UTM)} with its value")
        found[name] = value.strip()
    return found


def _hosts(text: str) -> list[str]:
    hosts = [] if text.strip().lower() in ("", NONE) else [one.strip().lower() for one in text.split(",")]
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise CommandError(f"--utm-hosts has {host!r}, which is not a host name such as blog.example.com")
    return hosts
