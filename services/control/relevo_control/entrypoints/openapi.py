"""The OpenAPI document of the control API, made from the table of operations."""

import re
from typing import Any

import msgspec

from relevo_control.app.pages import MOST
from relevo_control.core.permissions import GRANTS, Permission
from relevo_control.entrypoints.calls import Operation
from relevo_control.entrypoints.log_in import LogIn
from relevo_control.entrypoints.operations import OPERATIONS
from relevo_control.entrypoints.problems import (
    INVALID_BODY,
    NOT_ALLOWED,
    NOT_KNOWN,
    OUTDATED,
    REFUSED,
    TOO_MANY_FAILURES,
    TRY_AGAIN,
    UNKNOWN_CALLER,
)
from relevo_runtime.openapi import ProblemDocument, answered, of_kind, parameter, tidy, timed, too_large_for
from relevo_runtime.problems import PROBLEM_JSON

JSON = dict[str, Any]
_REF = "#/components/schemas/{name}"
_MEANING = (
    "What the `relevo` command does with a database, over HTTPS: plans and deployments of workflows, their history, "
    "and what happens in the shops. Who asks is known by a bearer token; what they may is by their roles, for their "
    "shops. "
    "A post with an `Idempotency-Key` is done once: the same again gets the same answer for a day. Errors are problem "
    "documents (RFC 9457). Lists come in pages: give `next` of one page as `cursor` for the following one; a page may "
    "have less than `limit`, or nothing, and only an empty `next` is the end. What is shown has an `ETag`, which saves "
    "sending it again (`If-None-Match`); where two may decide at once, `If-Match` lets them do so by what they have "
    "seen alone."
)
_PARAMETERS = {
    "digest": "what names the plan: the SHA-256 of what it changes, in hex",
    "workflow": "the name of the workflow",
    "revision": "a revision of the history",
    "shop": "the shop's name",
}
_KEY = parameter(
    "Idempotency-Key", "names this request, so that it is done once; any text of up to 200 characters", where="header"
)
_SEEN = parameter("If-Match", "the ETag of what you have seen: if it is no longer so, nothing is done", where="header")


def openapi() -> JSON:
    """The document. A test compares its paths with the routes of the application."""
    kinds = list(dict.fromkeys(kind for one in OPERATIONS for kind in (one.answer, one.body) if kind is not None))
    references, components = msgspec.json.schema_components((ProblemDocument, LogIn, *kinds), ref_template=_REF)
    components = timed(components, kinds)
    schemas = dict(zip(kinds, references[2:], strict=True))
    paths: JSON = {}
    for one in OPERATIONS:
        item = paths.setdefault(re.sub(r":\w+}", "}", one.path), {})
        item[one.method.lower()] = _operation(one, schemas)
    paths |= {"/openapi.json": {"get": _open("openapi", "This document", "application/json", {"type": "object"})}}
    paths |= {"/v1/log-in": {"get": _open("logIn", "Where people log in", "application/json", references[1])}}
    paths |= {"/healthz": {"get": _open("healthz", "The process answers", "text/plain", {"type": "string"})}}
    found = {
        "openapi": "3.1.0",
        "info": {"title": "Relevo: control", "version": "1", "description": _MEANING},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of `relevo tokens create`"}
            },
            "schemas": {name: tidy(schema) for name, schema in sorted(components.items())},
        },
    }
    return msgspec.json.decode(msgspec.json.encode(found), type=JSON)  # defaults that are tuples become arrays


def _open(name: str, summary: str, media: str, body: JSON) -> JSON:
    responses = {"200": answered(summary, body, media=media)}
    return {"operationId": name, "summary": summary, "security": [], "responses": responses}


def _operation(one: Operation, schemas: dict[Any, JSON]) -> JSON:
    found: JSON = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "description": f"Needs the permission `{one.permission}`, which these roles have: {_roles(one.permission)}.",
        "parameters": _parameters(one),
        "responses": {"200": _done(one, schemas[one.answer]), **_refusals(one)},
    }
    if one.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schemas[one.body]}}}
    return found


def _roles(permission: Permission) -> str:
    return ", ".join(role for role, granted in GRANTS.items() if permission in granted)


def _parameters(one: Operation) -> list[JSON]:
    named = re.findall(r"{(\w+)(:\w+)?}", one.path)
    number: JSON = {"type": "integer", "minimum": 0}
    found = [
        parameter(name, _PARAMETERS.get(name, name), of=number if kind == ":int" else None) for name, kind in named
    ]
    found += [parameter(name, meaning, where="query") for name, meaning in one.query.items()]
    if one.paged:
        most: JSON = {"type": "integer", "minimum": 1, "maximum": MOST, "default": 100}
        found.append(parameter("limit", "how many items a page has", where="query", of=most))
        found.append(parameter("cursor", "`next` of the page before", where="query"))
    found += [_SEEN] if one.seen is not None else []
    return [*found, _KEY] if one.changes else found


def _done(one: Operation, body: JSON) -> JSON:
    found = answered("Done", body)
    if one.tagged:
        tag = {"description": "names what is shown, for If-None-Match and If-Match", "schema": {"type": "string"}}
        found["headers"] = {"ETag": tag}
    return found


def _refusals(one: Operation) -> JSON:
    planned = "since this plan was made, what it would change has changed: plan it anew and look again"
    wrong = [{"where": "shop", "problem": "must be a text"}]
    unread = "The request can't be read, or not be carried out"
    responses = [
        of_kind("No token that holds", UNKNOWN_CALLER, "send a token that holds"),
        of_kind("No role for it, or another shop", NOT_ALLOWED, "ci may not act for every shop"),
        of_kind("It is not there", NOT_KNOWN, "shop 'tea' is not known"),
        of_kind("It can't be done as things are", REFUSED, "nothing was deployed"),
        of_kind("It has changed since it was seen, or planned", OUTDATED, planned),
        of_kind(unread, INVALID_BODY, "shop: must be a text", where="shop", errors=wrong),
        of_kind("Too many failed log-ins", TOO_MANY_FAILURES, "come again in 30 s"),
        of_kind("The database is away", TRY_AGAIN, "send it again"),
        *([too_large_for(one.body_limit)] if one.body is not None else []),
    ]
    found = {str(each["content"][PROBLEM_JSON]["example"]["status"]): each for each in responses}
    return dict(sorted(found.items()))
