"""The code samples of clients/README.md, to be run as they are written but for the address and the token."""

import re
from datetime import UTC, datetime
from pathlib import Path

from relevo_runtime import catalog
from relevo_runtime.postgres import Pool

PAGE = Path(__file__).parents[2] / "clients" / "README.md"
ADDRESS = "https://relevo.example.com"


def sample(language: str, *, of_control: bool, url: str, token: str) -> str:
    """The one sample in a language, of the client of events or of that of the control API, for this server."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    [found] = [one for one in blocks if ("control" in one) is of_control]
    assert ADDRESS in found
    return re.sub(r"tea-token-1|relevo_…", token, found.replace(ADDRESS, url))


async def two_runs(pool: Pool) -> None:
    """The shop of the samples, with a run that has ended and one that has not."""
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="custom"))
        for name, state, ended in (("r-active", {}, None), ("r-ended", None, datetime(2026, 3, 5, tzinfo=UTC))):
            await connection.execute(
                "insert into engine.run (shop, run_id, key, workflow, version, run_key, step, started_at, updated_at,"
                " state, ended_at, end_reason) values ('tea', $1, 'c', 'cart', 'v', $1, 'wait-1', $2, $2, $3, $4, $5)",
                *(name, datetime(2026, 3, 4, tzinfo=UTC), state, ended, ended and "done"),
            )
