"""`relevo connect`: a shop is connected by its platform's API, looked after, and its history read."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from rich.progress import Progress

from relevo_cli.connecting import connect as connecting
from relevo_cli.connecting import history, report
from relevo_cli.connecting.connect import ConnectionRequest
from relevo_cli.connecting.credentials import PREFIX, gathered
from relevo_cli.connecting.report import ConnectReport
from relevo_cli.connecting.session import address_of, alone, open_session, platform_of
from relevo_cli.console import err, print_json
from relevo_cli.errors import CommandError
from relevo_cli.stoppable import until_stopped
from relevo_ingest.app.register_webhooks import StepResult
from relevo_ingest.connectors.registry import APIS
from relevo_runtime.secret_keys import SecretKeys

INTERRUPTED = 130
IN_CLEAR = (
    "the credentials are kept in clear, as RELEVO_SECRETS_KEY is not set: set it and run `relevo secrets rotate`"
    " (docs/running.md, Secrets in the database)"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("connect")(connect)


def connect(
    shop: Annotated[str, typer.Argument(help="The shop; one that is not known is added.")],
    *,
    platform: Annotated[str, typer.Option(help=f"The shop system: {', '.join(sorted(APIS))}.")] = "",
    url: Annotated[str, typer.Option(help="Where the shop is, such as https://tea.example.")] = "",
    credentials: Annotated[
        str, typer.Option(help=f"A file with lines NAME=value, - for standard input; else {PREFIX}…, else it asks.")
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Look after a shop that is connected, and repair it.")] = False,
    backfill: Annotated[str, typer.Option(help="Read what changed in the last 90d (12w, 36h) as history.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Connect a shop by its platform's API: test the access, register webhooks, see that they get here.

    Run again it repairs what was dropped or disabled, and changes nothing else. Credentials are never arguments; they
    are sealed in the database with RELEVO_SECRETS_KEY. docs/connecting.md says where each platform shows them.
    """
    if check and (platform or url or credentials):
        raise CommandError("--check is for a shop that is connected: leave --platform, --url and --credentials out")
    if bool(platform) != bool(url):
        raise CommandError("--platform and --url belong together: the shop system, and where the shop is")
    if credentials and not platform:
        raise CommandError("--credentials belong to --platform and --url")
    span = history.span_of(backfill) if backfill else None
    wanted = _wanted(shop, platform, url, credentials) if platform else None
    result = asyncio.run(until_stopped(_run(shop, wanted, span, quiet=as_json)))
    if result is None:
        err().print("stopped: what was done is kept; the same command goes on", markup=False)
        raise typer.Exit(INTERRUPTED)
    outcome, read = result
    if as_json:
        print_json({**report.as_json(outcome), "history": None if read is None else history.as_json(read)})
    else:
        report.show(outcome)
        if read is not None:
            history.show(read)
    if outcome.failed or (read is not None and read.failed):
        raise typer.Exit(1)


def _wanted(shop: str, platform: str, url: str, credentials: str) -> ConnectionRequest:
    known = platform_of(platform)
    return ConnectionRequest(shop, known, address_of(url), gathered(known.api.credentials, credentials))


async def _run(
    shop: str, wanted: ConnectionRequest | None, span: timedelta | None, *, quiet: bool
) -> tuple[ConnectReport, history.HistoryReport | None]:
    async with alone(shop) as (database, settings):
        if wanted is None:
            made = await connecting.existing_connection(database, shop)
        else:
            made = await connecting.verified_connection(database, settings, wanted)
            await connecting.save_connection(database, settings, made, wanted)
            if not SecretKeys(settings).seal:
                err().print(IN_CLEAR, markup=False, soft_wrap=True, style="yellow")
        async with open_session(database, made, settings) as session:
            with Progress(console=err(), transient=True, disable=quiet) as progress:
                bar = progress.add_task("webhooks", total=None)

                def step(done: StepResult, steps: int) -> None:
                    progress.update(bar, advance=1, total=steps, description=done.step.topic)

                outcome = await connecting.reconcile(session, step)
            if span is None:
                return outcome, None
            with Progress(*history.COLUMNS, console=err(), disable=quiet) as progress:
                return outcome, await history.read(session, span, progress)
