"""`relevo init`: a ready, tested repository of workflows for one shop."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from relevo_cli.commands.check import findings
from relevo_cli.commands.shop_checks import PLATFORMS, check_name, check_platform
from relevo_cli.commands.test import policy_suite, show, suite_of, summed
from relevo_cli.console import err, out, print_json
from relevo_cli.errors import CommandError
from relevo_cli.shop_repository.choices import (
    LANGUAGES,
    NO_TONE,
    Choices,
    Limits,
    check_flows,
    check_languages,
    check_limits,
    check_tone,
)
from relevo_cli.shop_repository.feeding import Plan
from relevo_cli.shop_repository.files import flows_of_library, read_library, repository, write
from relevo_cli.shop_repository.tones import TONES
from relevo_cli.workflow_files import LIBRARY, workflow_folders

Asking = Callable[[str, str, str], str]
"""Finds out what an option was not given: its name, the question, what is usual."""


class NewRepository(Struct, frozen=True):
    """What was written, as `--json` tells it."""

    shop: str
    folder: str
    plan: Plan
    tests: int
    passed: int
    findings: list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(  # noqa: PLR0917  - a command declares its options as arguments
    shop: Annotated[str, typer.Argument(help="The shop's name, as `relevo shops add` has it.")],
    platform: Annotated[str | None, typer.Option(help=f"Its system: {', '.join(PLATFORMS)}.")] = None,
    languages: Annotated[
        str | None, typer.Option(help=f"Of the texts, with commas: {','.join(LANGUAGES)}. English is always there.")
    ] = None,
    tone: Annotated[
        str | None, typer.Option(help=f"Of greeting and farewell: {', '.join(TONES)} or {NO_TONE}.")
    ] = None,
    flows: Annotated[str | None, typer.Option(help="Workflows of the library, with commas; or all.")] = None,
    a_day: Annotated[int | None, typer.Option("--most-a-day", help="Messages of marketing to a customer.")] = None,
    a_week: Annotated[int | None, typer.Option("--most-a-week", help="The same for a week.")] = None,
    quiet_hours: Annotated[str | None, typer.Option(help="When no marketing goes out, such as 21:00-08:00.")] = None,
    into: Annotated[
        Path | None, typer.Option("--in", metavar="FOLDER", help="Where; the shop's name if not given.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what is not given is as it usually is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write a repository of workflows for SHOP, and test it. A folder that is there is never written over."""
    check_name(shop)
    folder = into or Path(shop)
    if folder.exists():
        raise CommandError(f"{folder} is there already, and nothing is written over: choose another with --in")
    ask = _asking(yes=yes)
    platform = platform or ask("--platform", f"Platform ({', '.join(PLATFORMS)})", "")
    check_platform(platform)
    spoken = check_languages(languages or ask("--languages", "Languages, with commas", ",".join(LANGUAGES)))
    manner = check_tone(tone or ask("--tone", f"Greeting and farewell ({', '.join(TONES)}, {NO_TONE})", NO_TONE))
    known = flows_of_library()
    chosen = check_flows(flows or ask("--flows", f"Workflows, with commas, or all ({', '.join(known)})", "all"), known)
    limits = _limits(ask, a_day, a_week, quiet_hours)
    made = repository(Choices(shop, platform, spoken, chosen, limits, manner), read_library(chosen))
    write(made, folder)
    _prove(shop, folder, made.plan, as_json=as_json)


def _limits(ask: Asking, a_day: int | None, a_week: int | None, quiet_hours: str | None) -> Limits:
    usual = Limits()
    if a_day is None:
        a_day = _number(ask("--most-a-day", "Messages of marketing a day at most", str(usual.a_day)))
    if a_week is None:
        a_week = _number(ask("--most-a-week", "And a week", str(max(usual.a_week, a_day))))
    hours = quiet_hours or ask("--quiet-hours", "When none goes out", usual.quiet_hours)
    return check_limits(Limits(a_day, a_week, hours))


def _asking(*, yes: bool) -> Asking:
    """How what was not given is found out: by asking a person, or as usual."""

    def ask(option: str, question: str, usual: str) -> str:
        if yes and usual:
            return usual
        if yes or not sys.stdin.isatty():
            more = "" if yes else ", or --yes for what is usual"
            raise CommandError(f"{option} is missing, and there is nobody to ask: give it{more if usual else ''}")
        answer: str = typer.prompt(question, default=usual or None, err=True)
        return answer

    return ask


def _number(given: str) -> int:
    if not given.isdecimal():
        raise CommandError(f"{given!r} is not a number of messages")
    return int(given)


def _prove(shop: str, folder: Path, plan: Plan, *, as_json: bool) -> None:
    """Checks and tests what was written, and says what to do next."""
    library = folder / LIBRARY
    folders = list(workflow_folders(library))
    found = [str(one) for one in findings(folders)]
    suites = [*(suite_of(one) for one in folders), policy_suite(library)]
    sums = summed(suites, 0.0)
    if as_json:
        print_json(NewRepository(shop, folder.as_posix(), plan, sums.tests, sums.passed, found))
    else:
        for line in (*found, *_summary(shop, folder, plan)):
            out().print(line, markup=False, soft_wrap=True)
        for suite in suites:
            if not suite.passed:
                show(err(), suite, 0.0)
        err().print(f"{len(folders)} workflows, {sums.passed} of {sums.tests} tests passed", style="green")
    if found or not all(one.passed for one in suites):
        raise typer.Exit(1)


def _summary(shop: str, folder: Path, plan: Plan) -> list[str]:
    place = shlex.quote(folder.as_posix())
    left = [f"left out {name}: nothing sends {', '.join(events)}" for name, events in plan.left_out.items()]
    added = [f"added {name}: {by} starts it" for name, by in plan.added.items()]
    return [
        f"wrote {folder} with {', '.join(plan.flows)}",
        *added,
        *left,
        "",
        "Next:",
        f"  read {folder}/README.md: what your platform does not say, and what to adapt",
        f"  cd {place} && git init",
        "  relevo watch                     checks and tests at each save",
        f"  relevo shops add {shop} --help   makes the shop known; relevo connect, if it has an API",
        "  relevo deploy workflows --plan   shows what would change",
    ]
