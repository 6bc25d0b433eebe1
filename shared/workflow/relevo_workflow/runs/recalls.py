"""Messages of a run that ends before its time: what still waits (caps, quiet hours, limits) is not to go out any more.

A run knows nothing of what becomes of its messages; it keeps which of them may still wait, by how long each is good.
Transactional ones are never recalled: what they say stays true.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from relevo_workflow.model.effects import Effect, Recall, Send
from relevo_workflow.model.state import Run


def with_messages(run: Run, effects: Iterable[Effect]) -> Mapping[str, datetime]:
    """What can be recalled of a run when it has asked for these too, without what is too late to be sent by then."""
    known: Mapping[str, datetime] = run.recallable
    for one in effects:
        if isinstance(one, Send) and one.purpose != "transactional":
            open_yet = {name: until for name, until in known.items() if until >= one.decided_at}
            known = {**open_yet, one.id.removeprefix(f"{run.id}/"): one.not_after}
    return known


def recall(run: Run, at: datetime, reason: str) -> tuple[Effect, ...]:
    """What recalls the messages of a run that ends at `at`; nothing where none of them can wait any more."""
    waiting = tuple(f"{run.id}/{name}" for name, until in run.recallable.items() if until >= at)
    # No step is called `@recall`: the key is nobody else's.
    return (Recall(id=f"{run.id}/@recall/{run.turn}", deliveries=waiting, reason=reason),) if waiting else ()
