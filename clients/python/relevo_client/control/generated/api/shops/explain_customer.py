from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.customer_explanation import CustomerExplanation
from ...models.explanation_wish import ExplanationWish
from ...models.problem_document import ProblemDocument
from ...types import Response


def _get_kwargs(
    shop: str,
    *,
    body: ExplanationWish,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/shops/{shop}/explanation".format(
            shop=quote(str(shop), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CustomerExplanation | ProblemDocument | None:
    if response.status_code == 200:
        response_200 = CustomerExplanation.from_dict(response.json())

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
) -> Response[CustomerExplanation | ProblemDocument]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    shop: str,
    *,
    client: AuthenticatedClient | Client,
    body: ExplanationWish,
) -> Response[CustomerExplanation | ProblemDocument]:
    """What a customer was sent and why, and what not

     Needs the permission `persons:read`, which these roles have: operator, admin.

    Args:
        shop (str):
        body (ExplanationWish): Which customer: e-mail address, phone number, customer id, order
            id or key. In a body, as URLs are logged.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CustomerExplanation | ProblemDocument]
    """

    kwargs = _get_kwargs(
        shop=shop,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    shop: str,
    *,
    client: AuthenticatedClient | Client,
    body: ExplanationWish,
) -> CustomerExplanation | ProblemDocument | None:
    """What a customer was sent and why, and what not

     Needs the permission `persons:read`, which these roles have: operator, admin.

    Args:
        shop (str):
        body (ExplanationWish): Which customer: e-mail address, phone number, customer id, order
            id or key. In a body, as URLs are logged.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CustomerExplanation | ProblemDocument
    """

    return sync_detailed(
        shop=shop,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    shop: str,
    *,
    client: AuthenticatedClient | Client,
    body: ExplanationWish,
) -> Response[CustomerExplanation | ProblemDocument]:
    """What a customer was sent and why, and what not

     Needs the permission `persons:read`, which these roles have: operator, admin.

    Args:
        shop (str):
        body (ExplanationWish): Which customer: e-mail address, phone number, customer id, order
            id or key. In a body, as URLs are logged.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CustomerExplanation | ProblemDocument]
    """

    kwargs = _get_kwargs(
        shop=shop,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    shop: str,
    *,
    client: AuthenticatedClient | Client,
    body: ExplanationWish,
) -> CustomerExplanation | ProblemDocument | None:
    """What a customer was sent and why, and what not

     Needs the permission `persons:read`, which these roles have: operator, admin.

    Args:
        shop (str):
        body (ExplanationWish): Which customer: e-mail address, phone number, customer id, order
            id or key. In a body, as URLs are logged.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CustomerExplanation | ProblemDocument
    """

    return (
        await asyncio_detailed(
            shop=shop,
            client=client,
            body=body,
        )
    ).parsed
