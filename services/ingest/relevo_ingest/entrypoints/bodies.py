"""Request bodies, read with a limit while they arrive: what is too large is never held in memory."""

import asyncio
from collections.abc import Mapping
from functools import cached_property

from starlette.types import Receive

from relevo_ingest.core.cloudevents import media_type
from relevo_ingest.entrypoints import problems
from relevo_ingest.settings import IngestSettings
from relevo_runtime.deadlines import TimeLimit

# Source: WHATWG Encoding Standard: what is called Latin-1 on the web is Windows-1252.
_CHARSETS = dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252") | {
    "iso-8859-15": "iso-8859-15",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_DRAIN_LIMIT = 64 * 1024 * 1024  # how much of a body that is too large is thrown away before the connection is cut


async def read_body(receive: Receive, headers: Mapping[str, str], *, limit: int, seconds: float) -> bytes:
    """The body. Raises `Problem`: 413 above `limit` bytes, 408 if it takes longer than `seconds`, 400 if it is cut."""
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, headers.get("content-length", ""), limit)
    except TimeoutError:
        raise problems.too_slow(seconds) from None


class Bodies:
    """`read_body` for many requests with the same limits: a timer for each would cost more than reading."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings

    @cached_property
    def _limit(self) -> TimeLimit:
        return TimeLimit(self._settings.ingest_body_timeout)

    async def read(self, receive: Receive, headers: Mapping[str, str]) -> bytes:
        """The body. Raises as `read_body` does."""
        try:
            async with self._limit.each():
                return await _read(receive, headers.get("content-length", ""), self._settings.ingest_body_limit)
        except TimeoutError:
            raise problems.too_slow(self._limit.seconds) from None


def check_encoding(headers: Mapping[str, str]) -> None:
    """Raises `Problem` (415) for another character set than UTF-8 or a compressed body."""
    charset = _parameter(headers.get("content-type", ""), "charset")
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise problems.unsupported(f"the charset is {charset[:40]!r}; send UTF-8")
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise problems.unsupported(f"the content encoding is {encoding[:40]!r}; send the body as it is")


def in_utf8(headers: Mapping[str, str], body: bytes) -> bytes:
    """`body` in UTF-8, if its content type names one of the other character sets of the web; else unchanged."""
    charset = _CHARSETS.get(_parameter(headers.get("content-type", ""), "charset"))
    return body.decode(charset, "replace").encode() if charset else body


def media_type_of(headers: Mapping[str, str]) -> str:
    """The request's media type in lower case, without parameters."""
    return media_type(headers.get("content-type", ""))


async def _read(receive: Receive, announced: str, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    excess = announced.isdigit() and int(announced) > limit
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise problems.Problem(400, "body-cut-off", "The body was cut off", "the connection closed early")
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        excess = excess or size > limit
        if not excess:
            chunks.append(chunk)
            continue
        # Read on for a while and forget it: a client that still sends would never see the answer.
        chunks.clear()
        if size > _DRAIN_LIMIT:
            break
    if excess:
        raise problems.too_large(limit)
    return b"".join(chunks)


def _parameter(content_type: str, name: str) -> str:
    for part in content_type.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"').lower()
    return ""
