"""The last known state of things, in the table `ingest.known_state`: one statement for all who wait."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import msgspec

from relevo_ingest.core.errors import Busy
from relevo_ingest.core.states import Question, Sighting, State, Thing
from relevo_runtime.clock import Clock
from relevo_runtime.postgres import Pool, Statements, temporary
from relevo_runtime.supervision import contained

STATEMENTS = Statements.load("relevo_ingest.adapters", "states.sql")
RETENTION = Statements.load("relevo_ingest.adapters", "states_retention.sql")
_MOST_AT_ONCE = 500

Waiting = tuple[Sequence[Question], asyncio.Future[list[Sighting]]]


class KnownStates:
    """Keeps and tells states. Messages that wait at the same time share one round trip to the database."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._waiting: deque[Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def observe(self, questions: Sequence[Question]) -> list[Sighting]:
        """A sighting of each thing of one message. What it tells is kept when this returns.

        Raises `Busy` if the database can't be asked now; the same delivery may ask again and gets the same answer.
        """
        future: asyncio.Future[list[Sighting]] = asyncio.get_running_loop().create_future()
        self._waiting.append((questions, future))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        try:
            return await future
        except Exception as error:
            if temporary(error):
                raise Busy(f"the database can't be asked now: {error!r}") from error
            raise

    async def _work(self) -> None:
        """Serves whoever waits until nobody does. Who arrives during a statement waits for the next one."""
        try:
            while self._waiting:
                await self._serve(_take(self._waiting))
        finally:
            self._worker = None

    async def _serve(self, batch: Sequence[Waiting]) -> None:
        try:
            found = await contained(self._ask([question for questions, _ in batch for question in questions]))
        except Exception as error:  # noqa: BLE001 - handed to everyone who waits for this batch
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        place = 0
        for questions, future in batch:
            if not future.done():  # else the sender's time was up
                future.set_result(found[place : place + len(questions)])
            place += len(questions)

    async def _ask(self, questions: Sequence[Question]) -> list[Sighting]:
        if not questions:
            return []
        columns = [list(column) for column in zip(*(_row(n, one) for n, one in enumerate(questions)), strict=True)]
        rows = await self._pool.fetch(STATEMENTS["observe"], *columns, self._clock.now())
        found = {row["n"]: _sighting(questions[row["n"]], row["state"], row["told"]) for row in rows}
        return [found[n] for n in range(len(questions))]


def _take(waiting: deque[Waiting]) -> list[Waiting]:
    """The next batch, in order of arrival: no two messages in it tell of the same thing."""
    batch: list[Waiting] = []
    later: list[Waiting] = []
    told: set[tuple[str, Thing]] = set()
    while waiting and len(batch) < _MOST_AT_ONCE:
        questions, future = waiting.popleft()
        if future.done():  # gave up while it waited
            continue
        names = {(one.shop, one.thing) for one in questions}
        (later if names & told else batch).append((questions, future))
        # Whoever asks of a thing that an earlier message tells of must see what that one kept.
        told |= {(one.shop, one.thing) for one in questions if one.state is not None}
    waiting.extendleft(reversed(later))
    return batch


def _row(n: int, asked: Question) -> tuple[Any, ...]:
    state = None if asked.state is None else msgspec.json.encode(asked.state)
    return n, asked.shop, asked.thing.kind, asked.thing.id, asked.delivery, asked.at, state


def _sighting(asked: Question, now: State | None, told: State | None) -> Sighting:
    if asked.state is None or told is None:  # it only looks, or it is older than what is known
        return Sighting(before=now, now=now or {})
    return Sighting(before=told["before"], now=now or {}, fresh=True)
