"""Can the platform reach ingest? The address is asked from here; where the platform calls, its call is waited for."""

import asyncio
from datetime import datetime

import httpx
from msgspec import Struct

from relevo_cli.connecting.session import Session
from relevo_runtime.last_deliveries import LastDelivery, last_delivery
from relevo_runtime.postgres import Connection

_SECONDS = 10.0
_LOOK_EVERY = 0.5
_OURS = "application/problem+json"


class Reachability(Struct, frozen=True):
    """What was found. `problem` is empty if nothing speaks against it; `proven` that the platform itself called."""

    problem: str = ""
    proven: bool = False
    last: LastDelivery = LastDelivery()


async def check_reachability(
    session: Session, *, since: datetime, called: bool, patience: float = 15.0
) -> Reachability:
    """Whether the platform can reach ingest, as far as that can be known from here.

    `called` says that it should have called since `since`.
    """
    last = await last_delivery(session.database, session.connected.shop)
    problem = await _asked(session.address)
    if called:
        last = await _waited(session.database, session.connected.shop, since, patience)
        if _later(last, since):
            return Reachability(proven=True, last=last)
    if not problem and called:
        problem = (
            f"the platform called {session.address} when the webhooks were made, and nothing came: a firewall, a proxy"
            " or the shop's host may stop it"
        )
    return Reachability(problem, last=last)


async def _asked(address: str) -> str:
    """What is wrong with the address, asked as somebody who has no secret: ingest refuses, and says so as itself."""
    try:
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            answer = await client.post(address, content=b"{}", headers={"content-type": "application/json"})
    except httpx.HTTPError as error:
        return f"{address} can't be reached from here: {type(error).__name__} {error}".strip()
    except httpx.InvalidURL as error:
        return f"RELEVO_PUBLIC_URL is not an address: {error}"
    if answer.headers.get("content-type", "").startswith(_OURS):
        return ""
    return f"{address} answers {answer.status_code}, but not as ingest does: is RELEVO_PUBLIC_URL right?"


async def _waited(database: Connection, shop: str, since: datetime, patience: float) -> LastDelivery:
    """When the shop was last heard of, once that is after `since`, or nothing came for so long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    last = await last_delivery(database, shop)
    while not _later(last, since) and loop.time() < until:
        await asyncio.sleep(_LOOK_EVERY)
        last = await last_delivery(database, shop)
    return last


def _later(last: LastDelivery, since: datetime) -> bool:
    return any(at is not None and at >= since for at in (last.ping_at, last.webhook_at))
