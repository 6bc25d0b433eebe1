"""The demonstration, with each service in the role that `relevo migrate --roles` gives it."""

from pathlib import Path

import pytest

from relevo_runtime.migrations import installed_packages
from relevo_runtime.postgres import Pool
from relevo_runtime.roles import apply_roles
from tests.conftest import SettingsFactory
from tests.e2e.test_demo import SHOPPERS, performed

pytestmark = pytest.mark.timeout(600)
AS_ITS_ROLE = """
create function public.become() returns event_trigger language plpgsql as $$
declare
    service text := substring(current_setting('application_name') from '^relevo-(ingest|engine|scheduler|notifier)');
begin
    if service is not null then
        perform set_config('role', 'relevo_' || service, false);
        insert into public.became values (service);
    end if;
end $$;
create table public.became (service text);
grant insert on public.became to public;
create event trigger become on login execute function public.become();
"""


async def test_every_message_arrives_with_a_role_a_service(
    tmp_path: Path, pool: Pool, database: str, settings: SettingsFactory
) -> None:
    await apply_roles(database, installed_packages())
    await pool.execute(AS_ITS_ROLE)
    options = ("--speed", "7200", "--shoppers", str(SHOPPERS))
    result, _ = await performed(tmp_path / "data", settings(), *options)
    assert (result["lost"], result["duplicates"], result["unexpected"], result["early"]) == (0, 0, 0, 0)
    assert result["runs_ended"] > 0
    assert {row["service"] for row in await pool.fetch("select service from public.became")} == {
        *("ingest", "engine", "scheduler", "notifier")
    }
