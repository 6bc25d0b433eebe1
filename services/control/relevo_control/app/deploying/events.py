"""What a deployment does to the events that a shop declares: new ones, changed ones, and what would break."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from relevo_contracts.declared import DeclarationError, Declared, declare
from relevo_contracts.schemas import breaking_changes
from relevo_runtime.catalog import EventType, of_shop

State = Literal["new", "changed", "same"]


class EventChange(Struct, frozen=True, kw_only=True):
    """What declaring one event changes. `objection` says what would break, and what to do; empty if nothing would."""

    name: str
    shop: str
    state: State
    schema: dict[str, Any]
    objection: str = ""


def event_changes(wanted: Iterable[Declared], known: Sequence[EventType], shop: str) -> list[EventChange]:
    """Compares what is to be declared with what the catalog has for a shop."""
    before = of_shop(known, shop)
    return [_change(one, before.get(one.name), shop) for one in wanted]


def _change(wanted: Declared, before: EventType | None, shop: str) -> EventChange:
    if before is None:
        return EventChange(name=wanted.name, shop=shop, state="new", schema=wanted.schema)
    if before.schema == wanted.schema:
        return EventChange(name=wanted.name, shop=shop, state="same", schema=wanted.schema)
    return EventChange(
        name=wanted.name, shop=shop, state="changed", schema=wanted.schema, objection=_objection(before, wanted)
    )


def _objection(before: EventType, wanted: Declared) -> str:
    """Why what was sent or written for the schema before would not work with the new one; empty if it would."""
    try:
        old = declare(before.name, before.schema)
    except DeclarationError:
        return ""  # another release declared it, and this one can't read it: the new one can only mend that
    broken = breaking_changes(_plain(old), _plain(wanted))
    if not broken:
        return ""
    breaks = "; ".join(line.removeprefix(f"/{wanted.payload.__name__}/") for line in broken)
    return (
        f"{wanted.name} would break what was written for it: {breaks}. Declare another event, such as {wanted.name}_2"
    )


def _plain(declared: Declared) -> dict[str, Any]:
    """The schema in one form, however it was written."""
    return msgspec.json.schema(declared.payload)
