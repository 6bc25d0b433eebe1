"""What the control API tells of itself, and what is to be done about it: `relevo doctor` with `--server`."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import msgspec
from msgspec import Struct

from relevo_cli.console import counted
from relevo_cli.doctor.facts import Unavailable
from relevo_cli.doctor.findings import Finding
from relevo_cli.doctor.judging import lasting, skew
from relevo_cli.doctor.services import ahead
from relevo_control.core.permissions import EVERY_SHOP
from relevo_control.entrypoints.account_operations import Account
from relevo_runtime.clock import SystemClock

SOON = timedelta(days=7)
"""Before its end a token of days is replaced in good time; one of a log-in lasts for an hour."""
_SECONDS = 10.0
_LOG_IN = "`relevo tokens create`, where the database is, makes a token; `relevo login` logs a person in"


class ControlFacts(Struct, frozen=True, kw_only=True):
    """A control API that answers. `account` is who asks; `None` if it doesn't take the token, and says why."""

    ahead: timedelta
    account: Account | None
    refusal: str = ""


async def look(url: str, token: str) -> ControlFacts | Unavailable:
    """Asks it who asks."""
    asked = SystemClock().now()
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = await client.get(f"{url}/v1/account", headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Unavailable(f"{type(error).__name__} {error}".rstrip(), silent=isinstance(error, httpx.ReadTimeout))
    skewed = ahead(answer.headers.get("date", ""), asked, SystemClock().now())
    try:
        if answer.is_success:
            return ControlFacts(ahead=skewed, account=msgspec.json.decode(answer.content, type=Account))
        return ControlFacts(ahead=skewed, account=None, refusal=str(answer.json()["detail"]))
    except (ValueError, KeyError, TypeError):
        return Unavailable(f"HTTP {answer.status_code}, and not as a control API does")


def findings(url: str, found: ControlFacts | Unavailable, version: str, now: datetime) -> list[Finding]:
    """Everything that is to be said of the control API at `url`, by a command of release `version`."""
    if isinstance(found, Unavailable):
        do = "see that `python -m relevo_control` runs there, and that the address and its certificate are right"
        return [Finding("error", "control", f"{url} does not answer: {found.why}", do)]
    return [*skew(url, found.ahead), *_of_account(found, version, now)]


def _of_account(found: ControlFacts, version: str, now: datetime) -> Iterator[Finding]:
    account = found.account
    if account is None:
        yield Finding("error", "token", f"it does not let you in: {found.refusal}", _LOG_IN)
        return
    if account.server.migrations:
        lacking = account.server.migrations
        count = counted(len(lacking), "migration is", "migrations are")
        what = f"{count} not applied to its database: {', '.join(lacking[:5])}"
        yield Finding("error", "PostgreSQL", what, "`relevo migrate`, where the database is")
    if account.server.version != version:
        what = f"control is of release {account.server.version}, this command of {version}"
        yield Finding("warning", "control", what, "bring both to one release")
    if account.until is not None and account.means.startswith("token") and account.until - now < SOON:
        yield Finding("warning", "token", f"your token ends in {lasting(account.until - now)}", _LOG_IN)


def summary(url: str, found: ControlFacts | Unavailable) -> Iterator[str]:
    """What there is, in lines."""
    if isinstance(found, Unavailable) or found.account is None:
        yield f"control     {url}"
        return
    account = found.account
    yield f"control     {url}, release {account.server.version}"
    roles = ", ".join(one.role if one.shop == EVERY_SHOP else f"{one.role} of {one.shop}" for one in account.grants)
    until = f" until {account.until:%Y-%m-%d %H:%M} UTC" if account.until is not None else ""
    yield f"you         {account.name} ({account.means}{until}): {roles}"
