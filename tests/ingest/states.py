"""Known states in memory, for tests of rules: `test_states.py` holds it and the database to the same behaviour."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from relevo_ingest.core.states import Entity, State, StateQuery, StateView

_REMEMBERED = 8


class MemoryStates:
    """What `adapters.states.KnownStates` does, in a dictionary."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Entity], tuple[State, datetime, list[tuple[str, State | None]]]] = {}

    async def observe(self, questions: Sequence[StateQuery]) -> list[StateView]:
        return self.views(questions)

    def views(self, questions: Sequence[StateQuery]) -> list[StateView]:
        return [self._one(asked) for asked in questions]

    def _one(self, asked: StateQuery) -> StateView:
        place = (asked.shop, asked.entity)
        known = self._known.get(place)
        if asked.state is None:
            state: State | None = known[0] if known else None
            return StateView(before=state, now=state or {})
        assert asked.at is not None
        if known is None:
            self._known[place] = (asked.state, asked.at, [(asked.delivery, None)])
            return StateView(before=None, now=asked.state, fresh=True)
        state, at, deliveries = known
        for delivery, before in deliveries:
            if delivery == asked.delivery:
                return StateView(before=before, now=state, fresh=True)
        if asked.at < at:
            merged: dict[str, Any] = {**asked.state, **state}
            self._known[place] = (merged, at, deliveries)
            return StateView(before=merged, now=merged)
        now = {**state, **asked.state}
        self._known[place] = (now, asked.at, [(asked.delivery, state), *deliveries][:_REMEMBERED])
        return StateView(before=state, now=now, fresh=True)
