"""An import that is stopped after any batch goes on: every thing is read whole, and every rejected row told once."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from relevo_ingest.app.import_file import Progress, import_file
from relevo_ingest.core.drafts import Draft
from relevo_ingest.core.imports.drafting import Drafter
from relevo_ingest.core.imports.grouping import Unit
from relevo_ingest.core.imports.rejecting import Rejected
from tests.ingest.imports.reading import NOW, open_file

ROWS = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["1", "2", "many"])), min_size=1, max_size=25)


class StoppedError(Exception):
    """The process is gone."""


class Keeper:
    """Keeps what is saved; the process dies before or after one of the saves."""

    def __init__(self, dies_at: int, *, after: bool) -> None:
        self.saved = Progress()
        self.rejected: list[Rejected] = []
        self._written: list[Rejected] = []
        self._left = dies_at
        self._after = after

    def reject(self, found: Sequence[Rejected]) -> int:
        self._written = [*self.rejected, *found]
        return len(self._written)

    async def save(self, progress: Progress) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise StoppedError
        self.saved, self.rejected = progress, self._written
        if self._left == 0:
            raise StoppedError


class Recording(Drafter):
    """Remembers the drafts."""

    made: list[Draft]

    def drafts(self, unit: Unit) -> list[Draft]:
        found = super().drafts(unit)
        self.made += found
        return found


async def _imported(content: bytes, keeper: Keeper, size: int, made: list[Draft]) -> None:
    units, drafter = open_file(content, "orders", Recording)
    drafter.made = made
    await import_file(None, "tea", units, drafter, keeper, before=keeper.saved, clock=lambda: NOW, size=size)


@given(ROWS, st.integers(1, 8), st.integers(1, 5), st.booleans())
async def test_wherever_it_stops_nothing_is_lost_or_told_twice(
    rows: list[tuple[int, str]], dies_at: int, size: int, after: bool
) -> None:
    lines = "".join(f"{order},2026-01-01,Line {n},{quantity}\n" for n, (order, quantity) in enumerate(rows))
    content = f"order_id,placed_at,title,quantity\n{lines}".encode()
    keeper, made = Keeper(dies_at, after=after), list[Draft]()
    try:
        await _imported(content, keeper, size, made)
    except StoppedError:
        await _imported(content, keeper, size, made)
    whole: list[Draft] = []
    undisturbed = Keeper(0, after=True)
    await _imported(content, undisturbed, 1000, whole)
    assert {one.id for one in made} == {one.id for one in whole}
    assert sorted(one.line for one in keeper.rejected) == sorted(one.line for one in undisturbed.rejected)
    assert (keeper.saved.records, keeper.saved.imported) == (len(rows), undisturbed.saved.imported)
    assert keeper.saved.reasons == undisturbed.saved.reasons
