"""The last known state of entities, in the table `ingest.known_state`: one statement for all who wait."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from relevo_ingest.app.ports import Outcome
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.states import Entity, State, StateQuery, StateView
from relevo_runtime.clock import Clock
from relevo_runtime.coalescing import Coalescer
from relevo_runtime.postgres import Pool, Statements, temporary

STATEMENTS = Statements.load("relevo_ingest.adapters", "states.sql")
RETENTION = Statements.load("relevo_ingest.adapters", "states_retention.sql")
_MOST_AT_ONCE = 500


class KnownStates:
    """Keeps and tells states. Messages that wait at the same time share one round trip to the database."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._rounds = Coalescer(self._observe, is_shared=temporary, select=_without_conflicts)

    async def observe(self, questions: Sequence[StateQuery]) -> list[StateView]:
        """A view of each entity of one message. What it tells is kept when this returns.

        Raises `Busy` if the database can't be asked now; the same delivery may ask again and gets the same answer.
        """
        (found,) = await self.observe_each([questions])
        if isinstance(found, Exception):
            raise found
        return found

    async def observe_each(self, messages: Sequence[Sequence[StateQuery]]) -> list[Outcome[list[StateView]]]:
        """What `observe` would return or raise for each of the messages."""
        found = await self._rounds.call_each(messages)
        return [_as_answered(one) if isinstance(one, Exception) else one for one in found]

    async def _observe(self, messages: Sequence[Sequence[StateQuery]]) -> list[list[StateView]]:
        found = iter(await self._ask([question for questions in messages for question in questions]))
        return [list(islice(found, len(questions))) for questions in messages]

    async def _ask(self, questions: Sequence[StateQuery]) -> list[StateView]:
        if not questions:
            return []
        columns = [list(column) for column in zip(*(_row(n, one) for n, one in enumerate(questions)), strict=True)]
        rows = await self._pool.fetch(STATEMENTS["observe"], *columns, self._clock.now())
        found = {row["n"]: _view(questions[row["n"]], row["state"], row["told"]) for row in rows}
        return [found[n] for n in range(len(questions))]


def _as_answered(error: Exception) -> Exception:
    """What is said of an error: `Busy` if trying again helps."""
    return Busy.after(error, f"the database can't be asked now: {error!r}") if temporary(error) else error


def _without_conflicts(waiting: Sequence[Sequence[StateQuery]]) -> list[int]:
    """The next round, in order of arrival: no two messages in it tell of the same entity."""
    chosen: list[int] = []
    observed: set[tuple[str, Entity]] = set()
    for n, questions in enumerate(waiting):
        if len(chosen) == _MOST_AT_ONCE:
            break
        if not observed & {(one.shop, one.entity) for one in questions}:
            chosen.append(n)
        # Whoever asks of an entity that an earlier message tells of must see what that one kept.
        observed |= {(one.shop, one.entity) for one in questions if one.state is not None}
    return chosen


def _row(n: int, asked: StateQuery) -> tuple[Any, ...]:
    state = None if asked.state is None else msgspec.json.encode(asked.state)
    return n, asked.shop, asked.entity.kind, asked.entity.id, asked.delivery, asked.at, state


def _view(asked: StateQuery, now: State | None, observed: State | None) -> StateView:
    if asked.state is None or observed is None:  # it only looks, or it is older than what is known
        return StateView(before=now, now=now or {})
    return StateView(before=observed["before"], now=now or {}, fresh=True)
