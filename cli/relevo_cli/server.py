"""The control API as the command uses it: with `--server` or RELEVO_SERVER, and the token in RELEVO_TOKEN."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from msgspec import Struct

from relevo_cli.addresses import SERVER, control_url
from relevo_cli.errors import CommandError
from relevo_control.app.errors import ConflictError, NotKnownError, OperationError, OutdatedError
from relevo_control.app.pages import MOST, Page

T = TypeVar("T")
Body = Struct | Mapping[str, object] | None
TOKEN = "RELEVO_TOKEN"  # noqa: S105 - the name of a variable
_SECONDS = 300.0
"""A deployment waits until every engine has seen it, and moves runs."""
_LOCAL = ("127.0.0.1", "localhost", "::1")


class UnknownCallerError(CommandError):
    """The control API doesn't know who asks (401)."""


class NotAllowedError(OperationError):
    """The control API knows who asks, and they may not (403)."""


_KINDS: Mapping[int, type[OperationError]] = {
    403: NotAllowedError,
    404: NotKnownError,
    409: ConflictError,
    412: OutdatedError,
}


class Server(Struct, frozen=True):
    """Where the control API is, and what opens it."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Server({self.url!r}, token='********')"


def checked_url() -> str:
    """The address of the control API; empty: commands work on the database. Raises `CommandError` for an unsafe one."""
    url = control_url()
    parts = urlsplit(url)
    if url and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise CommandError(f"{SERVER}={url} must begin with https://, as a token goes there")
    return url


def server() -> Server | None:
    """The control API that commands use, if they use one. Raises `CommandError` if it can't be used so."""
    url = checked_url()
    if not url:
        return None
    token = given_token(url)
    if not token:
        raise CommandError(
            f"nobody is logged in at {url}: set {TOKEN} to a token (`relevo tokens create`, where the database is),"
            " or run `relevo login`"
        )
    return Server(url, token)


def given_token(url: str) -> str:
    """The token for this server: the environment's, or that of who logged in; empty: there is none."""
    return os.environ.get(TOKEN, "").strip() or stored_log_in(url)


def log_ins() -> Path:
    """The file with what `relevo login` got, by server; only its owner may read it."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "relevo" / "log-ins.json"


def stored_log_in(url: str) -> str:
    """The ID token of who logged in at this server; empty: nobody did."""
    try:
        return msgspec.json.decode(log_ins().read_bytes(), type=dict[str, str]).get(url, "")
    except (OSError, msgspec.DecodeError):
        return ""


def store_log_in(url: str, token: str) -> None:
    """Keeps the ID token of who logged in; an empty one forgets it."""
    file = log_ins()
    try:
        known = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        known = {}
    known = {name: value for name, value in {**known, url: token}.items() if value}
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(known))
    draft.replace(file)


def segment(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")


class Control:
    """Requests to the control API; a refusal is raised as the `OperationError` that it stands for."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def get(self, path: str, kind: type[T], **query: object) -> T:
        """What is at a path."""
        return msgspec.json.decode(await self._ask("GET", path, query=query), type=kind)

    async def items(self, path: str, kind: type[T], *, most: int | None = None, **query: object) -> list[T]:
        """All pages of a list, or as many as have its first `most` items."""
        found: list[T] = []
        cursor = ""
        while True:
            asked = {**query, "cursor": cursor, "limit": MOST if most is None else min(MOST, most - len(found))}
            page = msgspec.json.decode(await self._ask("GET", path, query=asked), type=Page[kind])  # type: ignore[valid-type]
            found += page.items
            cursor = page.next
            if not cursor or len(found) == most:
                return found

    async def post(self, path: str, kind: type[T], body: Body = None, **query: object) -> T:
        """What comes of a request."""
        return msgspec.json.decode(await self._ask("POST", path, query=query, body=body), type=kind)

    async def _ask(
        self, method: str, path: str, *, query: Mapping[str, object] | None = None, body: Body = None
    ) -> bytes:
        headers = {"Authorization": f"Bearer {self._server.token}", "Content-Type": "application/json"}
        content = b"" if body is None else msgspec.json.encode(body)
        asked: dict[str, Any] = {name: value for name, value in (query or {}).items() if value not in ("", None)}
        try:
            async with httpx.AsyncClient(timeout=httpx.Timeout(_SECONDS, connect=10)) as client:
                answer = await client.request(
                    method, f"{self._server.url}{path}", params=asked, content=content, headers=headers
                )
        except httpx.HTTPError as error:
            raise CommandError(f"{self._server.url} can't be reached: {error or type(error).__name__}") from error
        if answer.is_success:
            return answer.content
        raise _refusal(self._server, answer)


def _refusal(server: Server, answer: httpx.Response) -> OperationError:
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return CommandError(f"{server.url} answered {answer.status_code}: is it the address of the control API?")
    if answer.status_code == 401:
        return UnknownCallerError(
            f"{server.url} doesn't know who asks, or the token has expired (`relevo login`): {detail}"
        )
    return _KINDS.get(answer.status_code, OperationError)(detail)
