"""A file that tells a shop's past: its things become historical events, batch by batch, and it goes on where it was.

A batch is published first, then what was rejected is written, then the progress is kept. Whatever stops it between two
of these, the batch comes again with the same ids.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct, structs

from relevo_ingest.app.event_store import find_keys, publish, within_budget
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core.aliases import Subject
from relevo_ingest.core.drafts import Arrival, Draft, Finished, finish
from relevo_ingest.core.errors import Busy, InvalidPayload
from relevo_ingest.core.imports.drafting import SOURCE, Drafter, Problem, Unusable
from relevo_ingest.core.imports.grouping import Unit
from relevo_ingest.core.imports.records import Broken
from relevo_ingest.core.imports.rejecting import Rejected, rejected, summarised

BATCH = 2_000
"""Records whose events are published together."""
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds of wall-clock time between tries while Kafka or the database is away; then it is told."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far an import has come: all things that begin on `line` or before are done."""

    line: int = 0
    records: int = 0
    imported: int = 0
    events: int = 0
    rejected_bytes: int = 0
    reasons: dict[str, int] = {}

    @property
    def rejected(self) -> int:
        """How many records were not taken."""
        return self.records - self.imported


class Keeper(Protocol):
    """Keeps what an import has done."""

    def reject(self, found: Sequence[Rejected]) -> int:
        """Writes records that were not taken; returns how long their file is now."""
        ...

    async def save(self, progress: Progress) -> None:
        """Keeps how far it has come. Raises what says that the import has to stop."""
        ...


class Batch:
    """What was read of a batch: its drafts, and what can't be taken."""

    def __init__(self) -> None:
        self.drafts: list[tuple[Unit, list[Draft]]] = []
        self.rejected: list[Rejected] = []
        self.records = 0
        self.line = 0

    def read(self, unit: Unit | Broken, drafter: Drafter) -> None:
        """Adds a thing of the file."""
        self.line = unit.line
        self.records += len(unit.records) if isinstance(unit, Unit) else 1
        if isinstance(unit, Broken):
            self.rejected += rejected(unit)
            return
        try:
            self.drafts.append((unit, drafter.drafts(unit)))
        except Unusable as error:
            self.rejected += rejected(unit, error.problems)

    def finished(self, keys: dict[Subject, str], arrival: Arrival, deps: IngestDependencies) -> list[Finished]:
        """Its events; what is too large for Kafka is rejected."""
        events: list[Finished] = []
        for unit, drafts in list(self.drafts):
            try:
                events += finish(drafts, keys, arrival, deps.limits)
            except InvalidPayload as error:
                self.drafts.remove((unit, drafts))  # it may be asked again
                self.rejected += rejected(unit, [Problem(unit.line, "", error.problem)])
        return events

    def after(self, before: Progress, events: int) -> Progress:
        """The progress with this batch."""
        return structs.replace(
            before,
            line=self.line,
            records=before.records + self.records,
            imported=before.imported + self.records - len(self.rejected),
            events=before.events + events,
            reasons=summarised(before.reasons, self.rejected),
        )


async def import_file(
    deps: IngestDependencies | None,
    shop: str,
    units: Iterable[Unit | Broken],
    drafter: Drafter,
    keeper: Keeper,
    *,
    before: Progress,
    clock: Callable[[], datetime],
    size: int = BATCH,
) -> Progress:
    """Imports what comes after `before`, `size` records at a time; returns how far it came.

    Without `deps` nothing is stored: a dry run.

    Raises `Busy` if Kafka or the database is away for long; what was kept until then is not read again.
    """
    progress, batch = before, Batch()

    async def store() -> Progress:
        arrival = Arrival(shop=shop, id="", source=SOURCE, received=clock())
        return await _kept(batch, await _events(deps, batch, arrival), keeper, progress)

    for unit in units:
        if unit.line <= before.line:
            continue
        batch.read(unit, drafter)
        if batch.records >= size:
            progress, batch = await store(), Batch()
            await asyncio.sleep(0)  # Ctrl-C is heard here at the latest
    return await store() if batch.records else progress


async def _events(deps: IngestDependencies | None, batch: Batch, arrival: Arrival) -> int:
    """How many events were published, or would be."""
    if deps is None:
        return sum(len(drafts) for _, drafts in batch.drafts)
    return await _patiently(lambda: _publish(deps, batch, arrival)) if batch.drafts else 0


async def _kept(batch: Batch, events: int, keeper: Keeper, before: Progress) -> Progress:
    progress = batch.after(before, events)
    progress = structs.replace(progress, rejected_bytes=keeper.reject(sorted(batch.rejected, key=_by_line)))
    await keeper.save(progress)
    return progress


def _by_line(one: Rejected) -> int:
    return one.line


async def _publish(deps: IngestDependencies, batch: Batch, arrival: Arrival) -> int:
    async with within_budget(deps.budget):
        subjects = [draft.subject for _, drafts in batch.drafts for draft in drafts]
        keys = await find_keys(deps, arrival.shop, subjects)
        finished = batch.finished(keys, arrival, deps)
        await publish(deps, finished)
    return len(finished)


async def _patiently(work: Callable[[], Awaitable[int]]) -> int:
    for pause in _PAUSES:
        try:
            return await work()
        except Busy:
            await asyncio.sleep(pause)
    return await work()
