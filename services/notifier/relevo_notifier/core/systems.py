"""What a system of a shop is asked, as a conversation: requests that are given out, and what came back to each. Pure.

A conversation is a generator, so that what a system needs (one request or five, asking first, signing in) is written in
a row and reads no clock, opens no connection and can be tried without a network. It may be begun again from its start:
whatever was cut off, the same call has the same `reference`.
"""

import hashlib
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, tzinfo
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs

from relevo_contracts.messages import CallHttp
from relevo_contracts.systems import OPERATIONS
from relevo_contracts.systems.operation import PlainDay
from relevo_contracts.zones import zone_of
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.requests import InvalidCall, Request, api_request

T = TypeVar("T")
_LONGEST_REASON = 300
_DAY = len("2026-03-01")


class Ask(Struct, frozen=True, kw_only=True):
    """A request to a system. `path` begins with `/` and is encoded; `body` is sent as JSON, `form` as a form.

    `elsewhere` is the address of another server than the system's own, such as the one that gives out tokens.
    `idempotency` is the key by which the system knows a request again, where it takes one.
    """

    method: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: Any = None
    form: Mapping[str, str] | None = None
    elsewhere: str = ""
    idempotency: str = ""

    def __repr__(self) -> str:  # its headers have secrets
        return f"Ask({self.method} {self.path})"


Conversation = Generator[Ask, Replied, T]


class Token(Struct, frozen=True):
    """What a system gives to whoever signs in, good until `expires_at`."""

    value: str
    expires_at: datetime


class Access(Struct, frozen=True, kw_only=True):
    """How a shop's system is reached. `credentials` are in clear. `token` is empty where nobody signs in.

    `title` is the system's name as people write it. Its days begin and end in `timezone`, the shop's (IANA).
    """

    shop: str
    port: str
    system: str
    base_url: str
    credentials: Mapping[str, str]
    settings: Mapping[str, str] = {}
    token: str = ""
    title: str = ""
    timezone: str = "UTC"

    def __repr__(self) -> str:
        return f"Access({self.shop} {self.port} {self.system})"

    @property
    def name(self) -> str:
        """What people call it in an error."""
        return self.title or self.system


class SystemCall(Struct, frozen=True, kw_only=True):
    """What surrounds one operation. `reference` is the same at every attempt, and no other call has it.

    `repeated`: an earlier attempt may have been carried out, so whatever has no idempotency asks first.
    """

    access: Access
    reference: str
    repeated: bool
    now: datetime

    @property
    def today(self) -> str:
        """The day that it is where the shop is."""
        return self.now.astimezone(zone_of(self.access.timezone)).date().isoformat()


class System(Struct, frozen=True, kw_only=True):
    """A system that serves a port. `title` is its name as people write it.

    `credentials` and `settings` say of each what it is and where it is found; a setting that begins with "optional" may
    be left out. `base_url` is where it is for everybody; empty: each customer of it has an own address. `operations`
    are by the names that the port has for them. `probe` asks for something harmless, and returns whose account it is.
    """

    name: str
    title: str
    port: str
    credentials: Mapping[str, str]
    operations: Mapping[str, Callable[[Any, SystemCall], Conversation[Any]]]
    probe: Callable[[Access], Conversation[str]]
    settings: Mapping[str, str] = {}
    base_url: str = ""
    sign_in: Callable[[Access, datetime], Conversation[Token]] | None = None


class Declined(Exception):  # noqa: N818 - it is an answer, nothing went wrong
    """The system will not do it, and asking again changes nothing. `status` is of the kind that workflows see."""

    def __init__(self, reason: str, status: int = 422) -> None:
        super().__init__(reason[:_LONGEST_REASON])
        self.status = status


class NotThere(Declined):
    """The system does not know what was named."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, 404)


class SignedOut(Declined):
    """The system does not take what opens it."""

    def __init__(self, access: Access, said: str = "") -> None:
        again = f"relevo systems add {access.shop} {access.port} {access.system}"
        words = (
            f"{access.name} does not accept the credentials{f' ({said})' if said else ''}: give others with `{again}`"
        )
        super().__init__(words, 401)


class Later(Exception):  # noqa: N818 - as above
    """The system can't do it now, and may in so many seconds."""

    def __init__(self, reason: str, wait: float = 1.0) -> None:
        super().__init__(reason[:_LONGEST_REASON])
        self.wait = wait


def succeeded(reply: Replied, access: Access, said: str = "") -> Any:
    """The body of an answer of success. Raises what another means; `said` is what the system says of it."""
    if 200 <= reply.status < 300:
        return reply.body
    if reply.status == 401:
        raise SignedOut(access, said)
    words = f"{access.name} answered {reply.status}" + (f": {said}" if said else "")
    if reply.status == 403:
        raise Declined(f"{words}; the credentials lack a permission", 403)
    if reply.status == 404:
        raise NotThere(words)
    raise Declined(words, reply.status if 400 <= reply.status < 500 else 422)


def reference_of(call: CallHttp) -> str:
    """By what a system knows the call again: letters, digits and hyphens, 39 of them."""
    digest = hashlib.sha256(f"{call.shop}\0{call.id}".encode()).hexdigest()
    return f"relevo-{digest[:32]}"


def tagged(own: str, reference: str) -> str:
    """The shop's own reference with ours behind it, in brackets, for a system that has one field for both."""
    return f"{own[:200]} [{reference.removeprefix('relevo-')[:16]}]".strip()


def local_day(written: str, zone: tzinfo) -> str:
    """The day in `zone` at the time that is written; what is a day already, or says no zone, is that day."""
    try:
        at = datetime.fromisoformat(written)
        local = at if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        return written[:_DAY]
    return local.date().isoformat()


def given_of(call: CallHttp, zone: tzinfo) -> Any:
    """What the operation of a call is given, as its type. Raises `Declined` if it does not fit.

    Times are days of `zone` from here on, for every operation: a system takes them as they are.
    """
    wanted = call.system
    operation = OPERATIONS.get(wanted.operation) if wanted is not None else None
    if wanted is None or operation is None:
        raise Declined("this release of the notifier does not know the operation", 501)
    try:
        given = msgspec.convert(wanted.given, operation.given)
    except msgspec.ValidationError as error:
        raise Declined(f"what {wanted.operation} is given does not fit: {error}") from None
    days = [field.name for field in structs.fields(given) if field.type == PlainDay]
    return structs.replace(given, **{name: local_day(getattr(given, name), zone) for name in days})


def request_for(ask: Ask, base_url: str, timeout: float) -> Request | InvalidCall:
    """The request that carries `ask`, to the system at `base_url`."""
    content, media = b"", "application/json"
    if ask.form is not None:
        content, media = urlencode(ask.form).encode(), "application/x-www-form-urlencoded"
    elif ask.body is not None:
        content = msgspec.json.encode(ask.body)
    headers = {**ask.headers, "Idempotency-Key": ask.idempotency} if ask.idempotency else ask.headers
    return api_request(
        ask.method,
        ask.elsewhere or base_url,
        ask.path,
        query=ask.query,
        headers=headers,
        content=content,
        media=media,
        timeout=timeout,
    )
