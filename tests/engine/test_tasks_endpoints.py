"""Every endpoint of the tasks is tried with what its OpenAPI document says, and with what it does not: no 5xx."""

import msgspec
import pytest

from relevo_engine.entrypoints.openapi import openapi
from relevo_engine.entrypoints.tasks_http import make_app
from relevo_runtime import catalog
from relevo_runtime.http import serve
from tests.conformance.fuzzing import fuzz, narrowed
from tests.engine.conftest import Engine


@pytest.mark.timeout(600)
async def test_no_endpoint_of_the_tasks_answers_with_a_5xx(engine: Engine) -> None:
    async with engine.pool.acquire() as conn:
        shop = await catalog.shop(conn, "sample")
        assert shop is not None
        await catalog.update_shop(
            conn, msgspec.structs.replace(shop, task_token_hashes=[catalog.hash_token("let me in")])
        )
    app = make_app(engine.pool, engine.publisher, engine.clock)
    document = narrowed(openapi(), {"shop": ["sample", "nobody"]}, 5)
    async with serve(app, "127.0.0.1", 0, stop_timeout=1) as port:
        headers = {"Authorization": "Bearer let me in"}
        code, said = await fuzz(document, f"http://127.0.0.1:{port}", cases=8, headers=headers)
    assert code == 0, said
    assert "passed" in said
