"""`relevo dead-letters`: look at messages that could not be processed, and send them again once the cause is mended."""

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Annotated

import msgspec
import typer

from relevo_cli import addresses
from relevo_cli.console import counted, hanging, local_minute, out, print_json, terminal_width
from relevo_cli.dead_letter_topic import read_dead_letters
from relevo_cli.dead_letter_topic import redrive as send_again
from relevo_cli.errors import CommandError
from relevo_contracts.messages import DeadLetter


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
    letters = asyncio.run(read_dead_letters(addresses.settings()))
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
    [letter] = asyncio.run(_find([letter_id]))
    print_json(_public(letter))


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
    sent = asyncio.run(_redrive(letter_ids or [], lambda letter: _is_of(letter, shop) and cause in letter.reason))
    out().print(
        counted(len(sent), "dead letter was sent to its topic", "dead letters were sent to their topics") + " again"
    )


def _is_of(letter: DeadLetter, shop: str) -> bool:
    return not shop or letter.key.partition("/")[0] == shop


_WITHOUT = "these were kept without their message (it was empty, or too large to keep) and can't be sent again"


async def _redrive(wanted: list[str], chosen: Callable[[DeadLetter], bool]) -> list[DeadLetter]:
    letters = [letter for letter in await _find(wanted, sealed=True) if chosen(letter)]
    without = [letter.id for letter in letters if not letter.value]
    if wanted and without:
        raise CommandError(f"{_WITHOUT}: {', '.join(without)}")
    letters = [letter for letter in letters if letter.value]
    await send_again(addresses.settings(), letters)
    return letters


async def _find(wanted: list[str], *, sealed: bool = False) -> list[DeadLetter]:
    """The letters with these ids, or all; the same letter once. Raises `CommandError` for an id that is not there."""
    letters = {letter.id: letter for letter in await read_dead_letters(addresses.settings(), sealed=sealed)}
    unknown = [letter_id for letter_id in wanted if letter_id not in letters]
    if unknown:
        raise CommandError(f"no dead letter has the id {', '.join(unknown)}; `relevo dead-letters list` prints them")
    return [letters[letter_id] for letter_id in wanted] if wanted else list(letters.values())


def _public(letter: DeadLetter) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(letter)
    return {**fields, "value": letter.value.decode("utf-8", "replace")}
