"""Events that a shop declares, as the people at the keyboard see them: check, deploy, list, show, withdraw."""

import json
from pathlib import Path
from typing import Any

import pytest

from relevo_cli.workflow_files import load_folder, path_of
from relevo_contracts.declared import declare
from relevo_control.app.deploying.events import event_changes
from relevo_runtime import catalog
from relevo_runtime.catalog import EventType
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.engine.conftest import MORNING

NAME = "custom.loyalty_reached"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["points"],
    "properties": {"points": {"type": "integer"}, "level": {"type": "string", "enum": ["silver", "gold"]}},
}
FLOW = f"""
workflow: loyalty
trigger: {{event: {NAME}, when: event.points >= 100}}
steps:
  - set: {{tags: {{add: [loyal]}}}}
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows"
    (folder / "loyalty").mkdir(parents=True)
    (folder / "events").mkdir()
    (folder / "loyalty" / "workflow.yaml").write_text(FLOW)
    write(folder, SCHEMA)
    write(folder, {"type": "object"}, "custom.unused")
    return folder


def write(library: Path, schema: dict[str, Any], name: str = NAME) -> None:
    (library / "events" / f"{name}.json").write_text(json.dumps(schema))


def test_a_definition_keeps_the_declarations_that_it_names(library: Path) -> None:
    one = load_folder(library / "loyalty")
    assert [path for path in one.files if path.startswith("events/")] == [f"events/{NAME}.json"]
    assert path_of(one.folder, f"events/{NAME}.json") == library / "events" / f"{NAME}.json"
    write(library, {"type": "object", "description": "another"}, "custom.unused")
    assert load_folder(library / "loyalty").definition.version == one.definition.version
    write(library, {**SCHEMA, "description": "another"})
    assert load_folder(library / "loyalty").definition.version != one.definition.version


def known(schema: dict[str, Any], shop: str = "*") -> EventType:
    return EventType(shop=shop, name=NAME, schema=schema, author="ann", declared_at=MORNING)


@pytest.mark.parametrize(
    ("properties", "required", "reason"),
    [
        ({"points": {"type": "integer"}}, ["points"], "level: is gone"),
        ({**SCHEMA["properties"], "points": {"type": "string"}}, ["points"], "points: type was 'integer'"),
        ({**SCHEMA["properties"], "level": {"type": "string", "enum": ["gold"]}}, ["points"], "level: the form"),
        (SCHEMA["properties"], ["points", "level"], "level: became required"),
        ({**SCHEMA["properties"], "note": {"type": "string"}}, ["points"], ""),
        (SCHEMA["properties"], [], "points: type was 'integer'"),
    ],
)
def test_a_schema_may_grow_and_may_not_break_what_was_written_for_it(
    properties: dict[str, Any], required: list[str], reason: str
) -> None:
    wanted = declare(NAME, {"type": "object", "properties": properties, "required": required})
    [change] = event_changes([wanted], [known(SCHEMA)], "*")
    assert change.state == "changed"
    assert reason in change.objection
    assert bool(reason) == bool(change.objection)
    assert f"{NAME}_2" in change.objection or not reason


def test_a_shop_compares_with_its_own_event_first() -> None:
    wanted = declare(NAME, SCHEMA)
    everybody = known({"type": "object", "properties": {"x": {"type": "string"}}})
    assert event_changes([wanted], [everybody, known(SCHEMA, "acme")], "acme")[0].state == "same"
    assert event_changes([wanted], [everybody], "acme")[0].objection
    assert event_changes([wanted], [], "acme")[0].state == "new"


async def test_declared_events_are_deployed_listed_shown_and_withdrawn(
    pool: Pool, settings: SettingsFactory, library: Path
) -> None:
    environment = given(settings())

    async def says(*arguments: str, code: int = 0) -> str:
        found, out, err = await relevo(*arguments, **environment)
        assert found == code, out + err
        assert "Traceback" not in err
        return out + err

    deploy = ("deploy", str(library), "--yes", "--settle", "0")
    planned = await says("deploy", str(library), "--plan")
    assert f"{NAME}  new event" in planned
    assert "custom.unused  new event" in planned
    assert await says("events", "list", "*", "--json") == "[]\n"
    await says(*deploy, "--author", "ann")
    assert f"{NAME}  every shop  declared by ann" in await says("events", "list", "*")
    assert json.loads(await says("events", "show", "*", NAME)) == SCHEMA
    assert f"did you mean '{NAME}'?" in await says("events", "show", "*", "custom.loyalty_reach", code=2)

    write(library, {**SCHEMA, "required": ["points", "level"]})
    refused = await says(*deploy, code=2)
    assert "level: became required" in refused
    write(library, {**SCHEMA, "properties": {**SCHEMA["properties"], "note": {"type": "string"}}})
    assert f"{NAME}  changed event" in await says(*deploy)
    assert "note" in await says("events", "show", "*", NAME)

    assert "is named by loyalty" in await says("events", "withdraw", "*", NAME, code=2)
    await says("events", "withdraw", "*", "custom.unused")
    async with pool.acquire() as connection:
        assert [one.name for one in await catalog.event_types(connection)] == [NAME]


async def test_a_broken_declaration_is_told_with_its_file_and_deploys_nothing(
    pool: Pool, settings: SettingsFactory, library: Path
) -> None:
    write(library, {"type": "object", "properties": {"a": {"type": "text"}}}, "custom.unused")
    found, out, err = await relevo("deploy", str(library), "--yes", **given(settings()))
    assert found == 2
    assert "custom.unused.json:1:" in out + err
    assert "a value needs one type" in out + err
    async with pool.acquire() as connection:
        assert await catalog.event_types(connection) == []
        assert await catalog.active_definitions(connection) == []
