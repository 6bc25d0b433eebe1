"""What the OpenAPI documents of the services share: problem documents, bearer tokens, and the route that serves one.

Source: OpenAPI 3.1.0; RFC 9457 (problem documents). Each service describes its own endpoints beside them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from inspect import cleandoc
from typing import Any

import msgspec
import msgspec.inspect
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_runtime.problems import BODY_TOO_LARGE, PROBLEM_JSON, Kind, too_large

JSON = dict[str, Any]
_REF = "#/components/schemas/{name}"


class WrongPlace(Struct, frozen=True):
    """One thing that is wrong with a request: its path in the body, and the problem in words."""

    where: str
    problem: str


class ProblemDocument(Struct, frozen=True, omit_defaults=True):
    """Why a request was not accepted, and what to do (RFC 9457).

    `type` names the kind of problem and leads nowhere. A 422 has `where`, the first place that is wrong, and `errors`,
    all of them (up to 100); a 409 has `ids`, those that belong to other events; a 413 has `limit`, in bytes.
    """

    type: str
    title: str
    status: int
    detail: str
    where: str = ""
    errors: list[WrongPlace] = []
    ids: list[str] = []
    limit: int = 0


def document(title: str, description: str, paths: JSON, schemas: Iterable[type[Struct]], *, extra: JSON) -> JSON:
    """An OpenAPI 3.1 document whose operations want a bearer token, unless they say otherwise.

    `schemas` become components under their names, together with `extra`, which are JSON Schemas already.
    """
    _, found = msgspec.json.schema_components((ProblemDocument, *schemas), ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": description},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "One of the shop's tokens, by purpose"}
            },
            "schemas": {name: tidy(schema) for name, schema in sorted((found | extra).items())},
        },
    }


def schema(name: str) -> JSON:
    """A reference to a component."""
    return {"$ref": _REF.format(name=name)}


def parameter(name: str, description: str, *, where: str = "path", of: JSON | None = None) -> JSON:
    """A parameter; one of the path is required."""
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "description": description,
        "schema": of or {"type": "string"},
    }


def answered(description: str, body: JSON, *, media: str = "application/json", example: object = None) -> JSON:
    """A response with a body."""
    content: JSON = {"schema": body}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {media: content}}


def of_kind(description: str, kind: Kind, detail: str, **more: object) -> JSON:
    """A response that is a problem document of a kind that the code raises."""
    return problem(description, kind.status, kind.name, kind.title, detail, **more)


def too_large_for(limit: int) -> JSON:
    """The response to a body of more bytes than are read."""
    found = too_large(limit)
    return of_kind("The body is larger than the limit", BODY_TOO_LARGE, found.detail, **found.more)


def problem(description: str, status: int, kind: str, title: str, detail: str, **more: object) -> JSON:
    """A response that is a problem document; 429 and 503 say when to come again."""
    example = {"type": f"urn:relevo:problem:{kind}", "title": title, "status": status, "detail": detail} | more
    found = answered(description, schema(ProblemDocument.__name__), media=PROBLEM_JSON, example=example)
    if status in (429, 503):
        retry = {"description": "seconds until it may be sent again", "schema": {"type": "integer", "minimum": 0}}
        found["headers"] = {"Retry-After": retry}
    return found


def tidy(value: Any) -> Any:
    """As generators of clients take it: descriptions without the indentation of the source that they come from, arrays
    that say what they hold, no empty object as the default of what may be null.
    """
    if isinstance(value, dict):
        found = {
            key: cleandoc(item) if key == "description" and isinstance(item, str) else tidy(item)
            for key, item in value.items()
        }
        if "anyOf" in found and found.get("default") == {}:
            del found["default"]
        return found | {"items": {}} if found.get("type") == "array" and "items" not in found else found
    return [tidy(item) for item in value] if isinstance(value, list) else value


def timed(components: Mapping[str, JSON], kinds: Iterable[Any]) -> dict[str, JSON]:
    """The components of these types with the format of times, which msgspec leaves out of what may have no zone."""
    found = {name: dict(one) for name, one in components.items()}
    for struct in _structs(msgspec.inspect.multi_type_info(kinds)):
        properties = found.get(struct.cls.__name__, {}).get("properties", {})
        for field in struct.fields:
            if _is_time(field.type) and field.encode_name in properties:
                properties[field.encode_name] = _timed(properties[field.encode_name])
    return found


def _structs(kinds: Iterable[msgspec.inspect.Type]) -> Iterator[msgspec.inspect.StructType]:
    """Every struct that these types hold, once."""
    waiting, seen = list(kinds), set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        match one:
            case msgspec.inspect.StructType():
                yield one
                waiting += [field.type for field in one.fields]
            case msgspec.inspect.UnionType():
                waiting += one.types
            case msgspec.inspect.DictType():
                waiting += [one.key_type, one.value_type]
            case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType() | msgspec.inspect.SetType():
                waiting.append(one.item_type)
            case msgspec.inspect.FrozenSetType() | msgspec.inspect.CollectionType():
                waiting.append(one.item_type)
            case msgspec.inspect.Metadata():
                waiting.append(one.type)
            case _:
                pass


def _is_time(kind: msgspec.inspect.Type) -> bool:
    """Whether it is a time, or one that may be missing."""
    parts = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    return all(isinstance(one, msgspec.inspect.DateTimeType | msgspec.inspect.NoneType) for one in parts)


def _timed(value: JSON) -> JSON:
    if value.get("type") == "string":
        return value | {"format": "date-time"}
    return value | {"anyOf": [_timed(one) for one in value["anyOf"]]} if "anyOf" in value else value


def serving(make: Callable[[], Mapping[str, Any]]) -> Route:
    """`GET /openapi.json`: the document, made when it is first asked for."""

    @lru_cache(maxsize=1)
    def body() -> bytes:
        return msgspec.json.encode(make())

    async def openapi(_: Request) -> Response:
        return Response(body(), media_type="application/json")

    return Route("/openapi.json", openapi, methods=["GET"])
