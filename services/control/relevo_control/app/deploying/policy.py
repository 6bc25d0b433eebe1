"""What a deployment does to the contact policy of a shop, or of every shop."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from relevo_contracts.policy import Policy
from relevo_control.app.deploying.rules import SignOff
from relevo_control.app.errors import OperationError
from relevo_notifier.adapters import policies
from relevo_notifier.adapters.policies import DeployedPolicy
from relevo_runtime.catalog import Deployed
from relevo_runtime.postgres import Connection
from relevo_workflow import POLICY_FILE, diagnose_policy
from relevo_workflow.changes import file_diff

State = Literal["new", "changed", "same"]
POLICY = "policy"
"""What the history calls a contact policy, where a workflow has its name."""


class PolicyChange(Struct, frozen=True, kw_only=True):
    """What deploying a policy changes. `before` is the version that it takes the place of."""

    shop: str
    version: str
    state: State
    before: str = ""
    diff: Sequence[str] = ()


async def policy_change(connection: Connection, wanted: tuple[Policy, str] | None, shop: str) -> PolicyChange | None:
    """Compares a policy (with its text) with the one in service; `None`: there is none to deploy."""
    if wanted is None:
        return None
    policy, text = wanted
    before = await policies.newest(connection, shop)
    state: State = "new" if before is None else "same" if before.version == policy.version else "changed"
    old = {POLICY_FILE: before.source} if before is not None else {}
    return PolicyChange(
        shop=shop,
        version=policy.version,
        state=state,
        before=before.version if before is not None else "",
        diff=file_diff(old, {POLICY_FILE: text}),
    )


async def deploy_policy(
    connection: Connection, wanted: tuple[Policy, str], shop: str, sign_off: SignOff, at: datetime
) -> int:
    """Puts a policy into service; returns the revision. Needs a transaction."""
    policy, text = wanted
    deployed = DeployedPolicy(
        shop=shop,
        version=policy.version,
        source=text,
        compiled=msgspec.json.encode(policy).decode(),
        author=sign_off.author,
        note=sign_off.note,
    )
    return await policies.deploy(connection, deployed, at)


async def past_policies(
    connection: Connection,
    *,
    among: Collection[str] | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[Deployed]:
    """The contact policies that were deployed, newest first, as the history has workflows (`catalog.history`)."""
    return [
        Deployed(
            shop=one.shop,
            workflow=POLICY,
            version=one.version,
            files={POLICY_FILE: one.source},
            revision=one.revision,
            active=one.active,
            author=one.author,
            note=one.note,
            deployed_at=one.deployed_at,
            in_flight="",
        )
        for one in await policies.deployments(connection, among=among, before=before, limit=limit)
    ]


def policy_again(earlier: Deployed) -> tuple[Policy, str]:
    """An earlier policy with its text, to be deployed again. Raises `OperationError` if this release can't read it."""
    text = earlier.files[POLICY_FILE]
    policy, found = diagnose_policy({POLICY_FILE: text})
    if policy is None:
        wrong = "; ".join(str(one) for one in found if one.severity == "error")
        raise OperationError(f"this release can't read the policy of revision {earlier.revision}: {wrong}")
    return policy, text
