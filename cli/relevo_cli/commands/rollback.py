"""`relevo rollback`: deploy an earlier version of a workflow again."""

import asyncio
from typing import Annotated

import typer

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
    carry_out,
)
from relevo_cli.commands.history import PolicyOption
from relevo_cli.deploying import session
from relevo_control.app.deploying.source import Again
from relevo_control.app.history import what_of
from relevo_runtime import catalog


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rollback")(rollback)


def rollback(
    workflow: Annotated[str, typer.Argument(help="The name of the workflow.", show_default=False)] = "",
    *,
    policy: PolicyOption = False,
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
    of = what_of(workflow, policy=policy)
    options = session.Options(
        shop=shop,
        sign_off=session.sign_off(author, review_by, approve_by, note),
        in_flight=in_flight.value,
        repeat=repeat,
        only_plan=plan,
        files=diff,
        yes=yes,
        as_json=as_json,
        settle=settle,
    )
    asyncio.run(carry_out(Again(workflow=of.workflow, revision=to), options))
