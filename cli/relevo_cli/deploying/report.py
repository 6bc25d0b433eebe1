"""A plan, and what came of it, in words."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from relevo_control.app.deploying.apply_plan import DeploymentResult
from relevo_control.app.deploying.plan import Change, DeploymentPlan
from relevo_control.app.deploying.refusal import again_lines, runs, runs_do, stuck_lines
from relevo_control.app.systems_asked import Unserved
from relevo_engine.app.migrate_runs import MigrationPreview
from relevo_notifier.systems.registry import serving


def plan_lines(plan: DeploymentPlan, *, files: bool) -> Iterator[str]:
    """What would change; with the difference of the files where `files`."""
    for event in plan.declared:
        yield f"{event.name}{_where(event.shop)}  {event.state} event"
        if event.objection:
            yield f"  not yet: {event.objection}"
    policy = plan.policy
    if policy is not None and plan.changes_policy:
        versions = f"{policy.before} → {policy.version}" if policy.before else policy.version
        yield f"contact policy{_where(policy.shop)}  {policy.state}  {versions}"
        yield from (f"  | {line}" for line in policy.diff if files)
    for change in plan.changes:
        yield from _change(change, files=files)


def _change(change: Change, *, files: bool) -> Iterator[str]:
    versions = f"{change.before} → {change.version}" if change.state == "changed" else change.version
    state: str = change.state
    if change.before == change.version and not change.serves:
        state, versions = "comes back into service", change.version
    yield f"{change.workflow}{_where(change.shop)}  {state}  {versions}  ({change.level})"
    yield from (f"  {line}" for line in change.summary)
    if change.state == "changed" and not change.serves:
        yield "  it starts no runs at the moment: its last version was taken out of service"
    if files:
        yield from (f"  | {line}" for line in change.diff)
    yield from (f"  {line}" for line in _in_flight(change))
    if change.objection:
        yield f"  not yet: {change.objection}"


def _where(shop: str) -> str:
    return "" if shop == "*" else f" for {shop}"


def _in_flight(change: Change) -> Iterator[str]:
    preview = change.in_flight
    if not preview.runs:
        return
    yield f"{runs(preview.runs)} of older versions in flight:"
    yield f"  pin      {runs_do(preview.runs, 'end')} in the version of the start"
    yield f"  migrate  {runs_do(preview.runs - preview.refused, 'continue')} in the new version"
    yield from (f"    {line}" for line in _going_lines(preview))
    yield from (f"    {line}" for line in stuck_lines(preview))
    yield from (f"    {line}" for line in again_lines(preview))
    if change.state != "same":
        left = preview.runs - preview.watching
        first = f"{runs_do(left, 'end')} first; until then nobody comes in" if left else "no run has to end first"
        yield f"  drain    {first}"


def _going_lines(preview: MigrationPreview) -> Iterator[str]:
    """Where the runs go on: the step where they rest, and the one that takes its place."""
    for one in preview.going:
        if not one.step:
            yield f"{runs(one.runs)}: the steps are over, and only the goal is watched"
        elif one.place == one.step:
            yield f"{runs(one.runs)} at {one.step} (version {one.version})"
        else:
            yield f"{runs(one.runs)} at {one.step} (version {one.version}) → {one.place}"


def secret_lines(named: Mapping[str, Sequence[str]], given: Collection[str]) -> Iterator[str]:
    """What the calls of workflows need and is not set in this environment; the notifier's is what counts."""
    for workflow, names in named.items():
        unset = [f"RELEVO_CALL_SECRET_{name}" for name in names if f"RELEVO_CALL_SECRET_{name}" not in given]
        if unset:
            yield (
                f"{workflow}: its calls need {', '.join(unset)} in the notifier's environment, which is not set here;"
                " without it they fail"
            )


def unserved_lines(found: Sequence[Unserved]) -> Iterator[str]:
    """Which shops lack a system that a workflow asks, and what to do."""
    for one in found:
        yield f"{one.workflow}: {without_system(one)}; {adding_system(one)}"


def without_system(one: Unserved) -> str:
    """What a shop lacks, and what becomes of runs."""
    then = "runs end at the first step that asks it" if one.ends else "runs go on without its answer"
    return f"{one.shop} has no system that serves {one.port}: {then}"


def adding_system(one: Unserved) -> str:
    """The command that helps."""
    return f"`relevo systems add {one.shop} {one.port} {serving(one.port)[0]}`"


def result_lines(done: Sequence[DeploymentResult]) -> Iterator[str]:
    """What became of each workflow."""
    for one in done:
        if one.draining:
            yield (
                f"{one.workflow}  {one.version}  is not deployed yet: nobody comes in, and {runs(one.draining)}"
                " of older versions have to end; deploy again with --in-flight drain to see whether they have"
            )
            continue
        what = "is active already" if one.revision is None else f"deployed as revision {one.revision}"
        moved = f"; {runs_do(one.moved, 'continue')} in it" if one.moved else ""
        yield f"{one.workflow}  {one.version}  {what}{moved}"
        if one.staying:
            shown = ", ".join(one.staying[:20])
            stay = f"{runs(len(one.staying))} can't be moved from where they are by now, and keep their version"
            yield f"  {stay}: {shown}"
