"""The device authorization grant: a person logs in with a browser of any machine, by a code that is shown here.

Source: RFC 8628, sections 3.1 to 3.5. The ID token comes as OpenID Connect has it, for the scope `openid`.
"""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import msgspec
from msgspec import Struct

from relevo_cli.errors import CommandError
from relevo_cli.logging_in.code_flow import Endpoints, scope_advice

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER = 5
"""Seconds that each `slow_down` adds to the interval (section 3.5)."""
_REFUSED = {
    "access_denied": "the log-in was refused",
    "expired_token": "nobody logged in with the code in time: run `relevo login --device` again",
}
Sleep = Callable[[float], Awaitable[None]]


class Device(Struct, frozen=True):
    """What the provider gave: the code of this device, and where the person types theirs. Times are in seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: float
    interval: float = 5.0
    verification_uri_complete: str = ""

    def __repr__(self) -> str:
        return f"Device({self.user_code!r}, {self.verification_uri!r})"

    @property
    def advice(self) -> str:
        """What the person does."""
        whole = f" (or open {self.verification_uri_complete})" if self.verification_uri_complete else ""
        return f"log in at {self.verification_uri} with the code {self.user_code}{whole}"


async def ask(client: httpx.AsyncClient, endpoints: Endpoints, client_id: str, scopes: str) -> Device:
    """Begins a log-in. Raises `CommandError` if the provider has no such flow, or not for this client."""
    address = endpoints.device_authorization_endpoint
    if not address:
        raise CommandError(f"{endpoints.issuer} has no log-in by device: run `relevo login` where a browser is")
    try:
        answer = await client.post(address, data={"client_id": client_id, "scope": scopes})
        if answer.is_error:
            why = _why(answer)
            raise CommandError(f"{address} refuses the log-in: {why}{scope_advice(why)}")
        return msgspec.json.decode(answer.content, type=Device)
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise CommandError(f"{address} does not answer as RFC 8628 says: {error!r}") from error


async def wait(
    client: httpx.AsyncClient, endpoints: Endpoints, client_id: str, device: Device, *, sleep: Sleep = asyncio.sleep
) -> str:
    """The ID token, once the person has logged in. Raises `CommandError` if they refuse, or don't come in time."""
    form = {"grant_type": _GRANT, "device_code": device.device_code, "client_id": client_id}
    interval, waited = device.interval, 0.0
    while waited < device.expires_in:
        await sleep(interval)
        waited += max(interval, 1.0)
        try:
            answer = await client.post(endpoints.token_endpoint, data=form)
        except httpx.TransportError:
            interval *= 2  # section 3.5: a connection that fails is tried again more slowly
            continue
        if answer.is_success:
            return _token(endpoints, answer)
        match _why(answer):
            case "authorization_pending":
                pass
            case "slow_down":
                interval += _SLOWER
            case why:
                raise CommandError(_REFUSED.get(why, f"{endpoints.token_endpoint} gave no ID token: {why}"))
    raise CommandError(_REFUSED["expired_token"])


def _token(endpoints: Endpoints, answer: httpx.Response) -> str:
    try:
        return str(answer.json()["id_token"])
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{endpoints.token_endpoint} gave no ID token: is `openid` a scope of the client?") from None


def _why(answer: httpx.Response) -> str:
    """The code of an error (RFC 6749, section 5.2), or the status of an answer that has none."""
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
