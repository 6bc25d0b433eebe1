"""Request bodies: read with a limit while they arrive, and decoded with everything that is wrong with them."""

from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request

from relevo_contracts.checking import faults_of, path
from relevo_control.entrypoints.problems import INVALID_BODY
from relevo_runtime.http import received_body
from relevo_runtime.problems import Problem
from relevo_runtime.storable import storable_json


async def read_body(request: Request, kind: type[Struct] | None, limit: int) -> Any:
    """The body as `kind`; `None` for an operation that takes none. Raises `Problem`: 413 above `limit` bytes, 422."""
    if kind is None:
        return None
    received = await received_body(request, limit)
    try:
        return msgspec.json.decode(storable_json(received), type=kind)
    except (ValueError, RecursionError) as error:  # also what is not UTF-8, or nested too deep
        raise _invalid(received, kind, error) from error


def _invalid(received: bytes, kind: type[Struct], error: Exception) -> Problem:
    try:
        faults = faults_of(kind, msgspec.json.decode(received))
    except (ValueError, RecursionError):
        faults = []
    every = [{"where": path(one.place) or "body", "problem": one.advice} for one in faults]
    unreadable = str(error) if received.strip() else "is empty"
    every = every or [{"where": "body", "problem": unreadable}]
    detail = "; ".join(f"{one['where']}: {one['problem']}" for one in every[:5])
    where = every[0]["where"]
    return INVALID_BODY.problem(detail, where=where, errors=every)
