"""From what is wanted to what is done: plan, rules, a person's yes, carrying it out. For deploy and rollback."""

import os
import sys
from collections.abc import Sequence
from typing import Protocol

import typer
from msgspec import Struct

from relevo_cli.console import err, hanging, out, print_json, terminal_width
from relevo_cli.deploying.report import plan_lines, result_lines, secret_lines, unserved_lines
from relevo_cli.errors import CommandError
from relevo_cli.login_name import login_name
from relevo_control.app.deploying.apply_plan import DeploymentResult, InFlight
from relevo_control.app.deploying.plan import DeploymentPlan
from relevo_control.app.deploying.refusal import refuse
from relevo_control.app.deploying.rules import SignOff
from relevo_control.app.deploying.source import Again, Targets


class Options(Struct, frozen=True, kw_only=True):
    """How a deployment is asked for. `settle` is in seconds of wall time."""

    shop: str
    sign_off: SignOff
    in_flight: InFlight = "pin"
    repeat: bool = False
    only_plan: bool = False
    files: bool = False
    yes: bool = False
    as_json: bool = False
    settle: float = 5.0


class Deployment(Protocol):
    """One deployment, in a database or through the control API."""

    async def plan(self) -> DeploymentPlan:
        """What it would change. Raises `OperationError`."""
        ...

    async def carry_out(self) -> list[DeploymentResult]:
        """Does what the plan says. Raises `OperationError` if the catalog changed meanwhile."""
        ...

    @property
    def remark(self) -> str:
        """What there is to say of the plan beside what it changes; empty: nothing."""
        ...


Source = Targets | Again


def sign_off(author: str, reviewer: str, approver: str, note: str) -> SignOff:
    """Who stands behind it; the author is the one at the keyboard if nobody else is named."""
    return SignOff(author=author or login_name(), reviewer=reviewer, approver=approver, note=note)


async def run(deployment: Deployment, options: Options) -> None:
    """Plans, prints and carries out. Raises `OperationError` where the rules or the runs in flight stand against it."""
    plan = await deployment.plan()
    if not options.as_json:
        lines = plan_lines(plan, files=options.files or options.only_plan)
        for line in (*lines, *secret_lines(plan.secrets, os.environ), *unserved_lines(plan.unserved)):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    elif options.only_plan:
        print_json(plan)
    if deployment.remark:
        err().print(deployment.remark, markup=False, soft_wrap=True)
    if options.only_plan:
        return
    refuse(plan, options.in_flight, repeat=options.repeat)
    if plan.needed or plan.declared or plan.changes_policy or _moves(plan, options.in_flight):
        _ask(options)
    done = await deployment.carry_out()
    if plan.policy is not None and plan.changes_policy and not options.as_json:
        out().print(f"contact policy  {plan.policy.version}  deployed", markup=False)
    _print(done, as_json=options.as_json)


def _moves(plan: DeploymentPlan, in_flight: InFlight) -> bool:
    return in_flight == "migrate" and any(one.in_flight.runs for one in plan.changes)


def _ask(options: Options) -> None:
    if options.yes:
        return
    question, advice = f"Deploy this ({options.in_flight} runs in flight)?", "say --yes (or --plan to look only)"
    if not confirmed(question, refusal="nothing was deployed", advice=advice, as_json=options.as_json):
        raise CommandError("nothing was deployed")


def confirmed(question: str, *, refusal: str, advice: str, as_json: bool) -> bool:
    """Whether somebody says yes. Raises `CommandError` if there is nobody to ask."""
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(f"{refusal}: there is nobody to ask here; {advice}")
    return typer.confirm(question, default=False)


def _print(done: Sequence[DeploymentResult], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    for line in result_lines(done):
        out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
