"""Answers to what can't be accepted: problem documents (RFC 9457) that say what is wrong and what to do."""

import math

from relevo_ingest.core.errors import Busy, IdUsed, InvalidPayload, InvalidSignature, TooMany
from relevo_runtime.problems import (
    BODY_TOO_SLOW,
    NOT_AUTHENTIC,
    NOT_STORED,
    PROBLEM_JSON,
    Problem,
    answer,
    answer_bug,
    answer_http,
    too_large,
)

__all__ = [
    "PROBLEM_JSON",
    "Problem",
    "answer",
    "answer_bug",
    "answer_http",
    "of_error",
    "too_large",
    "too_slow",
    "unsupported",
]


def too_slow(seconds: float) -> Problem:
    """408: the body did not arrive in time."""
    detail = f"the body did not arrive within {seconds:g} s"
    return BODY_TOO_SLOW.problem(detail, headers={"Connection": "close"})


def unsupported(detail: str) -> Problem:
    """415: another content type, character set or content encoding."""
    return Problem(415, "unsupported-media-type", "The content type is not supported", detail)


def of_error(error: Exception, retry_after: int) -> Problem:
    """The problem that a use case's error is for its sender."""
    match error:
        case InvalidPayload():
            every = [{"where": where or "body", "problem": problem} for where, problem in error.wrong]
            title, where = "The body is not valid", error.where or "body"
            return Problem(422, "invalid-payload", title, str(error), where=where, errors=every)
        case IdUsed():
            detail = f"{error}. Nothing was stored; give what is another event another id"
            return Problem(409, "id-used", "The id belongs to another event", detail, ids=list(error.ids))
        case InvalidSignature():
            headers = {"WWW-Authenticate": "Bearer"}
            return NOT_AUTHENTIC.problem(str(error), headers=headers)
        case TooMany():
            headers = {"Retry-After": str(max(1, math.ceil(error.seconds)))}
            return Problem(429, "too-many-requests", "The shop sends too much at once", str(error), headers=headers)
        case Busy():
            detail = f"nothing was lost; send it again in {retry_after} s ({error})"
            headers = {"Retry-After": str(retry_after)}
            return NOT_STORED.problem(detail, headers=headers)
        case _:
            raise error
