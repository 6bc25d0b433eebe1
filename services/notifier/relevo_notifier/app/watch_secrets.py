"""Which secrets do the workflows in service need that this notifier was not given? Their calls would all fail."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

import structlog

from relevo_notifier.app.ports import NeededSecrets
from relevo_runtime.health import Health

PART = "secrets of calls"
_log = structlog.get_logger(__name__)


def missing_secrets(needed: Mapping[str, Collection[str]], given: Collection[str]) -> str:
    """What is not set, as a sentence; empty if nothing is missing."""
    lines = [
        f"{workflow} needs {', '.join(f'RELEVO_CALL_SECRET_{name}' for name in names)}"
        for workflow, wanted in sorted(needed.items())
        if (names := sorted(set(wanted) - set(given)))
    ]
    return "; ".join(lines) and f"not set: {'; '.join(lines)}; calls with them fail"


def watch_secrets(
    needed: NeededSecrets, health: Health, given: Collection[str]
) -> Callable[[datetime], Awaitable[datetime | None]]:
    """A turn of a loop that tells in /readyz, and once in the log, what is not set.

    It is told without being bad: all other messages and calls go out as ever.
    """
    reported = ""
    revision = -1

    async def run_once(_: datetime) -> datetime | None:
        nonlocal reported, revision
        changed = await needed.if_changed(revision)
        if changed is None:
            return None
        revision, secrets = changed
        why = missing_secrets(secrets, given)
        health.set(PART, True, why)
        if why and why != reported:
            _log.warning("secrets_not_set", reason=why)
        reported = why
        return None

    return run_once
