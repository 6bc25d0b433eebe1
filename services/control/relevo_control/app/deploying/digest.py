"""What names a plan: the SHA-256 of what it changes. Who approves a digest approves that and nothing else. Pure."""

import hashlib
from collections.abc import Iterable

import msgspec

from relevo_control.app.deploying.apply_plan import InFlight
from relevo_control.app.deploying.plan import DeploymentPlan
from relevo_engine.app.migrate_runs import MovableRuns

_encode = msgspec.json.Encoder(order="deterministic").encode


def plan_digest(plan: DeploymentPlan, *, shop: str, in_flight: InFlight, repeat: bool) -> str:
    """The digest: of versions before and after, events, the policy and what becomes of runs in flight.

    How many runs there are, and who signs, change from minute to minute and are not part of it; what runs would do
    again is, where `repeat` allows it.
    """
    changes = [[one.workflow, one.state, one.level, one.before, one.serves, one.version] for one in plan.changes]
    again = [[one.workflow, _again(one.in_flight.repeating)] for one in plan.changes] if repeat else []
    events = [[one.name, one.state, one.schema] for one in plan.events]
    policy = [plan.policy.before, plan.policy.version] if plan.policy is not None else []
    return hashlib.sha256(_encode([shop, in_flight, changes, again, events, policy])).hexdigest()


def _again(repeating: Iterable[MovableRuns]) -> list[list[str]]:
    return sorted([one.version, one.step, one.again] for one in repeating)
