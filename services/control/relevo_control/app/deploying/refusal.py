"""Why a plan is not carried out, in words: what is missing, what runs in flight would do. Pure."""

from collections.abc import Iterator

from relevo_control.app.deploying.apply_plan import InFlight
from relevo_control.app.deploying.plan import DeploymentPlan
from relevo_control.app.errors import ConflictError
from relevo_engine.app.migrate_runs import MigrationPreview


def refuse(plan: DeploymentPlan, in_flight: InFlight, *, repeat: bool = False) -> None:
    """Raises `ConflictError` with everything that stands against the plan; then nothing is changed."""
    objections = [one.objection for one in plan.declared if one.objection]
    objections += [one.objection for one in plan.needed if one.objection]
    if objections:
        raise ConflictError("nothing was deployed: " + "; ".join(objections))
    previews = [(one.workflow, one.in_flight) for one in plan.changes] if in_flight == "migrate" else []
    stuck = [line for name, preview in previews if preview.refused for line in (f"{name}:", *stuck_lines(preview))]
    if stuck:
        raise ConflictError("nothing was deployed: runs in flight can't be moved\n" + "\n".join(stuck))
    again = [line for name, preview in previews if preview.repeating for line in (f"{name}:", *again_lines(preview))]
    if again and not repeat:
        raise ConflictError("nothing was deployed: runs in flight would do things again\n" + "\n".join(again))


def again_lines(preview: MigrationPreview) -> Iterator[str]:
    """What runs would do a second time, and how to say that this is wanted."""
    for one in preview.repeating:
        yield f"{runs(one.runs)} at {one.step} (version {one.version}) {one.again}"
    if preview.repeating:
        yield "  say --repeat if that is wanted; else leave these runs where they are with --in-flight pin"


def stuck_lines(preview: MigrationPreview) -> Iterator[str]:
    """The runs that can't be moved, with the reasons and what helps."""
    if not preview.refused:
        return
    yield f"{runs(preview.refused)} can't be mapped:"
    for stuck in preview.stuck:
        yield f"  {runs(stuck.runs)} at {stuck.step} (version {stuck.version}): {stuck.reason}"
    if any("has no step" in one.reason or "not clear which" in one.reason for one in preview.stuck):
        yield "  say which step it is: give the one that takes its place the old id, with an explicit `id:`"
    for example in preview.examples:
        yield f"  run {example.run_id} of {example.shop}/{example.key} at {example.step}"
    if preview.refused > len(preview.examples):
        yield f"  and {preview.refused - len(preview.examples)} more"


def runs_do(count: int, verb: str) -> str:
    """How many runs do something: `1 run ends`, `3 runs end`."""
    return f"{runs(count)} {verb}{'s' if count == 1 else ''}"


def runs(count: int) -> str:
    """How many runs: `1 run`, `3 runs`."""
    return f"{count} run{'' if count == 1 else 's'}"
