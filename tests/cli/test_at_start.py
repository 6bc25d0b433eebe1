"""What a start deploys: nothing that undoes what somebody deployed, brought back or took out of service."""

from pathlib import Path

import pytest

from relevo_cli.at_start import AUTHOR, Stored, describe_left, store
from relevo_cli.workflow_files import Loaded, load_folders
from relevo_runtime import catalog
from relevo_runtime.catalog import Deployed
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import WORKFLOW
from tests.conftest import SettingsFactory
from tests.engine.conftest import MORNING


def library(folder: Path, wait: str = "1h") -> list[Loaded]:
    """A folder with one workflow that waits so long."""
    target = folder / "thanks"
    target.mkdir(exist_ok=True)
    (target / "workflow.yaml").write_text(WORKFLOW.replace("wait: 1h", f"wait: {wait}"))
    return load_folders(folder)


async def active(pool: Pool) -> list[tuple[str, str]]:
    async with pool.acquire() as connection:
        return [(one.version, one.author) for one in await catalog.active_definitions(connection)]


async def deploy_by_hand(pool: Pool, one: Loaded) -> int:
    async with pool.acquire() as connection, connection.transaction():
        return await catalog.deploy(
            connection,
            workflow=one.definition.name,
            version=one.definition.version,
            files=one.files,
            at=MORNING,
            author="ann",
        )


async def test_a_start_brings_its_own_workflows_up_to_date(
    settings: SettingsFactory, pool: Pool, tmp_path: Path
) -> None:
    [first] = await store(settings(), library(tmp_path))
    [same] = await store(settings(), library(tmp_path))
    newer = library(tmp_path, "2h")
    [second] = await store(settings(), newer)
    assert same == Stored(workflow="thanks")
    assert (first.revision or 0) < (second.revision or 0)
    assert await active(pool) == [(newer[0].definition.version, AUTHOR)]
    assert describe_left([first, same, second]) == ""


async def test_a_version_that_somebody_deployed_stays_and_the_start_says_so(
    settings: SettingsFactory, pool: Pool, tmp_path: Path
) -> None:
    await store(settings(), library(tmp_path))
    [mine] = library(tmp_path, "3h")
    revision = await deploy_by_hand(pool, mine)
    stored = await store(settings(), library(tmp_path))
    assert await active(pool) == [(mine.definition.version, "ann")]
    assert describe_left(stored) == (
        f"left as they are: thanks (revision {revision} by ann); `relevo deploy` brings what the folder has"
    )


async def test_what_was_taken_out_of_service_stays_out(settings: SettingsFactory, pool: Pool, tmp_path: Path) -> None:
    [first] = await store(settings(), library(tmp_path))
    async with pool.acquire() as connection, connection.transaction():
        await catalog.retire(connection, workflow="thanks", at=MORNING, by="bea")
    stored = await store(settings(), library(tmp_path))
    assert await active(pool) == []
    assert f"thanks (revision {first.revision}, taken out of service by bea)" in describe_left(stored)


@pytest.mark.parametrize(("count", "end"), [(5, "w4 (revision 4)"), (7, "w4 (revision 4) and 2 more")])
def test_many_that_stay_are_one_line_all_the_same(count: int, end: str) -> None:
    left = [Deployed(shop="*", workflow=f"w{n}", version="v", files={}, revision=n, active=True) for n in range(count)]
    assert f"{end};" in describe_left([Stored(workflow=one.workflow, left=one) for one in left])
