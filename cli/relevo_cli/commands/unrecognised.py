"""`relevo unrecognised`: genuine messages that made no event, and what a mended connector makes of them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC
from typing import Annotated

import msgspec
import typer

from relevo_cli import addresses
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_cli.kept_topic import read_again
from relevo_cli.operations import operations
from relevo_contracts.messages import Unrecognised
from relevo_control.app.unrecognised import Kept
from relevo_ingest.adapters.redriven import delivery
from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.receive_events import PLATFORM
from relevo_ingest.connectors.registry import CONNECTORS

_SHOP = typer.Option(help="Of this shop only.")
_PLATFORM = typer.Option(help=f"Of this platform only: {', '.join((*CONNECTORS, PLATFORM))}.")
_TOPIC = typer.Option(help="Of this topic (or type of CloudEvent) only.")
_REASON = typer.Option(help="Of this kind: no_event, no_topic, invalid, mismatch, too_large, bug.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Genuine messages of shops that made no event, kept with their reason.", no_args_is_help=True
    )
    group.command("list")(list_messages)
    group.command("show")(show)
    group.command("redrive")(redrive)
    app.add_typer(group, name="unrecognised")


def list_messages(
    shop: Annotated[str, _SHOP] = "",
    platform: Annotated[str, _PLATFORM] = "",
    topic: Annotated[str, _TOPIC] = "",
    reason: Annotated[str, _REASON] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List them, oldest first. What made its events by `redrive` is marked."""
    kept = asyncio.run(_wanted([], shop, platform, topic, reason))
    found, done = [one.message for one in kept], {delivery(one.message) for one in kept if one.redriven}
    if as_json:
        print_json([{**_public(message), "redriven": delivery(message) in done} for message in found])
        return
    if not found:
        out().print("nothing that was not recognised")
    for message in found:
        at = local_minute(message.receivedtime, UTC)
        state = "redriven" if delivery(message) in done else message.kind
        first = f"{message.id}  {message.shop}"
        for line in (first, f"  {at} UTC  {message.platform}  {message.topic}  {state}", f"  {message.reason}"):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)


def show(
    message_id: Annotated[str, typer.Argument(help="The id that `relevo unrecognised list` prints.")],
    shop: Annotated[str, _SHOP] = "",
) -> None:
    """Print one with its body, as JSON."""
    found = [one.message for one in asyncio.run(_wanted([message_id], shop, "", "", ""))]
    if len(found) > 1:
        raise CommandError(f"several shops have a message {message_id}: say which with --shop")
    print_json(_public(found[0]))


def redrive(  # noqa: PLR0917  - a command declares its options as arguments
    message_ids: Annotated[list[str] | None, typer.Argument(help="Which ones.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that the filters leave.")] = False,
    shop: Annotated[str, _SHOP] = "",
    platform: Annotated[str, _PLATFORM] = "",
    topic: Annotated[str, _TOPIC] = "",
    reason: Annotated[str, _REASON] = "",
) -> None:
    """Read them again by the connectors of this release, and publish their events under their own ids and times.

    What made its events before makes none a second time.
    """
    if bool(message_ids) == every:
        raise CommandError("say which messages to read again: their ids, or --all (with filters)")
    addresses.settings()  # what is read again needs the database
    found = [one.message for one in asyncio.run(_wanted(message_ids or [], shop, platform, topic, reason))]
    results = asyncio.run(read_again(found))
    published = [result for result in results.values() if isinstance(result, Receipt)]
    for message in found:
        result = results[delivery(message)]
        if isinstance(result, Receipt):
            events = [*result.events, *result.waiting]
            outcome = ", ".join(event.type for event in events) or "nothing to tell"
            outcome += " (waits until it is due: see `relevo erasures list`)" if result.waiting else ""
        else:
            outcome = f"no event: {result.reason}"
        out().print(hanging(f"{message.id}  {outcome}", terminal_width()), markup=False, soft_wrap=True)
    out().print(f"{len(published)} of {len(found)} messages made their events")


async def _wanted(ids: Sequence[str], shop: str, platform: str, topic: str, reason: str) -> list[Kept]:
    """The messages with these ids (or all) that the filters leave. Raises `CommandError` for an id without one."""
    asked = {"shop": shop, "platform": platform, "topic": topic, "kind": reason}
    found = [
        one
        for one in await operations().unrecognised()
        if all(not value or getattr(one.message, name).lower() == value.lower() for name, value in asked.items())
        and (not ids or one.message.id in ids)
    ]
    unknown = [each for each in ids if each not in {one.message.id for one in found}]
    if unknown:
        raise CommandError(f"no message has the id {', '.join(unknown)}; `relevo unrecognised list` prints them")
    return found


def _public(message: Unrecognised) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(message)
    return {"kind": message.kind, **fields}
