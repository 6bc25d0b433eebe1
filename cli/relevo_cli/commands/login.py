"""`relevo login`: log in at a control API as a person."""

import asyncio
import contextlib
import webbrowser
from typing import Annotated

import httpx
import msgspec
import typer

from relevo_cli.console import err, out
from relevo_cli.errors import CommandError
from relevo_cli.logging_in import device_flow
from relevo_cli.logging_in.code_flow import Attempt, discover, exchange
from relevo_cli.logging_in.redirect import waiting
from relevo_cli.server import Control, NotAllowedError, Server, UnknownCallerError, checked_url, store_log_in
from relevo_control.core.permissions import EVERY_SHOP
from relevo_control.entrypoints.account_operations import Account
from relevo_control.entrypoints.log_in import LogIn


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("login")(login)


def login(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the browser comes back to; 0: any free port.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser here.")] = True,
    device: Annotated[
        bool, typer.Option("--device", help="Show a code, for a browser on any other machine: here there is none.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=1, help="How long to wait for it.")] = 300.0,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the log-in of this machine.")] = False,
) -> None:
    """Log in at the OpenID provider of the control API (--server), in a browser here or (--device) anywhere."""
    url = checked_url()
    if not url:
        raise CommandError("say where to log in: --server https://… (RELEVO_SERVER)")
    if forget:
        store_log_in(url, "")
        out().print(f"nobody is logged in at {url} from here any more", markup=False)
        return
    found = _by_device(url) if device else _log_in(url, port, seconds, browser=browser)
    token = asyncio.run(found)
    account = asyncio.run(_known(url, token))
    store_log_in(url, token)
    roles = ", ".join(one.role if one.shop == EVERY_SHOP else f"{one.role} of {one.shop}" for one in account.grants)
    out().print(f"logged in at {url} as {account.name}: {roles}", markup=False, soft_wrap=True)


async def _known(url: str, token: str) -> Account:
    """Who the control API takes somebody for. Raises `CommandError` if for nobody, or for one without a role, and
    `OperationError` where it can't be asked.
    """
    try:
        return await Control(Server(url, token)).get("/v1/account", Account)
    except (NotAllowedError, UnknownCallerError) as error:
        raise CommandError(f"the provider knows you, and the control API lets you do nothing: {error}") from error


async def _log_in(url: str, port: int, seconds: float, *, browser: bool) -> str:
    async with httpx.AsyncClient(timeout=30) as client:
        where = await _where(client, url)
        endpoints = await discover(client, where.issuer)
        async with waiting(port) as (redirect, answer):
            attempt = Attempt.new(redirect)
            address = attempt.address(endpoints, where.client_id, where.scopes)
            err().print(f"log in at {address}", markup=False, soft_wrap=True)
            _warn(endpoints.unlisted(where.scopes))
            if browser:
                with contextlib.suppress(webbrowser.Error):
                    webbrowser.open(address)
            try:
                async with asyncio.timeout(seconds):
                    query = await answer
            except TimeoutError:
                raise CommandError(f"nobody came back from the log-in within {seconds:.0f} s") from None
        return await exchange(client, endpoints, where.client_id, attempt, attempt.code(query, endpoints.issuer))


async def _by_device(url: str) -> str:
    async with httpx.AsyncClient(timeout=30) as client:
        where = await _where(client, url)
        endpoints = await discover(client, where.issuer)
        asked = await device_flow.ask(client, endpoints, where.client_id, where.scopes)
        err().print(asked.advice, markup=False, soft_wrap=True)
        _warn(endpoints.unlisted(where.scopes))
        return await device_flow.wait(client, endpoints, where.client_id, asked)


def _warn(about: str) -> None:
    if about:
        err().print(about, markup=False, soft_wrap=True)


async def _where(client: httpx.AsyncClient, url: str) -> LogIn:
    try:
        answer = (await client.get(f"{url}/v1/log-in")).raise_for_status()
        found = msgspec.json.decode(answer.content, type=LogIn)
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise CommandError(f"{url} does not answer as a control API: {error!r}") from error
    if not found.issuer:
        raise CommandError(f"{url} knows tokens alone; `relevo tokens create` makes one, where the database is")
    return found
