"""Whether the workflows that start one another fit together once a deployment is done. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from relevo_control.app.stored import read_stored
from relevo_runtime.catalog import EVERY_SHOP, Deployed
from relevo_workflow import Definition, ManualTrigger, StartStep, check_starts, starts_others


class StartReferences:
    """What new runs start with in the shops of a deployment, once it is done: `wanted`, and what is `active`."""

    def __init__(self, wanted: Iterable[Definition], active: Sequence[Deployed], shop: str) -> None:
        self._wanted = {one.name: one for one in wanted}
        self._shop = shop
        general = {one.workflow: one for one in active if one.shop == EVERY_SHOP}
        own = {one.workflow: one for one in active if one.shop == shop}
        serving = {name: one for name, one in (general | own).items() if name not in self._wanted}
        mentioned = any(starts_others(one) for one in self._wanted.values())
        # Reading what is stored takes its time: only where one starts another.
        self._active = {
            name: read_stored(one.files) if mentioned or _may_start(one.files) else None
            for name, one in serving.items()
        }

    def objection(self, new: Definition, old: Definition | None) -> str:
        """What stands against `new` in the place of `old`: whom it starts is not there, or who starts it no longer can.

        Empty if nothing does.
        """
        known: Mapping[str, Definition | None] = {**self._active, **self._wanted}
        found = check_starts(new, known, complete=True) if starts_others(new) else []
        objections = [f"{new.name}: {one.message} ({one.help})" for one in found if one.severity == "error"]
        if old is not None and _by_hand(old) and not _by_hand(new):
            objections += [
                f"{name} starts {new.name}, which would have no manual trigger" for name in self._starters(new)
            ]
        return "; ".join(objections)

    def _starters(self, target: Definition) -> list[str]:
        """Who starts `target` and stays as it is; those that are deployed with it are asked themselves."""
        return sorted(name for name, one in self._active.items() if one is not None and target.name in _started(one))


def _may_start(files: Mapping[str, str]) -> bool:
    return "start" in files.get("workflow.yaml", "")


def _started(definition: Definition) -> set[str]:
    return {step.workflow for step in definition.program.steps.values() if isinstance(step, StartStep)}


def _by_hand(definition: Definition) -> bool:
    return any(isinstance(one, ManualTrigger) for one in definition.triggers)
