"""The staff and its tasks by command, without a running system."""

import json

import pytest

from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo


@pytest.fixture
async def environment(settings: SettingsFactory, pool: Pool) -> dict[str, str]:
    async with pool.acquire() as connection:
        await catalog.add_shop(connection, catalog.Shop(shop="acme", platform="shopify", timezone="Europe/Rome"))
        await connection.execute(
            "insert into engine.task (shop, task_id, run_id, key, workflow, step, title, approval, skill, roles,"
            " needed, assignee, opened_at, deadline) values ('acme', 'r/approve-1/2', 'r', 'c', 'credit', 'approve-1',"
            " 'Credit of [red]', true, '', '{finance}', 2, 'Ana', '2026-03-02T08:00:00Z',"
            " '2026-03-04T08:00:00Z')"
        )
    return given(settings())


async def test_staff_is_added_replaced_and_listed(environment: dict[str, str]) -> None:
    add = ("tasks", "staff", "add", "acme", "Ana", "--role", "finance")
    code, out, err = await relevo(*add, "--skill", "phone", "--email", "ana@example.com", **environment)
    assert (code, out, err) == (0, "Ana of acme gets tasks\n", "")
    code, out, _ = await relevo(*add, "--away", **environment)
    assert (code, out) == (0, "Ana of acme is away and gets no tasks\n")
    code, out, _ = await relevo("tasks", "staff", "list", "--shop", "acme", "--json", **environment)
    [ana] = json.loads(out)
    replaced = {"shop": "acme", "name": "Ana", "email": "", "skills": [], "roles": ["finance"], "active": False}
    assert {name: ana[name] for name in replaced} == replaced


async def test_what_is_known_of_the_staff_is_changed_field_by_field(environment: dict[str, str]) -> None:
    add = ("tasks", "staff", "add", "acme", "Ana", "--role", "finance", "--skill", "phone", "--skill", "warehouse:3")
    hours = ("--hours", "mon-thu 09:00-17:00", "--hours", "Fri  09:00-13:00", "--absent", "2026-07-01..2026-07-14")
    heard = ("--channel", "slack", "--slack", "SLACK_ANA", "--timezone", "Europe/Madrid", "--capacity", "5")
    code, _, err = await relevo(*add, *hours, *heard, **environment)
    assert (code, err) == (0, "")
    code, _, err = await relevo(
        "tasks", "staff", "change", "acme", "Ana", "--locale", "es", "--role", "", **environment
    )
    assert (code, err) == (0, "")
    _, out, _ = await relevo("tasks", "staff", "list", "--json", **environment)
    [ana] = json.loads(out)
    assert ana == {
        "shop": "acme",
        "name": "Ana",
        "email": "",
        "skills": ["phone", "warehouse"],
        "roles": [],
        "active": True,
        "phone": "",
        "locale": "es",
        "timezone": "Europe/Madrid",
        "channels": ["slack"],
        "slack": "SLACK_ANA",
        "teams": "",
        "levels": {"warehouse": 3},
        "hours": ["mon-thu 09:00-17:00", "fri 09:00-13:00"],
        "absences": [{"first": "2026-07-01", "last": "2026-07-14"}],
        "capacity": 5,
    }
    _, out, _ = await relevo("tasks", "staff", "list", **environment, COLUMNS="200")
    assert "slack SLACK_ANA" in out
    assert "absent 2026-07-01..2026-07-14" in out


async def test_whoever_joins_gets_the_tasks_that_were_nobodys(environment: dict[str, str], pool: Pool) -> None:
    await pool.execute("update engine.task set assignee = ''")
    code, out, err = await relevo("tasks", "staff", "add", "acme", "Ana", "--role", "finance", **environment)
    assert (code, out) == (0, "Ana of acme gets tasks; 1 open task that was nobody's has somebody now\n"), err
    assert await pool.fetchval("select assignee from engine.task") == "Ana"


async def test_tasks_are_listed_for_people_and_for_programs(environment: dict[str, str]) -> None:
    for name in ("Ana", "Ben"):
        await relevo("tasks", "staff", "add", "acme", name, **environment)
    code, out, err = await relevo("tasks", "list", "--mine", "Ana", "--open", **environment, COLUMNS="80")
    assert code == 0, err
    assert out.splitlines() == [
        "Credit of [red]",
        "  r/approve-1/2",
        "  open · acme · for 2 of finance · assigned to Ana · until 2026-03-04 09:00",
    ]
    code, out, _ = await relevo("tasks", "list", "--mine", "Ben", "--json", **environment)
    assert (code, json.loads(out)) == (0, [])
    code, out, _ = await relevo("tasks", "show", "r/approve-1/2", **environment)
    assert json.loads(out)["title"] == "Credit of [red]"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("staff", "add", "other", "Ana"), "shop 'other' is not known"),
        (("staff", "change", "acme", "Zoe", "--away"), "'Zoe' is not on the staff of acme: add them with"),
        (("staff", "change", "acme", "Zoe"), "nothing is to be changed"),
        (("staff", "add", "acme", "Ana", "--skill", "phone:9"), "a level is from 1 to 5: --skill warehouse:3"),
        (("staff", "add", "acme", "Ana", "--channel", "fax"), "one of email, sms, slack, teams"),
        (("staff", "add", "acme", "Ana", "--slack", "https://hooks.slack.com/x"), "--slack names a secret"),
        (("staff", "add", "acme", "Ana", "--hours", "9-5"), "write 'mon-fri 09:00-17:00'"),
        (("staff", "add", "acme", "Ana", "--absent", "soon"), "write 2026-07-01..2026-07-14"),
        (("staff", "add", "acme", "Ana", "--timezone", "Mars"), "write it like Europe/Madrid"),
        (("list", "--shop", "other"), "shop 'other' is not known"),
        (("list", "--mine", "Zoe"), "'Zoe' is not on the staff of any shop"),
        (("staff", "list", "--shop", "other"), "shop 'other' is not known"),
        (("show", "nothing"), "there is no task 'nothing'"),
        (("approve", "nothing", "--by", "Ana"), "there is no task 'nothing'"),
        (("approve", "r/approve-1/2", "--by", "Ana"), "Ana is not on the staff of acme"),
        (("complete", "r/approve-1/2", "--by", "Ana", "--data", "x"), "--data needs NAME=VALUE"),
    ],
)
async def test_what_is_wrong_is_said_in_a_sentence(
    environment: dict[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = await relevo("tasks", *arguments, **environment)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
