"""What an answer on Kafka says of a call that the database does not know to be over. Pure."""

from typing import Literal

from relevo_contracts.messages import CallAnswered

_FOUND = 200


def call_state(answer: CallAnswered) -> Literal["answered", "failed"]:
    """The state of a call with this answer."""
    return "failed" if answer.error else "answered"


def code_of(answer: CallAnswered) -> str | None:
    """The code that a pool or the shop gave, if it is such an answer; that of any other system names none."""
    body = answer.body
    if answer.status != _FOUND or not isinstance(body, dict) or body.keys() != {"code", "expires_at"}:
        return None
    code = body["code"]
    return code if isinstance(code, str) else None
