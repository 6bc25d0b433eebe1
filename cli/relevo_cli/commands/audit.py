"""`relevo audit`: who did what by the control API, and whether the log is as it was written."""

import asyncio
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import counted, hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_cli.operations import operations
from relevo_control.adapters import audit as log
from relevo_control.core.audit import Anchor, anchors_in
from relevo_runtime.catalog import EVERY_SHOP


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    shop: Annotated[str, typer.Option(help="What concerned this shop; default: what concerned all, and log-ins.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most entries.")] = 100,
    check: Annotated[bool, typer.Option("--check", help="See whether an entry was changed or taken out.")] = False,
    anchor: Annotated[
        list[Path] | None,
        typer.Option(
            help="With --check: control's log, or what an earlier --check --json printed. Entries that are in it must "
            "still be there; may be repeated."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the audit log, the newest first; or check its chains of hashes, and end with 1 if one is broken."""
    if check:
        _check([one for file in anchor or [] for one in _anchors(file)], as_json=as_json)
        return
    if anchor:
        raise CommandError("--anchor is for --check")
    found = asyncio.run(operations().audit(shop or EVERY_SHOP, limit))
    if as_json:
        print_json(found)
        return
    for one in found:
        who = f"{one.actor or 'nobody'} ({one.means or 'unknown'}) from {one.address or 'here'}"
        line = f"{one.number:>5}  {local_minute(one.at, UTC)} UTC  {one.action} {one.object}  {one.outcome}  by {who}"
        out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    if not found:
        out().print("the audit log is empty")


def _anchors(file: Path) -> list[Anchor]:
    try:
        return anchors_in(file.read_text(errors="replace"))
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{file} can't be an anchor: {error}") from error


def _check(anchors: list[Anchor], *, as_json: bool) -> None:
    found = asyncio.run(_checked(anchors))
    if as_json:
        print_json(found)
    else:
        for line in found.faults:
            out().print(line, markup=False, soft_wrap=True)
        for end in found.ends:
            line = f"{end.shop}  {counted(end.number, 'entry', 'entries')}, the last one {end.hash}"
            out().print(line, markup=False, soft_wrap=True)
    if found.faults:
        raise typer.Exit(1)
    if not as_json:
        kept = f", and {counted(len(anchors), 'anchor is', 'anchors are')} among them" if anchors else ""
        out().print(f"every entry is as it was written{kept}")


async def _checked(anchors: list[Anchor]) -> log.Checked:
    async with database.transaction(addresses.settings()) as connection:
        return await log.check(connection, anchors)
