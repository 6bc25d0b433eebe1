"""The OpenAPI document of the engine's tasks, made from the structs that the endpoints read and answer with."""

from typing import Any

from relevo_contracts.messages import TaskDone
from relevo_engine.app.answer_task import AnswerBody
from relevo_engine.core.tasks import Task
from relevo_runtime.openapi import answered, document, of_kind, parameter, problem, schema, too_large_for
from relevo_runtime.problems import INVALID_PARAMETER, NOT_AUTHENTIC, NOT_STORED

JSON = dict[str, Any]
_MEANING = (
    "What workflows ask of a shop's staff: the open tasks, and answers to them. A token for tasks speaks for everybody "
    "on the staff. An answer is 202: the run decides when the engine takes it. The id of a task holds slashes, which "
    "are sent as they are or as %2F."
)
_SHOP = parameter("shop", "the shop's name")
_ID = parameter("id", "the id of the task; it may hold slashes")
_NOT_AUTHENTIC = of_kind(
    "The token is not one of the shop's for tasks, or there is no such shop",
    NOT_AUTHENTIC,
    "send one of the shop's tokens for tasks: Authorization: Bearer TOKEN",
)
_HELD = problem(
    "The shop is being moved to another cell, or was; nothing was done",
    503,
    "shop-held",
    "The shop is not served here now",
    "nothing was done, since shop tea is being moved; send it again in 30 s",
)
_UNKNOWN = problem(
    "There is no such task",
    404,
    "unknown-task",
    "The task is not known",
    "there is no task 'r1/approve-1/2'; `relevo tasks list` prints those that there are",
)
_VERBS = {
    "complete": "Complete a task that asks for no decision",
    "approve": "Approve what a task asks for",
    "reject": "Reject what a task asks for",
}


def openapi() -> JSON:
    """The document. A test compares its paths with the routes of the application."""
    answers = {f"/tasks/{{shop}}/{{id}}/{verb}": _answer(verb, meaning) for verb, meaning in _VERBS.items()}
    paths = {
        "/tasks/{shop}": {"parameters": [_SHOP], "get": _list()},
        "/tasks/{shop}/{id}": {"parameters": [_SHOP, _ID], "get": _show()},
        **answers,
        "/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This document",
                "security": [],
                "responses": {"200": answered("This document", {"type": "object"})},
            }
        },
    }
    return document("Relevo: tasks", _MEANING, paths, (Task, AnswerBody, TaskDone), extra={})


def _list() -> JSON:
    yes: JSON = {"type": "string", "enum": ["1", "true", "0", "false"]}
    return {
        "operationId": "listTasks",
        "summary": "The open tasks of a shop, at most 1,000",
        "parameters": [
            parameter("mine", "only those that this person has, or may take", where="query"),
            parameter("all", "closed ones too", where="query", of=yes),
        ],
        "responses": {
            "200": answered("The tasks", {"type": "array", "items": schema(Task.__name__)}),
            "401": _NOT_AUTHENTIC,
            "422": of_kind(
                "A parameter can't be read",
                INVALID_PARAMETER,
                "?all=yes: must be true or false",
                where="all",
            ),
            "503": _HELD,
        },
    }


def _show() -> JSON:
    return {
        "operationId": "showTask",
        "summary": "One task",
        "responses": {
            "200": answered("The task", schema(Task.__name__)),
            "401": _NOT_AUTHENTIC,
            "404": _UNKNOWN,
            "503": _HELD,
        },
    }


def _answer(verb: str, meaning: str) -> JSON:
    body: JSON = {
        "schema": schema(AnswerBody.__name__),
        "example": {"by": "eva", "note": "as agreed on the phone", "data": {"discount": "10"}},
    }
    return {
        "parameters": [_SHOP, _ID],
        "post": {
            "operationId": f"{verb}Task",
            "summary": meaning,
            "requestBody": {"required": True, "content": {"application/json": body}},
            "responses": {
                "202": answered("Kafka has the answer", schema(TaskDone.__name__)),
                "401": _NOT_AUTHENTIC,
                "404": _UNKNOWN,
                "409": problem(
                    "This person can't answer so, or not any more",
                    409,
                    "task-refused",
                    "The task can't be answered so",
                    "eva has voted already",
                ),
                "413": too_large_for(65_536),
                "422": problem(
                    "The body can't be read",
                    422,
                    "invalid-payload",
                    "The body is not valid",
                    'by: is missing. Send {"by": NAME, "note": TEXT, "data": {NAME: TEXT}}',
                    where="by",
                    errors=[{"where": "by", "problem": "is missing"}],
                ),
                "503": of_kind(
                    "It could not be stored in time, or the shop is being moved (`shop-held`); nothing was done",
                    NOT_STORED,
                    "nothing was done; send it again in 5 s",
                ),
            },
        },
    }
