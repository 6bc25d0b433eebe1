"""`relevo rollback`: deploy an earlier version of a workflow again."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import (
    ApproveOption,
    AuthorOption,
    Choice,
    DiffOption,
    InFlightOption,
    JsonOption,
    NoteOption,
    PlanOption,
    RepeatOption,
    ReviewOption,
    SettleOption,
    ShopOption,
    YesOption,
)
from relevo_cli.deploying import session
from relevo_cli.deploying.plan import TargetVersion
from relevo_cli.errors import CommandError
from relevo_runtime import catalog
from relevo_runtime.catalog import Deployed
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import compile_workflow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rollback")(rollback)


def rollback(
    workflow: Annotated[str, typer.Argument(help="The name of the workflow.")],
    *,
    to: Annotated[
        int, typer.Option(help="The revision to go back to; default: the version before, or the one out of service.")
    ] = 0,
    plan: PlanOption = False,
    in_flight: InFlightOption = Choice.pin,
    repeat: RepeatOption = False,
    shop: ShopOption = catalog.EVERY_SHOP,
    note: NoteOption = "",
    author: AuthorOption = "",
    review_by: ReviewOption = "",
    approve_by: ApproveOption = "",
    diff: DiffOption = False,
    yes: YesOption = False,
    settle: SettleOption = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Deploy an earlier version of WORKFLOW again; `relevo history WORKFLOW` lists the revisions."""
    settings = addresses.settings()
    earlier, done = asyncio.run(_earlier(settings, workflow, shop, to))
    options = session.Options(
        shop=shop,
        sign_off=session.sign_off(author, review_by, approve_by, note or done),
        in_flight=in_flight.value,
        repeat=repeat,
        only_plan=plan,
        files=diff,
        yes=yes,
        as_json=as_json,
        settle=settle,
    )
    targets = [TargetVersion(compile_workflow(earlier.files), earlier.files)]
    asyncio.run(session.run(settings, targets, options))


async def _earlier(settings: RuntimeSettings, workflow: str, shop: str, to: int) -> tuple[Deployed, str]:
    """What to deploy again, and what the history calls that."""
    async with database.transaction(settings) as connection:
        past = [one for one in await catalog.history(connection, workflow) if one.shop == shop]
    earlier = choose(past, workflow, to)
    back = earlier.revision == past[0].revision and _out(earlier)
    return (
        earlier,
        f"revision {earlier.revision} back in service" if back else f"rollback to revision {earlier.revision}",
    )


def choose(past: Sequence[Deployed], workflow: str, to: int) -> Deployed:
    """The deployment to go back to: that with the revision `to`, or what the last change took the place of.

    That is the version before the active one, or the last one itself if it was taken out of service. Raises
    `CommandError` if there is none.
    """
    if not past:
        raise CommandError(
            f"no workflow {workflow!r} was deployed there; `relevo history {workflow}` tells where it was"
        )
    last = past[0]
    found = [one for one in past if (one.revision == to if to else _out(last) or one.version != last.version)]
    if not found:
        what = f"has no revision {to}" if to else "has no earlier version"
        raise CommandError(f"{workflow} {what}; `relevo history {workflow}` lists what there is")
    return found[0]


def _out(last: Deployed) -> bool:
    """Whether the last deployment was taken out of service; old drains are in the catalog without their time."""
    return not last.active
