"""From a call to the request that goes out: its headers with their secrets, its body. Pure.

No text that leaves this module except the request itself contains a secret: errors name headers, not their values.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct
from pydantic import SecretStr

from relevo_contracts.messages import CallHttp

# `$$` is a dollar sign: the engine doubles those that came with computed values, so that no value can name a secret.
_SECRET = re.compile(r"\$(?:\$|\{([A-Z][A-Z0-9_]*)\})")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2: token
_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = {"idempotency-key", "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "upgrade"}


class Request(Struct, frozen=True):
    """A request ready to go. `host` and `port` are where to; `timeout` is in wall seconds."""

    method: str
    url: str
    host: str
    port: int
    headers: list[tuple[bytes, bytes]]
    content: bytes
    timeout: float

    def __repr__(self) -> str:
        return f"Request({self.method} {self.place})"

    @property
    def place(self) -> str:
        """What limits and circuits go by."""
        return f"{self.host}:{self.port}"


class InvalidCall(Struct, frozen=True):
    """A call that can never be made, and why."""

    reason: str


def place_of(call: CallHttp) -> str:
    """`Request.place` of a call; empty if its URL can't be read."""
    return place_at(call.url)


def place_at(url: str) -> str:
    """The host and port that limits and circuits go by; empty if the URL can't be read."""
    found = target_of(url)
    return "" if isinstance(found, InvalidCall) else f"{found[0]}:{found[1]}"


def request_of(call: CallHttp, secrets: Mapping[str, SecretStr], longest: float) -> Request | InvalidCall:
    """The request of a call, which may take `longest` seconds at most."""
    url = _address(call, secrets)
    if isinstance(url, InvalidCall):
        return url
    target = target_of(url)
    if isinstance(target, InvalidCall):
        return target
    headers = _headers(call, secrets)
    if isinstance(headers, InvalidCall):
        return headers
    content = b"" if call.body is None else msgspec.json.encode(call.body)
    given = {name.lower() for name, _ in headers}
    if content and b"content-type" not in given:
        headers.append((b"Content-Type", b"application/json"))
    if b"accept" not in given:
        headers.append((b"Accept", b"application/json, */*;q=0.5"))
    if b"user-agent" not in given:
        headers.append((b"User-Agent", b"Relevo"))
    # Compressed answers could unfold to any size: none is asked for.
    headers.append((b"Accept-Encoding", b"identity"))
    headers.append((b"Idempotency-Key", call.id.encode("ascii", "backslashreplace")))
    timeout = min(call.timeout_seconds, longest)
    return Request(call.method, url, *target, headers=headers, content=content, timeout=timeout)


def api_request(
    method: str,
    base_url: str,
    path: str,
    *,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    content: bytes,
    media: str,
    timeout: float,
) -> Request | InvalidCall:
    """A request to the API at `base_url`, in our own words: `path` begins with `/` and is encoded already."""
    url = base_url.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
    target = target_of(url)
    if isinstance(target, InvalidCall):
        return target
    given = {"Accept": "application/json", "User-Agent": "Relevo", "Accept-Encoding": "identity", **headers}
    if content:
        given["Content-Type"] = media
    lines = [(name.encode("ascii"), value.encode()) for name, value in given.items()]
    return Request(method, url, *target, headers=lines, content=content, timeout=timeout)


def basic_auth(user: str, password: str) -> str:
    """The value of `Authorization` that names a user and a password (RFC 7617)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _address(call: CallHttp, secrets: Mapping[str, SecretStr]) -> str | InvalidCall:
    """The address of a call. That of an incoming webhook is a secret as a whole: whoever has it can post there."""
    named = _SECRET.fullmatch(call.url) if call.webhook else None
    if named is None or not named[1]:
        return call.url
    if named[1] not in secrets:
        return InvalidCall(f"the webhook names the secret {named[1]}: set RELEVO_CALL_SECRET_{named[1]}")
    return secrets[named[1]].get_secret_value().strip()


def target_of(url: str) -> tuple[str, int] | InvalidCall:
    """The host and port of an address."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode() if not _is_ascii(parts.hostname) else parts.hostname
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except (ValueError, UnicodeError):
        return InvalidCall("the URL can't be read")
    if parts.scheme not in ("http", "https") or not host:
        return InvalidCall("the URL needs http:// or https:// and a host")
    if _UNFIT.search(url) or " " in url or "\\" in url:
        return InvalidCall("the URL contains spaces, backslashes or control characters: encode what goes into it")
    return host, port


def _is_ascii(host: str | None) -> bool:
    return host is None or host.isascii()


def _headers(call: CallHttp, secrets: Mapping[str, SecretStr]) -> list[tuple[bytes, bytes]] | InvalidCall:
    headers: list[tuple[bytes, bytes]] = []
    for name, text in call.headers.items():
        if not _NAME.fullmatch(name):
            return InvalidCall(f"{name[:80]!r} is not a valid name of a header")
        if name.lower() in _OURS:
            return InvalidCall(f"the header {name} is set by Relevo: take it out of the step")
        missing = [secret for secret in _SECRET.findall(text) if secret and secret not in secrets]
        if missing:
            return InvalidCall(f"the header {name} names the secret {missing[0]}: set RELEVO_CALL_SECRET_{missing[0]}")
        value = _SECRET.sub(lambda found: secrets[found[1]].get_secret_value() if found[1] else "$", text).strip()
        if _UNFIT.search(value):
            return InvalidCall(f"the value of the header {name} has line breaks or control characters")
        headers.append((name.encode(), value.encode()))
    return headers
