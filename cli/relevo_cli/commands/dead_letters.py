"""`relevo dead-letters`: look at messages that could not be processed, and send them again once the cause is mended."""

import asyncio
from datetime import UTC
from typing import Annotated

import msgspec
import typer

from relevo_cli.console import counted, hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_cli.operations import operations
from relevo_contracts.messages import DeadLetter
from relevo_control.app.dead_letters import Choice


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Messages that could not be processed, with their reason and origin.", no_args_is_help=True
    )
    group.command("list")(list_letters)
    group.command("show")(show)
    group.command("redrive")(redrive)
    app.add_typer(group, name="dead-letters")


def list_letters(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the dead letters, oldest first."""
    letters = asyncio.run(operations().dead_letters())
    if as_json:
        print_json([_public(letter) for letter in letters])
        return
    if not letters:
        out().print("no dead letters")
        return
    for letter in letters:
        at = local_minute(letter.at, UTC)
        for line in (letter.id, f"  {at} UTC  {letter.service}  {letter.topic}  {letter.key}", f"  {letter.reason}"):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)


def show(letter_id: Annotated[str, typer.Argument(help="The id that `relevo dead-letters list` prints.")]) -> None:
    """Print one dead letter with its message, as JSON."""
    letters = {one.id: one for one in asyncio.run(operations().dead_letters())}
    if letter_id not in letters:
        raise CommandError(f"no dead letter has the id {letter_id}; `relevo dead-letters list` prints them")
    print_json(_public(letters[letter_id]))


def redrive(
    letter_ids: Annotated[list[str] | None, typer.Argument(help="Which ones.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that the topic still keeps.")] = False,
    shop: Annotated[str, typer.Option(help="Those of one shop.")] = "",
    cause: Annotated[str, typer.Option(help="Those whose reason has this text.")] = "",
) -> None:
    """Send dead letters to their topics again, in order. A message that has its effects already has none a second time.

    One that fails again is the same dead letter again; it pauses no shop and stops no service.
    """
    if bool(letter_ids) + (every or bool(shop or cause)) != 1:
        raise CommandError("say which dead letters to send again: their ids, --shop and --cause, or --all")
    sent = asyncio.run(operations().redrive(Choice(ids=letter_ids or [], shop=shop, cause=cause)))
    out().print(counted(sent, "dead letter was sent to its topic", "dead letters were sent to their topics") + " again")


def _public(letter: DeadLetter) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(letter)
    return {**fields, "value": letter.value.decode("utf-8", "replace")}
