"""What the webhooks of all providers have in common: odd values, times, proofs that are compared in constant time."""

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
import structlog

from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, WebhookRequest
from relevo_notifier.core.feedback import Feedback, is_reference
from relevo_notifier.core.inbound import Inbound, is_message
from relevo_notifier.core.posted_mail import form_fields

_log = structlog.get_logger(__name__)
_DEEPEST = "it is nested too deeply"


def json_of(body: bytes | str) -> Any:
    """The JSON value. Raises `UnreadableError`."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise UnreadableError(_DEEPEST) from None
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise UnreadableError(f"it is not valid JSON: {error}") from error


def text_at(value: Any, *path: str | int) -> str:
    """The text at `path`, a number as its digits; empty if there is none."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return ""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def fields_of(request: WebhookRequest) -> dict[str, str]:
    """The fields of a form, in either of its encodings, without files; empty if it is none.

    A byte that is not UTF-8 becomes a surrogate, from which `surrogateescape` makes it again: mails have any.
    """
    content_type = request.headers.get("content-type", "")
    match content_type.partition(";")[0].strip().lower():
        case "multipart/form-data":
            found = form_fields(content_type, request.body)
            return {name: value.decode("utf-8", "surrogateescape") for name, value in found.items()}
        case "application/x-www-form-urlencoded":
            written = request.body.decode("utf-8", "surrogateescape")
            return dict(parse_qsl(written, keep_blank_values=True, errors="surrogateescape"))
        case _:
            return {}


def instant_of(text: str) -> datetime:
    """An RFC 3339 time, or Unix seconds. Raises `ValueError`."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is not a time") from error
    except ValueError:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


T = TypeVar("T", bound=Feedback | Inbound)


def each(provider: str, items: Iterable[Any], read: Callable[[Mapping[str, Any]], T | None]) -> list[T]:
    """What `read` makes of each of `items`; one that it can't read, or that names nothing, costs itself only."""
    found: list[T] = []
    for item in items:
        try:
            told = read(item) if isinstance(item, dict) else None
        except (ValueError, TypeError, OSError) as error:
            _log.warning("feedback_unreadable", provider=provider, reason=str(error)[:200])
            continue
        if told is not None and (is_message(told) if isinstance(told, Inbound) else is_reference(told.reference)):
            found.append(told)
    return found


def same(given: str | bytes, wanted: str | bytes) -> bool:
    """Whether they are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(_bytes(given), _bytes(wanted))


def check_password(request: WebhookRequest, password: str) -> None:
    """Basic authentication with any user, or a bearer token. Raises `NotAuthenticError`."""
    given = request.headers.get("authorization", "")
    scheme, _, proof = given.partition(" ")
    if scheme.lower() == "bearer" and same(proof.strip(), password):
        return
    if scheme.lower() == "basic" and same(_password(proof.strip()), password):
        return
    raise NotAuthenticError("the password of the webhook is missing or wrong")


def _password(proof: str) -> bytes:
    try:
        decoded = base64.b64decode(proof, validate=True)
    except ValueError:
        return b""
    return decoded.partition(b":")[2]


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "replace")
