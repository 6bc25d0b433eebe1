"""The end of the demonstration in words."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from relevo_cli.demonstration.performance import Result
from relevo_cli.demonstration.verdict import Overtaken, Verdict

SHOWN = 12


def print_summary(console: Console, result: Result) -> None:
    """What was sent, what went wrong, and what to try next."""
    found = result.verdict
    mark = "[bold green]✓[/]" if result.good else "[bold red]✗[/]"
    console.print(
        f"{mark} {result.webhooks} {result.unit}, {result.events} events, {result.runs.started} runs started and "
        f"{result.runs.ended} ended, in {result.seconds:.0f} s"
    )
    console.print(
        f"  {found.emails} e-mails and {found.sms} SMS arrived of {result.expected} expected: "
        f"{', '.join(_differences(found))}; {result.skipped} not sent with a reason"
    )
    if result.kills:
        console.print(f"  {result.kills} kills, {result.restarts} restarts, {found.in_doubt} messages in doubt")
    _print_failures(console, result)
    for line in overtaken(found.overtaken):
        console.print(f"  {escape(line)}")
    console.print("\nTry next:")
    console.print(f"  {escape(result.mail_folder)}  has every e-mail as an .eml file; open one in a mail client")
    console.print(f"  {escape(result.logs)}  has the logs of the services, JSON lines")
    console.print("  relevo up  runs the system for webhooks of your own: docs/demo.md shows one with curl")
    console.print("  relevo demo --platform woocommerce  is the day of a shop on another platform; --help names them")
    console.print("  relevo demo --kill 1 --speed 1800  does the same while services are killed at random")


def _differences(found: Verdict) -> Iterator[str]:
    """What is not as expected, in doubt or not: nothing that somebody got again is left out."""
    doubted = f" ({found.missing_in_doubt} more in doubt)" if found.missing_in_doubt else ""
    yield f"{len(found.lost)} lost{doubted}"
    unsure = f" ({found.twice_in_doubt} of them in doubt)" if found.twice_in_doubt else ""
    yield f"{found.twice} twice{unsure}"
    yield f"{len(found.unexpected)} unexpected"
    yield f"{len(found.early)} early"
    if found.overtaken:
        yield f"{len(found.overtaken)} rightly not sent, as they were late"


def overtaken(messages: Sequence[Overtaken]) -> list[str]:
    """Which messages a delay of this machine, or a kill, made needless, and why."""
    return [
        f"late: {one.message.channel} {one.message.workflow}/{one.message.template} to {one.message.recipient}, looked"
        f" at {one.late.total_seconds() / 3600:.0f} h after its time, was rightly not sent: {one.skip.reason}"
        for one in messages[:SHOWN]
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
