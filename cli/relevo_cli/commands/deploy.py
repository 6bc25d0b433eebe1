"""`relevo deploy`: check workflows and make them what new runs start with."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relevo_cli.deploying import session
from relevo_cli.operations import operations
from relevo_cli.workflow_files import contact_policy, declared_events, load_folders
from relevo_control.app.deploying.plan import TargetVersion
from relevo_control.app.deploying.source import Targets
from relevo_runtime import catalog


class Choice(StrEnum):
    """What becomes of runs in flight."""

    pin = "pin"
    migrate = "migrate"
    drain = "drain"


InFlightOption = Annotated[
    Choice,
    typer.Option(
        "--in-flight",
        help="Runs on their way end in their version (pin), continue in the new one (migrate),"
        " or end before anybody comes in (drain).",
    ),
]
RepeatOption = Annotated[
    bool,
    typer.Option(
        "--repeat",
        help="With --in-flight migrate: runs may do again what the plan says they would.",
    ),
]
ShopOption = Annotated[str, typer.Option(help="For this shop only; default: for every shop.")]
PlanOption = Annotated[bool, typer.Option("--plan", help="Show what would change, and change nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask.")]
DiffOption = Annotated[bool, typer.Option("--diff", help="Show the difference of the files; --plan always does.")]
NoteOption = Annotated[str, typer.Option(help="Why, for the history.")]
AuthorOption = Annotated[
    str, typer.Option(help="Who changes it: free text, taken on trust; default: who is logged in here.")
]
ReviewOption = Annotated[
    str, typer.Option(help="Who reviewed it: free text, taken on trust; needed for `change: production`.")
]
ApproveOption = Annotated[
    str, typer.Option(help="Who approved it: free text, taken on trust; needed for `change: administrative`.")
]
SettleOption = Annotated[
    float, typer.Option(min=0, help="Seconds after which every engine has seen a change of the catalog.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deploy")(deploy)


def deploy(
    path: Annotated[Path, typer.Argument(help="A workflow folder, or a folder of workflow folders.")],
    *,
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
    """Check every workflow in PATH, show what changes, and deploy them, all or none."""
    loaded = load_folders(path)
    targets = Targets(
        versions=[TargetVersion(one.definition, one.files) for one in loaded],
        declared=declared_events(loaded),
        policy=contact_policy(loaded),
    )
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
    asyncio.run(carry_out(targets, options))


async def carry_out(source: session.Source, options: session.Options) -> None:
    """Plans and carries out, where the command works: in the database, or through the control API."""
    async with operations().deployment(source, options) as deployment:
        await session.run(deployment, options)
