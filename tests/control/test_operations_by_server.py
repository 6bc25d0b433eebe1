"""What the command looks at and answers is the same on the database and through the control API."""

import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from relevo_contracts.messages import DeadLetter, Unrecognised
from relevo_contracts.staff import Member
from relevo_contracts.topics import DEAD_LETTERS, EVENTS, INPUTS, UNRECOGNISED
from relevo_engine.adapters import tasks
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.cli.test_explain import shop  # noqa: F401 - a fixture
from tests.conftest import SettingsFactory
from tests.control.conftest import Hire
from tests.control.test_by_server import Person
from tests.e2e.machine import relevo
from tests.engine.conftest import MORNING, Engine
from tests.sealed import raw

TASK = "r/approve-1/2"
SINCE = ("--since", "2026-03-01")
LOOKING = [
    ("shops", "list"),
    ("shops", "list", "--json"),
    ("explain", "--shop", "sample", "--customer", "cus_1@example.com", *SINCE),
    ("explain", "--shop", "sample", "--customer", "cus_1", *SINCE, "--json"),
    ("explain", "--shop", "sample", "--customer", "nobody"),
    ("results", "cart", "--shop", "sample", *SINCE),
    ("results", "cart", "--shop", "sample", *SINCE, "--json"),
    ("results", "nothing", "--shop", "sample"),
    ("runs", "list", "--shop", "sample"),
    ("runs", "list", "--shop", "sample", "--workflow", "cart", "--active", "--json"),
    ("runs", "list", "--shop", "nowhere"),
    ("imports", "list", "--shop", "sample"),
    ("imports", "list", "--shop", "sample", "--json"),
    ("history", "cart"),
    ("history", "cart", "--diff", "99"),
    ("tasks", "list"),
    ("tasks", "list", "--shop", "sample", "--mine", "Ana", "--open", "--json"),
    ("tasks", "list", "--mine", "Nobody"),
    ("tasks", "show", TASK),
    ("tasks", "show", "nothing/1"),
    ("dead-letters", "list"),
    ("dead-letters", "show", "engine/1"),
    ("dead-letters", "show", "nothing"),
    ("unrecognised", "list"),
    ("unrecognised", "list", "--shop", "sample", "--json"),
    ("unrecognised", "show", "w-1"),
]


@pytest.fixture
async def busy(shop: Engine, pool: Pool, settings: SettingsFactory) -> AsyncIterator[dict[str, str]]:  # noqa: F811
    """The shop with a pause, a task, dead letters and a message that was not recognised."""
    del shop
    async with pool.acquire() as connection:
        await tasks.put_member(connection, Member(shop="sample", name="Ana", roles=["finance"]))
        await connection.execute(
            "insert into engine.task (shop, task_id, run_id, key, workflow, step, title, approval, skill, roles,"
            f" needed, assignee, opened_at, deadline) values ('sample', '{TASK}', 'r', 'cus_1', 'credit', 'approve-1',"
            " 'Credit', true, '', '{finance}', 2, 'Ana', '2026-03-02T08:00:00Z', '2026-03-04T08:00:00Z')"
        )
        await connection.execute(
            "insert into catalog.pause (shop, service, cause, at) values ('sample', 'engine', 'too much', $1)", MORNING
        )
    letters = [
        DeadLetter(
            id=f"engine/{number}",
            service="engine",
            topic=EVENTS,
            partition=0,
            offset=number,
            reason="a bug",
            at=MORNING,
            key=f"{name}/cus_{number}",
            value=b"{}",
        )
        for number, name in ((1, "sample"), (2, "sample"), (3, "other"))
    ]
    message = Unrecognised(
        id="w-1", shop="sample", platform="shopify", topic="orders/paid", reason="no topic", receivedtime=MORNING
    )
    async with Publisher(settings()) as publisher:
        await publisher.publish(DEAD_LETTERS, [(one.key.encode(), msgspec.json.encode(one)) for one in letters])
        await publisher.publish(UNRECOGNISED, [(b"sample/w-1", msgspec.json.encode(message))])
    yield given(settings())


async def test_what_is_looked_at_is_the_same_by_the_api(busy: dict[str, str], url: str, hire: Hire) -> None:
    olga = Person(url, await hire("olga", "operator"))
    for arguments in LOOKING:
        code, local, wrong = await relevo(*arguments, **busy)
        out, err = await olga.says(*arguments, code=code)
        assert (arguments, out) == (arguments, local)
        assert code == 0 or (arguments, err) == (arguments, wrong)


async def test_who_decides_is_who_is_logged_in(
    busy: dict[str, str], url: str, hire: Hire, settings: SettingsFactory
) -> None:
    del busy
    ana, bea = Person(url, await hire("Ana", "approver")), Person(url, await hire("bea", "approver"))
    _, err = await bea.says("tasks", "approve", TASK, "--by", "Ana", code=2)
    assert "who answers is who is logged in" in err
    _, err = await bea.says("tasks", "approve", TASK, code=2)
    assert "bea" in err
    out, _ = await ana.says("tasks", "approve", TASK, "--note", "fine")
    assert out == f"Ana approved {TASK}; the workflow goes on as soon as the engine has it\n"
    assert len(await raw(settings(), INPUTS)) == 1


async def test_dead_letters_are_sent_again_and_a_shop_goes_on(
    busy: dict[str, str], url: str, hire: Hire, settings: SettingsFactory
) -> None:
    olga = Person(url, await hire("olga", "operator", shop="sample"))
    out, _ = await olga.says("dead-letters", "list", "--json")
    assert {one["key"].partition("/")[0] for one in json.loads(out)} == {"sample"}
    _, err = await olga.says("dead-letters", "redrive", "--all", code=2)
    assert "may not act for every shop" in err
    before = len(await raw(settings(), EVENTS))
    out, _ = await olga.says("dead-letters", "redrive", "--shop", "sample")
    assert out == "2 dead letters were sent to their topics again\n"
    assert len(await raw(settings(), EVENTS)) == before + 2
    out, _ = await olga.says("shops", "resume", "sample")
    assert "engine goes on with shop sample" in out
    del busy
    _, err = await olga.says("shops", "resume", "sample", code=2)
    assert "is not paused" in err
