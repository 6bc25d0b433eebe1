from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.decision import Decision
from ...models.problem_document import ProblemDocument
from ...models.task_done import TaskDone
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: Decision,
    shop: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    params: dict[str, Any] = {}

    params["shop"] = shop

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/tasks/{id}/decision".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ProblemDocument | TaskDone | None:
    if response.status_code == 200:
        response_200 = TaskDone.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = ProblemDocument.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ProblemDocument.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = ProblemDocument.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = ProblemDocument.from_dict(response.json())

        return response_409

    if response.status_code == 412:
        response_412 = ProblemDocument.from_dict(response.json())

        return response_412

    if response.status_code == 413:
        response_413 = ProblemDocument.from_dict(response.json())

        return response_413

    if response.status_code == 422:
        response_422 = ProblemDocument.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = ProblemDocument.from_dict(response.json())

        return response_429

    if response.status_code == 503:
        response_503 = ProblemDocument.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ProblemDocument | TaskDone]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: Decision,
    shop: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[ProblemDocument | TaskDone]:
    """Answer a task, as who is logged in: a name of the shop's staff

     Needs the permission `tasks:decide`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):
        if_match (str | Unset):
        idempotency_key (str | Unset):
        body (Decision): An answer to a task; who gives it is who is logged in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDocument | TaskDone]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        shop=shop,
        if_match=if_match,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: Decision,
    shop: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> ProblemDocument | TaskDone | None:
    """Answer a task, as who is logged in: a name of the shop's staff

     Needs the permission `tasks:decide`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):
        if_match (str | Unset):
        idempotency_key (str | Unset):
        body (Decision): An answer to a task; who gives it is who is logged in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDocument | TaskDone
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
        shop=shop,
        if_match=if_match,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: Decision,
    shop: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[ProblemDocument | TaskDone]:
    """Answer a task, as who is logged in: a name of the shop's staff

     Needs the permission `tasks:decide`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):
        if_match (str | Unset):
        idempotency_key (str | Unset):
        body (Decision): An answer to a task; who gives it is who is logged in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDocument | TaskDone]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        shop=shop,
        if_match=if_match,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: Decision,
    shop: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> ProblemDocument | TaskDone | None:
    """Answer a task, as who is logged in: a name of the shop's staff

     Needs the permission `tasks:decide`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):
        if_match (str | Unset):
        idempotency_key (str | Unset):
        body (Decision): An answer to a task; who gives it is who is logged in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDocument | TaskDone
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            shop=shop,
            if_match=if_match,
            idempotency_key=idempotency_key,
        )
    ).parsed
