"""`relevo approve`: look at a plan of somebody else, and approve it by the control API."""

import asyncio
from typing import Annotated

import typer

from relevo_cli.commands.deploy import JsonOption, YesOption
from relevo_cli.console import hanging, out, print_json, terminal_width
from relevo_cli.deploying.report import plan_lines
from relevo_cli.deploying.session import confirmed
from relevo_cli.errors import CommandError
from relevo_cli.server import Control, segment, server
from relevo_control.app.plans import Proposal


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("approve")(approve)


def approve(
    digest: Annotated[str, typer.Argument(help="The plan's digest, which `relevo deploy` prints.")],
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the plan DIGEST with the difference of its files, and approve it as who is logged in."""
    found = server()
    if found is None:
        raise CommandError(
            "approvals are by who is logged in: say --server https://… (RELEVO_SERVER), and RELEVO_TOKEN"
        )
    control, path = Control(found), f"/v1/plans/{segment(digest)}"
    proposal = asyncio.run(control.get(path, Proposal))
    if not as_json:
        out().print(f"a plan of {proposal.author}", markup=False)
        for line in plan_lines(proposal.plan, files=True):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    if not yes and not _confirmed(as_json=as_json):
        raise CommandError("nothing was approved")
    proposal = asyncio.run(control.post(f"{path}/approval", Proposal))
    if as_json:
        print_json(proposal)
        return
    out().print(f"approved by {', '.join(one.name for one in proposal.approvals)}; deploy it again", markup=False)


def _confirmed(*, as_json: bool) -> bool:
    return confirmed("Approve this?", refusal="nothing was approved", advice="say --yes", as_json=as_json)
