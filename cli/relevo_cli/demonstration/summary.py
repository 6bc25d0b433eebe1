"""The end of the demonstration in words."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from relevo_cli.demonstration.performance import Result

SHOWN = 12


def print_summary(console: Console, result: Result) -> None:
    """What was sent, what went wrong, and what to try next."""
    found = result.verdict
    mark = "[bold green]✓[/]" if result.good else "[bold red]✗[/]"
    console.print(
        f"{mark} {result.webhooks} webhooks, {result.events} events, {result.runs.started} runs started and "
        f"{result.runs.ended} ended, in {result.seconds:.0f} s"
    )
    console.print(
        f"  {found.emails} e-mails and {found.sms} SMS arrived of {result.expected} expected: "
        f"{len(found.lost)} lost, {len(found.duplicates)} twice, {len(found.unexpected)} unexpected, "
        f"{len(found.early)} early; {result.skipped} not sent with a reason"
    )
    if result.kills:
        console.print(f"  {result.kills} kills, {result.restarts} restarts, {found.in_doubt} messages in doubt")
    _print_failures(console, result)
    for line in overtaken(result.why_lost, kills=result.kills):
        console.print(f"  {line}")
    console.print("\nTry next:")
    console.print(f"  {escape(result.mail_folder)}  has every e-mail as an .eml file; open one in a mail client")
    console.print(f"  {escape(result.logs)}  has the logs of the services, JSON lines")
    console.print("  relevo up  runs the system for webhooks of your own: docs/demo.md shows one with curl")
    console.print("  relevo demo --kill 1 --speed 1800  does the same while services are killed at random")


def overtaken(why_lost: Sequence[str], *, kills: int) -> list[str]:
    """What to say if the fast clock overtook a machine that is busy with other things."""
    late = sum("too late" in why for why in why_lost)
    if not late or kills:
        return []
    return [
        f"{late} of the lost were too late by the fast clock, as they are when the machine is busy with other things, "
        "and so others may be early or unexpected: give it more time, relevo demo --speed 900"
    ]


def _print_failures(console: Console, result: Result) -> None:
    found = result.verdict
    lines = [f"refused: {text}" for text in result.refused]
    lines += [
        f"lost: {m.channel} {m.workflow}/{m.template} to {m.recipient} ({m.scenario}; {why})"
        for m, why in zip(found.lost, result.why_lost, strict=True)
    ]
    for name, messages in (("twice", found.duplicates), ("unexpected", found.unexpected), ("early", found.early)):
        lines += [f"{name}: {m.channel} {m.workflow}/{m.template} to {m.recipient} ({m.effect})" for m in messages]
    for line in lines[:SHOWN]:
        console.print(f"  [red]{escape(line)}[/]")
    if len(lines) > SHOWN:
        console.print(f"  … and {len(lines) - SHOWN} more")
