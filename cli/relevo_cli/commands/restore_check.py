"""`relevo restore-check`: whether a restored PostgreSQL and Kafka fit together, and making them fit."""

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.table import Column, Table

from relevo_cli import addresses, database
from relevo_cli.commands.doctor import print_finding
from relevo_cli.console import counted, out, print_json
from relevo_cli.doctor.findings import Finding
from relevo_cli.restoring.comparing import findings, set_back
from relevo_cli.restoring.facts import Facts
from relevo_cli.restoring.kept import kept_by
from relevo_cli.restoring.looking import Look
from relevo_cli.restoring.repair import repair
from relevo_runtime.clock import make_clock
from relevo_runtime.settings import RuntimeSettings

_COLUMNS = ("group", "topic", "partition", "committed", "in the database", "end", "left out", "can't be opened")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restore-check")(restore_check)


def restore_check(
    mend: Annotated[
        bool, typer.Option("--repair", help="Note what was sent since, and set groups back. No service may run.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """After a restore: compare PostgreSQL and Kafka. Exit code 1 if services must not start as it is.

    Changes nothing without --repair; the same command again after whatever interrupted a repair.
    """
    facts = asyncio.run(_look(addresses.settings(), mend=mend))
    diagnosis = findings(facts)
    if as_json:
        print_json(
            {"findings": diagnosis, "places": facts.places, "set_back": _offsets(facts), "in_doubt": _ids(facts)}
        )
    else:
        _print(facts, diagnosis)
    raise typer.Exit(1 if any(one.severity == "error" for one in diagnosis) else 0)


async def _look(settings: RuntimeSettings, *, mend: bool) -> Facts:
    """The facts; with `mend` those after the repair, with what it made in doubt."""
    async with kept_by(settings) as kept, database.connection(settings) as connection:
        now = make_clock(settings).now()
        facts = await Look(settings, kept, connection).facts(now)
        if not mend:
            return facts
        await repair(settings, kept, facts)
        after = await Look(settings, kept, connection).facts(now)
        return msgspec.structs.replace(after, repaired=facts.doubtful)


def _print(facts: Facts, diagnosis: list[Finding]) -> None:
    console = out()
    table = Table(*(Column(name, overflow="fold") for name in _COLUMNS), box=None)
    for one in facts.places:
        if one.end:
            committed = "-" if one.committed is None else one.committed
            row = (one.partition, committed, one.taken, one.end, one.skipped, one.unopened)
            table.add_row(one.group, one.topic, *map(str, row))
    console.print(table)
    for finding in diagnosis:
        print_finding(console, finding)
    for each in facts.repaired or facts.doubtful:
        console.print(f"  in doubt: {each.delivery.shop} {each.delivery.id} ({each.delivery.purpose})", markup=False)
    errors = sum(one.severity == "error" for one in diagnosis)
    console.print(f"\n{counted(errors, 'error')}" if errors else "\nPostgreSQL and Kafka fit together")


def _offsets(facts: Facts) -> dict[str, dict[str, int]]:
    """By group, and by topic and partition as `kafka-consumer-groups --topic` names them."""
    return {
        group: {f"{topic}:{partition}": at for (topic, partition), at in offsets.items()}
        for group, offsets in set_back(facts).items()
    }


def _ids(facts: Facts) -> list[str]:
    return [one.delivery.id for one in facts.repaired or facts.doubtful]
