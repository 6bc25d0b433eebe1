"""`relevo doctor`: look at a running system and say what to do."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console

from relevo_cli import addresses
from relevo_cli.addresses import Running
from relevo_cli.console import counted, hanging, out, print_json, terminal_width
from relevo_cli.doctor import broker, control, database, services
from relevo_cli.doctor.facts import BrokerFacts, DatabaseFacts, Facts, ServiceFacts, Unavailable
from relevo_cli.doctor.findings import Finding
from relevo_cli.doctor.judging import findings, lasting
from relevo_cli.errors import CommandError
from relevo_cli.server import checked_url, given_token
from relevo_runtime.clock import SystemClock
from relevo_runtime.errors import Unreachable, described
from relevo_runtime.settings import RuntimeSettings

T = TypeVar("T")
_SECONDS = 10.0
_SIGNS = {"error": ("✗", "red"), "warning": ("!", "yellow"), "note": ("·", "dim")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    service: Annotated[
        list[str] | None,
        typer.Option(help="NAME=URL: where a service's /readyz is, such as engine=http://10.0.0.7:9090; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look at the running system and say what to do. Changes nothing; exit code 1 if something is wrong.

    With --server it looks at the control API: whether it answers, its clock, its database's migrations, and your token.
    """
    if url := checked_url():
        _by_server(url, as_json=as_json)
        return
    found = addresses.running(addresses.DATA)
    facts = asyncio.run(_facts(addresses.settings(), _addresses(service or [], found), found))
    diagnosis = findings(facts)
    if as_json:
        print_json({"findings": diagnosis, "facts": _figures(facts)})
    else:
        _print(facts, diagnosis)
    raise typer.Exit(1 if any(finding.severity == "error" for finding in diagnosis) else 0)


def _by_server(url: str, *, as_json: bool) -> None:
    facts = asyncio.run(control.look(url, given_token(url)))
    diagnosis = control.findings(url, facts, version("relevo-runtime"), SystemClock().now())
    if as_json:
        print_json({"findings": diagnosis, "facts": {"control": msgspec.to_builtins(facts)}})
    else:
        for line in control.summary(url, facts):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
        _print_findings(out(), diagnosis)
    raise typer.Exit(1 if any(finding.severity == "error" for finding in diagnosis) else 0)


def _addresses(given: list[str], found: Running | None) -> dict[str, str]:
    known = dict(found.admin) if found is not None else {}
    for one in given:
        name, _, address = one.partition("=")
        if not address.startswith(("http://", "https://")):
            raise CommandError(f"--service {one} is not NAME=URL, such as engine=http://127.0.0.1:9090")
        known[name] = address
    return known


async def _facts(settings: RuntimeSettings, known: dict[str, str], found: Running | None) -> Facts:
    postgres, kafka, answers = await asyncio.gather(
        _bounded(database.look(settings)), _bounded(broker.look(settings)), services.look(known)
    )
    return Facts(
        version=version("relevo-runtime"),
        partitions=settings.partitions,
        postgres=_with_workflows_read(postgres, answers),
        kafka=kafka,
        services=answers,
        secrets_here=frozenset(name for name, value in os.environ.items() if value),
        disk=_disk(Path(found.data)) if found is not None else None,
    )


def _with_workflows_read(
    postgres: DatabaseFacts | Unavailable, answers: Mapping[str, ServiceFacts | Unavailable]
) -> DatabaseFacts | Unavailable:
    """With the workflows that can't be read, unless an engine says so itself, and those that lack a system."""
    if isinstance(postgres, Unavailable):
        return postgres
    return database.with_workflows_read(postgres, every=not isinstance(answers.get("engine"), ServiceFacts))


async def _bounded(look: Awaitable[T]) -> T | Unavailable:
    try:
        async with asyncio.timeout(_SECONDS):
            return await look
    except TimeoutError:
        return Unavailable(f"not all answers came in {_SECONDS:.0f} s", silent=True)
    except Unreachable as error:
        return Unavailable(described(error.__cause__ or error))  # the finding says itself what to do
    except Exception as error:  # noqa: BLE001 - that a part can't be looked at is what is looked for
        return Unavailable(described(error))


def _disk(data: Path) -> tuple[float, int]:
    usage = shutil.disk_usage(data)
    return usage.free / usage.total, usage.free


def _print(facts: Facts, diagnosis: list[Finding]) -> None:
    console = out()
    for line in _summary(facts):
        console.print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    _print_findings(console, diagnosis)


def _print_findings(console: Console, diagnosis: list[Finding]) -> None:
    for finding in diagnosis:
        print_finding(console, finding)
    errors, warnings = (sum(each.severity == kind for each in diagnosis) for kind in ("error", "warning"))
    count = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    console.print(f"\n{count}" if errors or warnings else "\nnothing is wrong")


def print_finding(console: Console, finding: Finding) -> None:
    """A finding with its sign, and what to do."""
    sign, style = _SIGNS[finding.severity]
    console.print(hanging(f"{sign} {finding.what}", terminal_width(), 2), style=style, markup=False, soft_wrap=True)
    if finding.do:
        console.print(hanging(f"  → {finding.do}", terminal_width(), 4), markup=False, soft_wrap=True)


def _summary(facts: Facts) -> Iterator[str]:
    yield f"relevo      {facts.version}"
    if isinstance(facts.postgres, DatabaseFacts):
        postgres = facts.postgres
        yield (
            f"PostgreSQL  {postgres.version}; {postgres.timers.count} timers due, {postgres.outbox.count} in the outbox"
            + (f" for {lasting(postgres.outbox.oldest)}" if postgres.outbox.count else "")
        )
    if isinstance(facts.kafka, BrokerFacts):
        groups = ", ".join(f"{name} {sum(group.lag.values())}" for name, group in facts.kafka.groups.items())
        yield f"Kafka       {facts.kafka.brokers} broker(s); behind: {groups}"
    if facts.services:
        states = (
            f"{name} {'away' if isinstance(each, Unavailable) else 'ready' if each.ready else 'not ready'}"
            for name, each in facts.services.items()
        )
        yield f"services    {', '.join(states)}"


def _figures(facts: Facts) -> dict[str, object]:
    """The facts without what is secret or long."""
    figures: dict[str, object] = msgspec.to_builtins(
        {name: getattr(facts, name) for name in ("version", "partitions", "kafka", "services")}
    )
    if isinstance(facts.postgres, Unavailable):
        return {**figures, "postgres": {"why": facts.postgres.why}}
    shown = ("version", "ahead", "migrations", "timers", "outbox", "queues", "again", "settled", "unreadable")
    return {**figures, "postgres": msgspec.to_builtins({name: getattr(facts.postgres, name) for name in shown})}
