"""What the tables of deliveries and of calls do alike: the life of a row from its claim to its report."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Generic

import msgspec

from relevo_notifier.core.work import C, Due, W
from relevo_runtime.errors import described
from relevo_runtime.postgres import Pool, Statements
from relevo_runtime.storable import storable_text


class WorkTable(Generic[C, W]):
    """Set-based access to a table of work; each method is one statement, and says what it commits.

    `statements` has `claim_due`, `mark_unreadable` and `release`.
    """

    def __init__(self, pool: Pool, statements: Statements, command: type[C]) -> None:
        self._pool = pool
        self._statements = statements
        self._decode = msgspec.json.Decoder(command).decode

    @abstractmethod
    def _claimed(self, command: C, row: Any, lease: datetime) -> W:
        """The work of a claimed row."""

    async def _claim(self, lease: datetime, *arguments: object) -> Due[W]:
        """Claim what is due, until `lease`."""
        return self._read(await self._pool.fetch(self._statements["claim_due"], *arguments), lease)

    def _read(self, rows: Iterable[Any], lease: datetime) -> Due[W]:
        """What was claimed until `lease`. A row that nobody can read costs itself only."""
        due: Due[W] = Due([], [], [])
        for row in rows:
            if row["outcome"] is not None:
                due.unreported.append((row["shop"], row["id"], row["outcome"]))
                continue
            try:
                command = self._decode(row["body"])
            except Exception as error:  # noqa: BLE001 - kept by another release: it must not keep the others
                due.unreadable.append((row["shop"], row["id"], storable_text(described(error))))
                continue
            work = self._claimed(command, row, lease)
            (due.doubtful if work.doubtful else due.queued).append(work)
        return due

    async def mark_unreadable(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """Commit that these (shop, id, why) are over, since nobody can read them."""
        if unreadable:
            columns = (list(column) for column in zip(*unreadable, strict=True))
            await self._pool.execute(self._statements["mark_unreadable"], *columns)

    async def release(self, works: Sequence[W], now: datetime) -> None:
        """Give back queued work that was held."""
        await self._pool.execute(self._statements["release"], *held(works), now)


def newest(works: Sequence[W]) -> list[W]:
    """Each row once, as it came last: under another lease the same row is not the caller's any more."""
    return list({work.ref: work for work in works}.values())


def held(works: Sequence[W]) -> tuple[list[str], list[str], list[datetime]]:
    """Their shops, their ids, and the ends of the leases under which they are held."""
    return [w.ref[0] for w in works], [w.ref[1] for w in works], [w.lease for w in works]


def refs_of(refs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Their shops and their ids."""
    return [shop for shop, _ in refs], [id_ for _, id_ in refs]
