"""What the APIs of the shop systems have in common: an application that answers, and JSON."""

from abc import ABC, abstractmethod
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ShopApi(ABC):
    """An API that only answers. A subclass says what, in `answer`."""

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route("/{path:path}", self._handle, methods=["GET"])])

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """What the shop system says."""

    async def _handle(self, request: Request) -> Response:
        return self.answer(request)


def json(value: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")
