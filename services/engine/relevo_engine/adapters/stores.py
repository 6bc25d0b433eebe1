"""The engine's ports on PostgreSQL, all in one value: for those who start the engine, or a use case of it."""

from relevo_engine.adapters import erasure, tasks
from relevo_engine.adapters.fanouts import Fanouts
from relevo_engine.adapters.in_flight import InFlight
from relevo_engine.adapters.store import Runs
from relevo_engine.adapters.waiting import WaitingRuns
from relevo_engine.app.ports import Stores
from relevo_runtime import timers
from relevo_runtime.postgres import Connection


def postgres_stores() -> Stores[Connection]:
    """They hold no connection: each call gets the one whose transaction it is part of."""
    return Stores(
        runs=Runs(),
        waiting=WaitingRuns(),
        fanouts=Fanouts(),
        tasks=tasks,
        erasure=erasure,
        in_flight=InFlight(),
        timers=timers,
    )
