"""Everything that is kept of a person, from all who keep it (GDPR Art. 15 and 20)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from relevo_engine.adapters import privacy as of_engine
from relevo_ingest.adapters import privacy as of_ingest
from relevo_notifier.adapters import privacy as of_notifier
from relevo_runtime.postgres import Connection


class Export(Struct, frozen=True, kw_only=True):
    """What is kept of a customer, by who keeps it and in which table."""

    shop: str
    customer: str
    at: datetime
    engine: dict[str, Any]
    notifier: dict[str, Any]
    ingest: dict[str, Any]


async def collect(connection: Connection, shop: str, key: str, now: datetime) -> Export:
    """All of one moment, if `connection` is in a transaction that reads one."""
    return Export(
        shop=shop,
        customer=key,
        at=now,
        engine=await of_engine.of_customer(connection, shop, key),
        notifier=await of_notifier.of_customer(connection, shop, key),
        ingest=await of_ingest.of_person(connection, shop, key),
    )


def as_json(export: Export) -> str:
    """For machines: another controller can read it."""
    return msgspec.json.format(msgspec.json.encode(export), indent=2).decode()


_TITLES = {
    "engine": "What the shop's events told, and what workflows decided",
    "notifier": "How you may be reached, what was sent to you, and what you agreed to",
    "ingest": "By which names the shop knows you",
}


def as_text(export: Export) -> str:
    """For the person."""
    lines = [f"What is kept of you by {export.shop}, as of {export.at:%Y-%m-%d %H:%M} UTC ({export.customer})"]
    for part, title in _TITLES.items():
        kept: dict[str, Any] = getattr(export, part)
        lines += ["", title, "=" * len(title)]
        if not kept:
            lines.append("nothing")
        for name, rows in kept.items():
            lines += ["", name, "-" * len(name), *_lines(rows, "")]
    return "\n".join(lines)


def _lines(value: Any, indent: str) -> Iterator[str]:
    """One line a value, nested ones indented; what is empty says nothing."""
    for name, one in value.items() if isinstance(value, dict) else enumerate(value, 1):
        if one in ("", None, [], {}):
            continue
        if isinstance(one, dict | list):
            yield f"{indent}{name}:"
            yield from _lines(one, indent + "  ")
        else:
            yield f"{indent}{name}: {one}"
