"""Declared events in the engine: a definition has its declarations with it, and what does not fit costs only itself."""

import json

import msgspec

from relevo_contracts.envelope import Event
from tests.engine.conftest import MORNING, Engine, deploy

NAME = "custom.loyalty_reached"
SCHEMA = {"type": "object", "required": ["points"], "properties": {"points": {"type": "integer"}}}
FLOW = {
    "workflow.yaml": f"""
workflow: loyalty
trigger: {{event: {NAME}, when: event.points >= 100}}
steps:
  - wait_for:
      - event: {NAME}
        where: event.points > trigger.points
        as: again
        steps:
          - set: {{attributes: {{points: run.again.points}}, tags: {{add: [loyal]}}}}
      - timeout: 3d
        steps: []
""",
    f"events/{NAME}.json": json.dumps(SCHEMA),
}


def reached(number: int, points: object) -> Event:
    return Event(
        id=f"l-{number}",
        source="loyalty",
        type=NAME,
        time=MORNING,
        shop="sample",
        key="cus_1",
        data={"customer": {"email": f"ana{number}@example.com"}, "points": points},
        receivedtime=MORNING,
    )


async def test_a_declared_event_starts_and_continues_runs_and_a_wrong_one_costs_only_itself(engine: Engine) -> None:
    await deploy(engine.pool, FLOW)
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
    await engine.take(reached(1, 120), reached(2, "many"), reached(3, 130))
    decisions = await engine.pool.fetch("select kind, reason from engine.decision where workflow = 'loyalty'")
    kinds = sorted(row["kind"] for row in decisions)
    assert "does not fit what version" in " ".join(row["reason"] for row in decisions)
    facts = await engine.pool.fetchval("select facts from engine.customer where key = 'cus_1'")
    assert "started" in kinds
    assert (facts["attributes"], facts["tags"]) == ({"points": 130}, ["loyal"])
    assert "ana" in msgspec.json.encode(facts["contact"]).decode()
