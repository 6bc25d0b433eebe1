"""Wires what moves runs in flight into a new version: for the command that deploys it, while engines work."""

from collections.abc import Collection

from relevo_engine.adapters import definitions
from relevo_engine.adapters.stores import postgres_stores
from relevo_engine.app.migrate_runs import PAGE, RunMigration
from relevo_engine.core.in_flight import RunScope
from relevo_runtime.postgres import Connection
from relevo_workflow import Definition


def run_migration(
    connection: Connection,
    scope: RunScope,
    new: Definition,
    *,
    page: int = PAGE,
    repeat: Collection[tuple[str, str]] = (),
) -> RunMigration[Connection]:
    """The runs of a scope on their way to `new`, on this connection, which is in no transaction."""
    return RunMigration(
        connection, scope, new, stores=postgres_stores(), definitions=definitions, page=page, repeat=repeat
    )
