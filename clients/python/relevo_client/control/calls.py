"""How operations of the control API are called: with a token, refusals raised, lists from end to end."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from relevo_client.control.generated import AuthenticatedClient
from relevo_client.control.generated.models import ProblemDocument
from relevo_client.control.generated.types import Response
from relevo_client.errors import RelevoProblem

T = TypeVar("T")
_LOCAL = ("127.0.0.1", "localhost", "::1")


def connect(url: str, token: str, *, seconds: float = 300.0) -> AuthenticatedClient:
    """A control API and the token that opens it. It is a context manager, synchronous or not.

    `seconds` is how long an answer may take: a deployment waits until every engine has seen it. Raises `ValueError` for
    an address that would send the token in clear.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise ValueError(f"{url} must begin with https://, as a token goes there")
    return AuthenticatedClient(url.rstrip("/"), token, timeout=httpx.Timeout(seconds, connect=10))


def done(answer: Response[T | ProblemDocument]) -> T:
    """What an operation (`….sync_detailed` or `asyncio_detailed`) answered. Raises `RelevoProblem` for a refusal."""
    if answer.status_code >= 300 or answer.parsed is None or isinstance(answer.parsed, ProblemDocument):
        raise RelevoProblem(int(answer.status_code), answer.content)
    return answer.parsed


def each(operation: Callable[..., Response[Any]], *path: str, **asked: Any) -> Iterator[Any]:
    """Every item of a list, page by page, by its operation's `sync_detailed`. Raises `RelevoProblem`."""
    cursor = ""
    while True:
        page = done(operation(*path, **asked, **({"cursor": cursor} if cursor else {})))
        yield from page.items
        cursor = page.next_
        if not cursor:
            return
