"""`relevo import`: a shop's past from files, as historical events."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import counted, hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_cli.importing.reading import read_mapping, with_options
from relevo_cli.importing.running import Outcome, Wish, run
from relevo_cli.stoppable import until_stopped
from relevo_ingest.core.imports.kinds import KINDS
from relevo_ingest.core.times import to_utc

_STOPPED = 130


class KindChoice(StrEnum):
    """What a file holds."""

    customers = "customers"
    consents = "consents"
    orders = "orders"
    products = "products"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_files)


def import_files(  # noqa: PLR0917  - a command declares its options as arguments
    kind: Annotated[KindChoice, typer.Argument(help="What the files hold.", show_default=False)],
    files: Annotated[list[Path], typer.Argument(help="CSV or JSON Lines, also compressed (.gz).", exists=True)],
    shop: Annotated[str, typer.Option(help="The shop whose past it is.")],
    mapping: Annotated[Path | None, typer.Option(help="YAML: which column is which field (docs/importing.md).")] = None,
    encoding: Annotated[str, typer.Option(help="Of the files; default: told by their content.")] = "",
    delimiter: Annotated[str, typer.Option(help="Of CSV; default: told by the first line.")] = "",
    as_of: Annotated[str, typer.Option(help="When rows without a time were so; default: the file's own time.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read everything, tell what is wrong, store nothing.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Import a file from its beginning that is through.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import the customers, consents, orders or products of FILES: what they tell is known, and starts nothing.

    Stopped or killed, the same command goes on where it was. Rows that can't be taken are in FILE.rejected.csv.
    """
    told = with_options(read_mapping(mapping), encoding, delimiter)
    wish = Wish(kind=KINDS[kind.value], shop=shop, mapping=told, as_of=_instant(as_of), dry_run=dry_run, again=again)
    outcomes = asyncio.run(until_stopped(run(wish, files)))
    if outcomes is None:
        out().print("stopped; the same command goes on where it was")
        raise typer.Exit(_STOPPED)
    for outcome in outcomes:
        if as_json:
            print_json(_public(outcome))
            continue
        for line in _report(outcome, dry_run=dry_run):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    if any(outcome.progress.rejected for outcome in outcomes):
        raise typer.Exit(1)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--as-of: {text!r} is not a time such as 2026-03-31T12:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else to_utc(found)


def _report(outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    """What became of a file, a line each."""
    progress, path = outcome.progress, outcome.file.facts.path
    if outcome.known is not None:
        at = local_minute(outcome.known, UTC)
        yield f"{path}: was imported at {at} UTC, {progress.imported:,} rows; nothing is left (--again does it anew)"
        return
    yield f"{path}: {_form(outcome)}"
    read = ", ".join(f"{column} as {field}" for column, field in outcome.file.columns.read.items())
    yield f"  columns read: {read}"
    if outcome.file.columns.not_read:
        yield f"  columns not read: {', '.join(outcome.file.columns.not_read)}"
    would = "would be imported" if dry_run else "imported"
    yield f"  {counted(progress.records, 'row')}: {progress.imported:,} {would}, {progress.rejected:,} rejected"
    for reason, rows in sorted(progress.reasons.items(), key=lambda item: -item[1]):
        yield f"    {rows:,}  {reason}"
    for one in outcome.shown:
        yield f"    line {one.line}: {f'{one.column}: ' if one.column else ''}{one.reason}"
    if outcome.rejected is not None:
        yield f"  mend {outcome.rejected} and import it by itself"


def _form(outcome: Outcome) -> str:
    file = outcome.file
    if file.table.is_json:
        return f"JSON Lines, {file.encoding}"
    delimiter = {"\t": "tabs"}.get(file.table.delimiter, repr(file.table.delimiter))
    return f"CSV, {file.encoding}, separated by {delimiter}"


def _public(outcome: Outcome) -> dict[str, object]:
    progress = outcome.progress
    return {
        "file": str(outcome.file.facts.path),
        "encoding": outcome.file.encoding,
        "delimiter": outcome.file.table.delimiter,
        "columns": outcome.file.columns.read,
        "not_read": outcome.file.columns.not_read,
        "rows": progress.records,
        "imported": progress.imported,
        "rejected": progress.rejected,
        "events": progress.events,
        "reasons": progress.reasons,
        "rejected_file": str(outcome.rejected) if outcome.rejected else None,
        "imported_before": outcome.known,
    }
