from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem_document import ProblemDocument
from ...models.shown_task import ShownTask
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    shop: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["shop"] = shop

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/tasks/{id}".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ProblemDocument | ShownTask | None:
    if response.status_code == 200:
        response_200 = ShownTask.from_dict(response.json())

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
) -> Response[ProblemDocument | ShownTask]:
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
    shop: str | Unset = UNSET,
) -> Response[ProblemDocument | ShownTask]:
    """A task; its id may hold slashes

     Needs the permission `tasks:read`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDocument | ShownTask]
    """

    kwargs = _get_kwargs(
        id=id,
        shop=shop,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    shop: str | Unset = UNSET,
) -> ProblemDocument | ShownTask | None:
    """A task; its id may hold slashes

     Needs the permission `tasks:read`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDocument | ShownTask
    """

    return sync_detailed(
        id=id,
        client=client,
        shop=shop,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    shop: str | Unset = UNSET,
) -> Response[ProblemDocument | ShownTask]:
    """A task; its id may hold slashes

     Needs the permission `tasks:read`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDocument | ShownTask]
    """

    kwargs = _get_kwargs(
        id=id,
        shop=shop,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    shop: str | Unset = UNSET,
) -> ProblemDocument | ShownTask | None:
    """A task; its id may hold slashes

     Needs the permission `tasks:read`, which these roles have: approver, operator, admin.

    Args:
        id (str):
        shop (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDocument | ShownTask
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            shop=shop,
        )
    ).parsed
