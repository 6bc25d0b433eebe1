"""What somebody tries who has a token of few rights, or none: each is refused by a 4xx, and costs little."""

import asyncio
import contextlib
from typing import Any

import httpx
import pytest

from relevo_control.entrypoints.operations import OPERATIONS
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from tests.cli.test_deploying import CART
from tests.control.conftest import Hire, bearer
from tests.control.test_gate import path_of

MANY = "9" * 5000


@pytest.mark.parametrize("number", ["0", str(2**63 - 1), str(2**63), MANY])
@pytest.mark.parametrize("path", ["/v1/workflows/cart/history/", "/v1/policy/history/"])
async def test_a_revision_may_be_any_number(path: str, number: str, client: httpx.AsyncClient, hire: Hire) -> None:
    answer = await client.get(path + number, headers=bearer(await hire("ann", "viewer")))
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
async def test_a_header_makes_no_other_method_of_a_request(name: str, client: httpx.AsyncClient, hire: Hire) -> None:
    headers = bearer(await hire("ann", "admin")) | {name: "POST"}
    answer = await client.get("/v1/dead-letters/redrive", headers=headers)
    assert answer.status_code in (404, 405)
    assert (await client.get("/v1/shops?_method=POST", headers=headers)).status_code == 422


async def test_no_page_of_another_site_may_read_an_answer(
    client: httpx.AsyncClient, hire: Hire, topics: list[str]
) -> None:
    assert topics
    origin = {"Origin": "https://mallory.example.com", "Access-Control-Request-Method": "POST"}
    token = bearer(await hire("ann", "admin"))
    for one in OPERATIONS:
        asked = await client.options(path_of(one), headers=origin)
        got = await client.request(one.method, path_of(one), headers=origin | token, content=b"{}")
        assert asked.status_code == 405
        assert not [name for answer in (asked, got) for name in answer.headers if name.startswith("access-control")]


def bomb(levels: int) -> str:
    """A few hundred bytes of YAML that are 10 ** levels values once its aliases are written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("file", ["workflow.yaml", "layouts/x.yaml", "templates/x.yaml", "policy"])
async def test_aliases_of_yaml_that_explode_are_refused(file: str, client: httpx.AsyncClient, hire: Hire) -> None:
    files = {"workflow.yaml": CART.replace("LEVEL", "ad-hoc"), file: bomb(9)}
    bundle: dict[str, Any] = {"workflows": [files]} if file != "policy" else {"policy": bomb(9)}
    headers = bearer(await hire("ann", "author"))
    answer = await client.post("/v1/plans", headers=headers, json={"bundle": bundle}, timeout=60)
    assert answer.status_code == 422
    assert "aliases written out" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "layouts/../../x.yaml", "layouts/\0.yaml", "a\\..\\b"]
)
async def test_paths_of_files_lead_nowhere(path: str, client: httpx.AsyncClient, hire: Hire) -> None:
    files = {"workflow.yaml": CART.replace("LEVEL", "ad-hoc"), path: "en: {a: b}"}
    answer = await client.post(
        "/v1/plans", headers=bearer(await hire("ann", "author")), json={"bundle": {"workflows": [files]}}
    )
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2f..%2fv1", "tea%2f..%2fmug", "tea%00", "%c3%28"])
async def test_names_in_paths_are_names(name: str, client: httpx.AsyncClient, hire: Hire, pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for shop in ("tea", "mug"):
            await catalog.add_shop(connection, catalog.Shop(shop=shop, platform="custom"))
    headers = bearer(await hire("ann", "operator", shop="tea"))
    for path in (f"/v1/shops/{name}", f"/v1/shops/{name}/runs", f"/v1/tasks/{name}"):
        answer = await client.get(httpx.URL(str(client.base_url) + path), headers=headers)
        assert answer.status_code in (401, 403, 404)


async def test_a_body_without_an_end_is_cut_off_at_its_limit(url: str, hire: Hire) -> None:
    token = await hire("ann", "author")
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    sent, chunk = 0, b"x" * 65536
    answer = asyncio.create_task(reader.readline())
    while not answer.done() and sent < 100 * 1024 * 1024:
        try:
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            await writer.drain()
        except ConnectionError:
            break
        sent += len(chunk)
    with contextlib.suppress(ConnectionError):  # what was on its way may wipe the answer out
        assert b" 413 " in await answer
    assert sent < 40 * 1024 * 1024
    writer.close()
    async with httpx.AsyncClient(base_url=url) as another:
        assert (await another.get("/v1/account", headers=bearer(token))).status_code == 200
