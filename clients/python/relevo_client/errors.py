"""What a client raises: problem documents (RFC 9457) as they came, and what never got an answer."""

from typing import Any

import msgspec
from msgspec import Struct


class WrongPlace(Struct, frozen=True):
    """One thing that is wrong with a request: its path in the body, and the problem in words."""

    where: str
    problem: str


class RelevoError(Exception):
    """The base of everything that a client raises."""


class Unreachable(RelevoError):  # noqa: N818 - says what is the case
    """No answer came, however often it was tried: the events may be there or not. Send them again with the same ids."""


class _Document(Struct, frozen=True):
    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    errors: list[WrongPlace] = []
    ids: list[str] = []


class RelevoProblem(RelevoError):  # noqa: N818 - RFC 9457 calls it a problem
    """The request was refused, and nothing of it was stored.

    `kind` is the end of the document's `type` (`invalid-payload`, `id-used`, `not-authentic` …), `errors` is everything
    that is wrong, `ids` those that belong to other events.
    """

    def __init__(self, status: int, body: bytes) -> None:
        document = _read(body)
        self.status = status
        self.type = document.type
        self.kind = document.type.rpartition(":")[2]
        self.title = document.title
        self.detail = document.detail
        self.errors = document.errors
        self.ids = document.ids
        super().__init__(f"{status} {document.title}: {document.detail}")

    @property
    def again(self) -> bool:
        """Whether the same request may be accepted later."""
        return self.status in (429, 503)


def _read(body: bytes) -> _Document:
    """The problem document; of an answer that is none, as from a proxy, its beginning."""
    try:
        return msgspec.json.decode(body, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError):
        shown: Any = body[:200].decode("utf-8", "replace")
        return _Document(title="no problem document", detail=shown)
