"""From what is wanted to what is done: plan, rules, a person's yes, carrying it out. For deploy and rollback."""

import getpass
import os
import sys
from collections.abc import Sequence
from datetime import timedelta

import typer
from msgspec import Struct

from relevo_cli import database
from relevo_cli.console import hanging, out, print_json, terminal_width
from relevo_cli.deploying.apply_plan import Deployer, DeploymentResult, InFlight
from relevo_cli.deploying.plan import DeploymentPlan, TargetVersion, make_plan
from relevo_cli.deploying.report import again_lines, plan_lines, result_lines, secret_lines, stuck_lines
from relevo_cli.deploying.rules import SignOff
from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import secrets_named
from relevo_contracts.declared import Declared
from relevo_contracts.policy import Policy
from relevo_runtime.clock import make_clock
from relevo_runtime.settings import RuntimeSettings


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


def sign_off(author: str, reviewer: str, approver: str, note: str) -> SignOff:
    """Who stands behind it; the author is the one at the keyboard if nobody else is named."""
    return SignOff(author=author or getpass.getuser(), reviewer=reviewer, approver=approver, note=note)


async def run(
    settings: RuntimeSettings,
    targets: Sequence[TargetVersion],
    options: Options,
    declared: Sequence[Declared] = (),
    policy: tuple[Policy, str] | None = None,
) -> None:
    """Plans, prints and carries out. Raises `CommandError` where the rules or the runs in flight stand against it."""
    async with database.connection(settings) as connection:
        plan = await make_plan(
            connection, targets, shop=options.shop, sign_off=options.sign_off, declared=declared, policy=policy
        )
        if not options.as_json:
            secrets = {one.definition.name: secrets_named(one.definition) for one in targets}
            lines = plan_lines(plan, files=options.files or options.only_plan)
            for line in (*lines, *secret_lines(secrets, os.environ)):
                out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
        elif options.only_plan:
            print_json(plan)
        if options.only_plan:
            return
        refuse(plan, options.in_flight, repeat=options.repeat)
        if plan.needed or plan.declared or plan.changes_policy or _moves(plan, options.in_flight):
            _ask(options)
        deployer = Deployer(
            connection,
            make_clock(settings),
            sign_off=options.sign_off,
            in_flight=options.in_flight,
            repeat=options.repeat,
            settled=timedelta(seconds=options.settle),
            policy=policy,
        )
        done = await deployer.carry_out(plan, targets)
        if plan.policy is not None and plan.changes_policy and not options.as_json:
            out().print(f"contact policy  {plan.policy.version}  deployed", markup=False)
        _print(done, as_json=options.as_json)


def refuse(plan: DeploymentPlan, in_flight: InFlight, *, repeat: bool = False) -> None:
    """Raises `CommandError` with everything that stands against the plan; then nothing is changed."""
    objections = [one.objection for one in plan.declared if one.objection]
    objections += [one.objection for one in plan.needed if one.objection]
    if objections:
        raise CommandError("nothing was deployed: " + "; ".join(objections))
    previews = [(one.workflow, one.in_flight) for one in plan.changes] if in_flight == "migrate" else []
    stuck = [line for name, preview in previews if preview.refused for line in (f"{name}:", *stuck_lines(preview))]
    if stuck:
        raise CommandError("nothing was deployed: runs in flight can't be moved\n" + "\n".join(stuck))
    again = [line for name, preview in previews if preview.repeating for line in (f"{name}:", *again_lines(preview))]
    if again and not repeat:
        raise CommandError("nothing was deployed: runs in flight would do things again\n" + "\n".join(again))


def _moves(plan: DeploymentPlan, in_flight: InFlight) -> bool:
    return in_flight == "migrate" and any(one.in_flight.runs for one in plan.changes)


def _ask(options: Options) -> None:
    if options.yes:
        return
    if options.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("nothing was deployed: there is nobody to ask here; say --yes (or --plan to look only)")
    if not typer.confirm(f"Deploy this ({options.in_flight} runs in flight)?", default=False):
        raise CommandError("nothing was deployed")


def _print(done: Sequence[DeploymentResult], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    for line in result_lines(done):
        out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
