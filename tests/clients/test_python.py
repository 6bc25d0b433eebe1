"""The Python client against a running ingest."""

import asyncio
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import httpx
import pytest

from relevo_client import Client, Event, RelevoError, RelevoProblem, Retry, Unreachable
from relevo_contracts.payloads import Buyer, OrderChanged
from tests.clients.scenario import check, flaky, odd
from tests.ingest.conftest import TOKEN, Ingest, ingest, tea

__all__ = ["ingest", "tea"]


def order(number: str, event_id: str, kind: str = "order.placed", **more: Any) -> Event:
    about = OrderChanged(customer=Buyer(email="ana@example.com"), order_id=number)
    return Event(kind, about, id=event_id, **more)


FIVE = [order(str(n), f"o-{n}") for n in range(5)]


def refused(client: Client, event: Event) -> list[Any]:
    with pytest.raises(RelevoProblem) as problem:
        client.send(event)
    told = problem.value
    return [told.status, told.kind, [one.where for one in told.errors], told.ids]


def raised(url: str) -> str:
    with (
        Client(url, "tea", "t", source="erp", retry=Retry(2), sleep=lambda _: None) as relevo,
        pytest.raises(RelevoError) as told,
    ):
        relevo.send(order("7", "order-7"))
    return type(told.value).__name__


def walk(url: str, unsteady: str, other: str) -> dict[str, Any]:
    pauses: list[float] = []

    def client(at: str, token: str = TOKEN) -> Client:
        return Client(at, "tea", token, source="erp", sleep=pauses.append)

    with client(url) as relevo, client(url, "another") as stranger, client(unsteady) as patient:
        first, again = relevo.send(order("1", "order-1")), relevo.send(order("1", "order-1"))
        past = datetime(2019, 11, 29, 10, tzinfo=UTC)
        batch = relevo.send_batch(
            [order("2", "order-2", time=past, historical=True), order("3", "order-3", "order.paid", test=True)]
        )
        typo = {"customer": {"email": "ana@example.com"}, "order_id": "4", "numbr": "x"}
        retried = patient.send(order("6", "order-6"))
        assert first
        assert again
        assert retried
        return {
            "first": first.id,
            "again": again.id,
            "batch": [[one.id, one.type, one.note] for one in batch.events],
            "invalid": refused(relevo, Event("order.placed", typo, id="order-4")),
            "used": refused(relevo, order("1001", "order-1")),
            "token": refused(stranger, order("5", "order-5")),
            "retried": retried.id,
            "pauses": pauses,
            "odd": [raised(f"{other}/{number}") for number in range(4)],
        }


async def test_the_python_client_sends_what_was_meant(ingest: Ingest) -> None:
    async with flaky(ingest) as unsteady, odd() as other:
        told = await asyncio.to_thread(walk, str(ingest.client.base_url), unsteady, other)
    await check(ingest, told)


def test_without_an_answer_it_gives_up_after_so_many_attempts() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    pauses: list[float] = []
    transport = httpx.MockTransport(away)
    with (
        Client(
            "http://relevo",
            "tea",
            "t",
            source="erp",
            retry=Retry(4, 1.0, 3.0),
            transport=transport,
            sleep=pauses.append,
        ) as relevo,
        pytest.raises(Unreachable, match="after 4 attempts"),
    ):
        relevo.send(order("1", "order-1"))
    assert pauses == [1.0, 2.0, 3.0]


def test_any_number_of_events_goes_in_batches() -> None:
    sizes: list[int] = []

    def take(request: httpx.Request) -> httpx.Response:
        sizes.append(request.content.count(b'"specversion"'))
        return httpx.Response(200, json={"events": [], "unrecognised": ["x"], "waiting": []})

    with Client("http://relevo", "tea", "t", source="erp", strict=False, transport=httpx.MockTransport(take)) as relevo:
        for events in (iter(FIVE), FIVE, tuple(FIVE)):
            receipts = list(islice(relevo.send_all(events, size=2), 4))
            assert [receipt.unrecognised for receipt in receipts] == [["x"]] * 3
        assert relevo.send(order("9", "o-9")) is None
    assert sizes == [*[2, 2, 1] * 3, 1]
