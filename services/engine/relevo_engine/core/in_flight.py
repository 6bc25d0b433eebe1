"""Runs in flight as those see them who change a workflow: where they rest, and one that is locked to be moved. Pure."""

from msgspec import Struct

from relevo_workflow import Facts, Run


class RunScope(Struct, frozen=True, kw_only=True):
    """Whose runs of `workflow` are meant: those of `shop` (`*`: of all but `leaving_out`) in other versions."""

    workflow: str
    version: str
    shop: str
    leaving_out: tuple[str, ...] = ()


class RestingPlace(Struct, frozen=True):
    """Where runs rest: the step (empty: only the goal is watched) of a version, what started them, and `Run.did`."""

    version: str
    step: str
    trigger_type: str
    did: tuple[str, ...] = ()


class RunExample(Struct, frozen=True, kw_only=True):
    """A run in flight."""

    shop: str
    run_id: str
    key: str
    step: str
    version: str
    trigger_type: str


class LockedRun(Struct, frozen=True):
    """A run that this transaction has locked, and what is known of its customer."""

    shop: str
    key: str
    run: Run
    facts: Facts
