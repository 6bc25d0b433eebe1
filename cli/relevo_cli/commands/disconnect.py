"""`relevo disconnect`: what was registered at a shop's platform is removed, and its credentials are forgotten."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from relevo_cli.connecting import connect as connecting
from relevo_cli.connecting import history, report, webhooks
from relevo_cli.connecting.session import alone, open_session
from relevo_cli.console import err, out
from relevo_cli.errors import CommandError
from relevo_ingest.app.register_webhooks import StepResult
from relevo_runtime import connections


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("disconnect")(disconnect)


def disconnect(
    shop: Annotated[str, typer.Argument(help="The shop.")],
    force: Annotated[
        bool, typer.Option("--force", help="Forget the credentials also if the webhooks can't be removed.")
    ] = False,
) -> None:
    """Remove a shop's webhooks from its platform, and forget its credentials; the shop itself stays known."""
    done = asyncio.run(_disconnect(shop, force=force))
    report.show_webhooks(done)
    if any(one.failure for one in done) and not force:
        err().print(f"shop {shop} stays connected: mend this, or say --force", markup=False, style="red")
        raise typer.Exit(1)
    out().print(f"shop {shop} is not connected any more: its credentials are forgotten", markup=False)


async def _disconnect(shop: str, *, force: bool) -> Sequence[StepResult]:
    async with alone(shop) as (database, settings):
        made = await connecting.existing_connection(database, shop)
        done: Sequence[StepResult] = []
        async with open_session(database, made, settings) as session:
            if session.platform.registration is not None:
                try:
                    done = await webhooks.remove(session, session.platform.registration, lambda *_: None)
                except CommandError as error:
                    if not force:
                        raise
                    err().print(str(error), markup=False, style="yellow")
        if force or not any(one.failure for one in done):
            async with database.transaction():
                await history.forget(database, shop)
                await connections.disconnect(database, shop)
        return done
