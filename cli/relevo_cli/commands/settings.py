"""`relevo settings`: every setting of every service, with its meaning, default and present value."""

import os
from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer
from msgspec import Struct
from pydantic import SecretStr

from relevo_cli import addresses
from relevo_cli.addresses import Running
from relevo_cli.console import hanging, out, print_json, terminal_width
from relevo_cli.service_settings import sections
from relevo_runtime.settings import MASK, PREFIX, Setting


class EffectiveSetting(Struct, frozen=True, kw_only=True):
    """A setting with the value that holds for commands here, and where that comes from.

    `source` is `default`, `environment`, or the folder of the system that runs.
    """

    variable: str
    type: str
    default: str
    value: str
    meaning: str
    source: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings")(settings)


def settings(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Print all settings with meaning, default and the value that holds now; secrets are masked."""
    found = addresses.running(addresses.DATA)
    here = _values(found)
    listing = {section: [_effective(one, here) for one in entries] for section, entries in sections().items()}
    if as_json:
        print_json(listing)
        return
    for line in _lines(found):
        out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    for section, entries in listing.items():
        out().print(f"\n{section}", style="bold", markup=False)
        for entry in entries:
            out().print(f"{entry.variable} = {entry.value}{_origin(entry)}", markup=False, soft_wrap=True)
            meaning = hanging(f"    {entry.meaning}", terminal_width(), 4)
            out().print(meaning, markup=False, soft_wrap=True, style="dim")


def _lines(found: Running | None) -> Iterator[str]:
    if found is not None:
        yield (
            f'`relevo up` runs here (process {found.pid}): commands use what is marked "from {addresses.DATA}" below,'
            " unless the environment says otherwise."
        )


def _origin(entry: EffectiveSetting) -> str:
    source = f"from {entry.source}" if entry.source not in ("default", "environment") else ""
    default = f"default: {entry.default or 'empty'}" if entry.value != entry.default else ""
    remarks = "; ".join(part for part in (source, default) if part)
    return f" ({remarks})" if remarks else ""


def _values(found: Running | None) -> dict[str, str]:
    """What commands take from the system that runs, by variable."""
    return {f"{PREFIX}{name}".upper(): _shown(value) for name, value in addresses.of_system(found).items()}


def _shown(value: object) -> str:
    if not isinstance(value, SecretStr):
        return str(value)
    url = urlsplit(value.get_secret_value())
    secret = url.password is not None or "password" in parse_qs(url.query)
    return MASK if secret else value.get_secret_value()


def _effective(setting: Setting, here: Mapping[str, str]) -> EffectiveSetting:
    given = setting.variable in {name.upper() for name in os.environ}
    source = str(addresses.DATA) if setting.variable in here else "environment" if given else "default"
    return EffectiveSetting(
        variable=setting.variable,
        type=setting.type,
        default=setting.default,
        value=here.get(setting.variable, setting.value),
        meaning=setting.meaning,
        source=source,
    )
