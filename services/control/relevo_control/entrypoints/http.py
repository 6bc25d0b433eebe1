"""The application: each operation of the table is a route; what they share is here."""

import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiokafka.errors import KafkaError
from msgspec import structs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_control.adapters import answers
from relevo_control.app.errors import ConflictError, NotKnownError, OperationError, OutdatedError
from relevo_control.core.attempts import FailedAttempts
from relevo_control.core.origins import networks
from relevo_control.entrypoints.bodies import read_body
from relevo_control.entrypoints.calls import Call, Operation, unreadable
from relevo_control.entrypoints.gate import Gate, People
from relevo_control.entrypoints.log_in import log_in
from relevo_control.entrypoints.openapi import openapi
from relevo_control.entrypoints.operations import OPERATIONS
from relevo_control.entrypoints.preconditions import seen, shown
from relevo_control.entrypoints.problems import NOT_KNOWN, OUTDATED, REFUSED, TRY_AGAIN
from relevo_control.settings import ControlSettings
from relevo_runtime.clock import Clock
from relevo_runtime.errors import PublishError
from relevo_runtime.http import application, liveness
from relevo_runtime.openapi import serving
from relevo_runtime.postgres import Pool, temporary
from relevo_runtime.problems import Problem
from relevo_runtime.storable import storable_text
from relevo_workflow import WorkflowError

_log = logging.getLogger(__name__)
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_LONGEST_KEY = 200


def make_app(pool: Pool, settings: ControlSettings, clock: Clock, people: People | None = None) -> Starlette:
    """The application. All that it keeps in memory is who failed to log in."""
    gate = Gate(
        clock, FailedAttempts(settings.control_failed_logins), networks(settings.control_trusted_proxies), people
    )
    served = [_Served(one, pool, settings, clock, gate) for one in OPERATIONS]
    routes = [Route(_text(one.operation.path), one.serve, methods=[one.operation.method]) for one in served]
    return application([serving(openapi), liveness(), log_in(settings), *routes])


class _Served:
    """One operation behind the gate."""

    def __init__(self, operation: Operation, pool: Pool, settings: ControlSettings, clock: Clock, gate: Gate) -> None:
        self.operation = operation
        self._pool = pool
        self._settings = settings
        self._clock = clock
        self._gate = gate

    async def serve(self, request: Request) -> Response:
        """Answers one request."""
        with _problems():
            principal = await self._gate.principal(self._pool, request)
            async with self._pool.acquire() as connection:
                shops = await self._gate.permit(connection, self.operation, principal, request)
                self._known(request)
            # Whoever sends slowly keeps no connection of the pool from the others.
            body = await read_body(request, self.operation.body, self.operation.body_limit)
            async with self._pool.acquire() as connection:
                call = Call(
                    operation=self.operation.name,
                    principal=principal,
                    shops=shops,
                    connection=connection,
                    settings=self._settings,
                    clock=self._clock,
                    path={name: storable_text(str(value)) for name, value in request.path_params.items()},
                    query={name: storable_text(value) for name, value in request.query_params.items()},
                    body=body,
                )
                shop = await self._gate.shop_of(self.operation, call, request)
                return await self._once(call, request, lambda: self._recorded(call, request, shop))

    def _known(self, request: Request) -> None:
        for name in request.query_params:
            if name not in self.operation.parameters:
                known = ", ".join(sorted(self.operation.parameters)) or "none"
                raise unreadable(storable_text(name[:60]), f"{self.operation.name} does not take it; it takes: {known}")

    async def _recorded(self, call: Call, request: Request, shop: str) -> Response:
        """Does it, with what the audit log says before and after: nothing is done that it doesn't have."""
        if self.operation.recorded:
            await self._gate.record(self.operation, call, request, shop, "begun" if self.operation.changes else "shown")
        try:
            with _problems():
                known = await seen(self.operation, call, request)
                found = await self.operation.handle(structs.replace(call, seen=known))
        except Problem as problem:
            if self.operation.changes:
                await self._gate.record(self.operation, call, request, shop, f"refused: {problem.kind}")
            raise
        except Exception:
            if self.operation.changes:
                await self._gate.record(self.operation, call, request, shop, "failed")
            raise
        if self.operation.changes:
            await self._gate.record(self.operation, call, request, shop, "done", came_of=found)
        response = _json(msgspec.json.encode(found))
        return shown(request, response) if self.operation.tagged else response

    async def _once(self, call: Call, request: Request, answer: Callable[[], Awaitable[Response]]) -> Response:
        """The answer; for a post with an `Idempotency-Key` that was answered before, the same as then."""
        key = request.headers.get("idempotency-key", "")
        if not key or not self.operation.changes:
            return await answer()
        if len(key) > _LONGEST_KEY or not key.isprintable() or not key.isascii():
            raise Problem(422, "invalid-key", "The Idempotency-Key is not valid", "send up to 200 printable characters")
        name = call.principal.name
        asked = hashlib.sha256(msgspec.json.encode([self.operation.name, call.path, call.query, call.body])).hexdigest()
        before = await answers.begin(call.connection, name, key, asked, call.clock.now())
        if before is not None:
            return _again(before, asked)
        try:
            response = await answer()
        except BaseException:
            await answers.forget(call.connection, name, key)
            raise
        await answers.finish(call.connection, name, key, response.status_code, bytes(response.body))
        return response


def _text(path: str) -> str:
    """A path whose numbers are texts to the framework, which fails of thousands of digits: see `Call.number`."""
    return path.replace(":int}", "}")


def _again(before: answers.Answer, asked: str) -> Response:
    if before.request != asked:
        detail = "this Idempotency-Key was used for something else; take a new one for each request"
        raise Problem(422, "key-reused", "The Idempotency-Key belongs to another request", detail)
    if before.status is None or before.body is None:
        detail = "the first request with this Idempotency-Key is still under way; look again in 5 s"
        raise Problem(409, "under-way", "The request is under way", detail)
    return _json(bytes(before.body), before.status)


@contextlib.contextmanager
def _problems() -> Any:
    """What the use cases raise, as problem documents."""
    try:
        yield
    except NotKnownError as error:
        raise NOT_KNOWN.problem(str(error)) from error
    except OutdatedError as error:
        raise OUTDATED.problem(str(error)) from error
    except ConflictError as error:
        raise REFUSED.problem(str(error)) from error
    except OperationError as error:
        raise Problem(422, "invalid-request", "The request can't be carried out", str(error)) from error
    except WorkflowError as error:
        found = [
            {"where": f"{one.position.file}:{one.position.line}:{one.position.column}", "problem": one.message}
            for one in error.diagnostics[:100]
        ]
        detail = f"the workflow has errors:\n{error}"
        raise Problem(
            422, "invalid-workflow", "The workflow has errors", detail, where=found[0]["where"], errors=found
        ) from error
    except Exception as error:
        if not (isinstance(error, PublishError | KafkaError) or temporary(error)):
            raise
        detail = "it could not be done in time; look what was done, then send it again"
        raise TRY_AGAIN.problem(detail, headers={"Retry-After": "5"}) from error


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, _HEADERS, media_type="application/json")
