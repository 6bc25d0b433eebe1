"""What the services tell of themselves at /readyz."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from relevo_cli.doctor.facts import ServiceFacts, Unavailable
from relevo_runtime.clock import SystemClock
from relevo_runtime.health import Report

_SECONDS = 5.0
_SECOND = timedelta(seconds=1)


async def look(addresses: Mapping[str, str]) -> dict[str, ServiceFacts | Unavailable]:
    """Asks all at once, each within five seconds of no answer."""
    async with httpx.AsyncClient(timeout=_SECONDS) as client:
        found = await asyncio.gather(*(_ask(client, address) for address in addresses.values()))
    return dict(zip(addresses, found, strict=True))


async def _ask(client: httpx.AsyncClient, address: str) -> ServiceFacts | Unavailable:
    asked = SystemClock().now()
    try:
        answer = await client.get(f"{address.rstrip('/')}/readyz")
        report = msgspec.json.decode(answer.content, type=Report)
    except httpx.ReadTimeout:
        return Unavailable(f"{address}/readyz: connected, but no answer in {_SECONDS:.0f} s", silent=True)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        return Unavailable(f"{address}/readyz: {type(error).__name__} {error}".rstrip())
    return ServiceFacts(
        ready=report.ready,
        version=report.version,
        parts={name: (bool(part["ok"]), str(part.get("why", ""))) for name, part in report.parts.items()},
        ahead=ahead(answer.headers.get("date", ""), asked, SystemClock().now()),
    )


def ahead(date: str, asked: datetime, answered: datetime) -> timedelta:
    """How far the clock is ahead that wrote `Date` between these two instants of ours.

    It has whole seconds, and a server makes it anew only once a second.
    """
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return timedelta(0)
    earliest = asked - 2 * _SECOND
    return there - answered if there > answered else min(there - earliest, timedelta(0))
