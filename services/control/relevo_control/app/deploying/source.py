"""What is to be deployed: workflows with what lies beside them, or what was deployed before."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from relevo_contracts.declared import DeclarationError, Declared, declare
from relevo_contracts.policy import Policy
from relevo_control.app.deploying.plan import TargetVersion
from relevo_control.app.deploying.policy import policy_again
from relevo_control.app.errors import OperationError
from relevo_control.app.history import What, earlier
from relevo_control.app.source_files import compiled_files, sources
from relevo_runtime.postgres import Connection
from relevo_workflow import POLICY_FILE, Diagnostic, WorkflowError, compile_workflow, diagnose_policy


class Targets(Struct, frozen=True, kw_only=True):
    """Versions with the events and the policy beside them, all read. `note` is what the history says if nobody does.

    `revision` is that of the earlier deployment that it is, if it is one.
    """

    versions: Sequence[TargetVersion] = ()
    declared: Sequence[Declared] = ()
    policy: tuple[Policy, str] | None = None
    note: str = ""
    revision: int = 0


class Again(Struct, frozen=True, kw_only=True):
    """An earlier deployment: of a workflow, or (without a name) of the contact policy. `revision` 0: the one before."""

    workflow: str = ""
    revision: int = 0


class Bundle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Targets as they travel: the raw files of each workflow by path, declared events by name, the policy's text."""

    workflows: list[dict[str, str]] = []
    events: dict[str, dict[str, Any]] = {}
    policy: str = ""


def bundle_of(targets: Targets) -> Bundle:
    """Targets as they travel."""
    return Bundle(
        workflows=[sources(one.files) for one in targets.versions],
        events={one.name: one.schema for one in targets.declared},
        policy=targets.policy[1] if targets.policy is not None else "",
    )


def read_bundle(bundle: Bundle) -> Targets:
    """Reads what has travelled. Raises `OperationError` or `WorkflowError` with everything that is wrong with it."""
    versions: dict[str, TargetVersion] = {}
    errors: list[Diagnostic] = []
    for files in bundle.workflows:
        try:
            read = compiled_files(files)
        except WorkflowError as error:
            errors += error.diagnostics
            continue
        if read.definition.name in versions:
            raise OperationError(f"the workflow {read.definition.name!r} is there twice: leave one out")
        versions[read.definition.name] = TargetVersion(read.definition, read.files)
    if errors:
        raise WorkflowError(errors)
    return Targets(versions=list(versions.values()), declared=_declared(bundle.events), policy=_policy(bundle.policy))


async def resolve(connection: Connection, source: Targets | Again, shop: str) -> Targets:
    """What is to be deployed for `shop`. Raises `NotKnownError` if there is no such earlier deployment."""
    if isinstance(source, Targets):
        return source
    found, note = await earlier(connection, What(source.workflow), shop, source.revision)
    if not source.workflow:
        return Targets(policy=policy_again(found), note=note, revision=found.revision)
    version = TargetVersion(compile_workflow(found.files), found.files)
    return Targets(versions=[version], note=note, revision=found.revision)


def _declared(events: Mapping[str, dict[str, Any]]) -> list[Declared]:
    try:
        return [declare(name, schema) for name, schema in sorted(events.items())]
    except DeclarationError as error:
        raise OperationError(str(error)) from error


def _policy(text: str) -> tuple[Policy, str] | None:
    if not text:
        return None
    policy, found = diagnose_policy({POLICY_FILE: text})
    if policy is None:
        raise WorkflowError([one for one in found if one.severity == "error"])
    return policy, text
