"""Tasks over HTTP: the open ones of a shop, one of them, and answers to it. Who has a token for tasks speaks for all.

An answer is 202: the run decides when the engine takes it from Kafka.
"""

from typing import Any

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_contracts.checking import faults_of, path
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import AnswerBody, Answered, TaskError, UnknownTaskError, answer_task
from relevo_engine.core.tasks import Answer
from relevo_engine.entrypoints.openapi import openapi
from relevo_runtime import catalog
from relevo_runtime.clock import Clock
from relevo_runtime.errors import PublishError
from relevo_runtime.http import application, flag, received_body
from relevo_runtime.kafka import Publisher
from relevo_runtime.openapi import serving
from relevo_runtime.postgres import Connection, Pool, temporary
from relevo_runtime.problems import NOT_AUTHENTIC, NOT_STORED, Problem
from relevo_runtime.storable import storable_text

BODY_LIMIT = 64 * 1024
_DONE: dict[str, Answer] = {"complete": "completed", "approve": "approved", "reject": "rejected"}


_decode = msgspec.json.Decoder(AnswerBody).decode


def make_app(pool: Pool, publisher: Publisher, clock: Clock) -> Starlette:
    """The application; it holds no state of its own."""
    endpoints = _Endpoints(pool, publisher, clock)
    routes = [
        serving(openapi),
        Route("/tasks/{shop}", endpoints.list, methods=["GET"]),
        *(
            Route(f"/tasks/{{shop}}/{{id:path}}/{verb}", endpoints.answering(done), methods=["POST"])
            for verb, done in _DONE.items()
        ),
        Route("/tasks/{shop}/{id:path}", endpoints.show, methods=["GET"]),
    ]
    return application(routes)


class _Endpoints:
    def __init__(self, pool: Pool, publisher: Publisher, clock: Clock) -> None:
        self._pool = pool
        self._publisher = publisher
        self._clock = clock

    async def list(self, request: Request) -> Response:
        """`GET /tasks/{shop}?mine=NAME&all=1`: the open tasks, or all."""
        mine, everything = (
            storable_text(request.query_params.get("mine", "")),
            flag(request.query_params, "all", default=False),
        )
        async with self._pool.acquire() as conn:
            shop = await _authentic(conn, request)
            found = await tasks.list_tasks(conn, shop=shop, mine=mine, only_open=not everything)
        return _json(found)

    async def show(self, request: Request) -> Response:
        """`GET /tasks/{shop}/{id}`."""
        async with self._pool.acquire() as conn:
            shop = await _authentic(conn, request)
            task_id = storable_text(request.path_params["id"])
            task = await tasks.find_task(conn, task_id, shop=shop)
        if task is None:
            raise _unknown(UnknownTaskError(task_id))
        return _json(task)

    def answering(self, done: Answer) -> Any:
        """`POST /tasks/{shop}/{id}/complete|approve|reject`."""

        async def endpoint(request: Request) -> Response:
            async with self._pool.acquire() as conn:
                shop = await _authentic(conn, request)
                body = await _body(request)
                answered = Answered(
                    task_id=request.path_params["id"],
                    done=done,
                    by=body.by,
                    shop=shop,
                    note=body.note,
                    data=body.data,
                )
                return _json(await self._publish(conn, answered), 202)

        return endpoint

    async def _publish(self, conn: Connection, answered: Answered) -> Struct:
        try:
            return await answer_task(conn, tasks, self._publisher, answered, self._clock)
        except UnknownTaskError as error:
            raise _unknown(error) from error
        except TaskError as error:
            raise Problem(409, "task-refused", "The task can't be answered so", str(error)) from error
        except Exception as error:
            if not (isinstance(error, PublishError) or temporary(error)):
                raise
            detail = "nothing was done; send it again in 5 s"
            headers = {"Retry-After": "5"}
            raise NOT_STORED.problem(detail, headers=headers) from error


async def _authentic(conn: Connection, request: Request) -> str:
    """The shop of the path. Raises `Problem`: 401 without one of its tokens for tasks, 503 if the shop is held.

    A shop that does not exist is answered in the same way: nobody learns which ones there are.
    """
    name = storable_text(request.path_params["shop"])  # no shop is called so where that changes anything
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    shop = await catalog.shop(conn, name) if scheme.lower() == "bearer" and token.strip() else None
    if shop is None or not shop.accepts_token(token.strip(), "tasks"):
        detail = "send one of the shop's tokens for tasks: Authorization: Bearer TOKEN"
        headers = {"WWW-Authenticate": "Bearer"}
        raise NOT_AUTHENTIC.problem(detail, headers=headers)
    if shop.held:
        detail = f"nothing was done, since {shop.held}; send it again in 30 s"
        raise Problem(503, "shop-held", "The shop is not served here now", detail, headers={"Retry-After": "30"})
    return name


async def _body(request: Request) -> AnswerBody:
    received = await received_body(request, BODY_LIMIT)
    try:
        return _decode(received)
    except (ValueError, RecursionError) as error:  # also what is not UTF-8, or nested too deep
        raise _invalid(received, error) from error


def _invalid(received: bytes, error: Exception) -> Problem:
    """Everything that is wrong with a body, each with its place."""
    try:
        faults = faults_of(AnswerBody, msgspec.json.decode(received))
    except (ValueError, RecursionError):
        faults = []
    every = [{"where": path(one.place) or "body", "problem": one.advice} for one in faults]
    every = every or [{"where": "body", "problem": f"is not JSON: {error}" if received.strip() else "is empty"}]
    detail = "; ".join(f"{one['where']}: {one['problem']}" for one in every[:5])
    where = every[0]["where"]
    return Problem(422, "invalid-payload", "The body is not valid", f"{detail}. {_WANTED}", where=where, errors=every)


_WANTED = 'Send {"by": NAME, "note": TEXT, "data": {NAME: TEXT}}'


def _unknown(error: UnknownTaskError) -> Problem:
    return Problem(404, "unknown-task", "The task is not known", str(error))


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, {"Cache-Control": "no-store"}, media_type="application/json")
