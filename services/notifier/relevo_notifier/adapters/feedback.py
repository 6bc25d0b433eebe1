"""The table `notifier.feedback`, and what follows from what is told for addresses."""

from collections.abc import Sequence
from datetime import datetime

from relevo_notifier.core.feedback import LONGEST_REASON, Concerned, Feedback
from relevo_runtime.postgres import Pool, Statements
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "feedback.sql")


class FeedbackTable:
    """The port `FeedbackStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, provider: str, feedback: Sequence[Feedback], now: datetime) -> list[Concerned]:
        """Commit what is about messages that `provider` was given, in one statement."""
        rows = await self._pool.fetch(
            STATEMENTS["take"],
            provider,
            now,
            [bytes.fromhex(one.reference) for one in feedback],
            [storable_text(one.event_id)[:300] for one in feedback],
            [one.kind for one in feedback],
            [one.at for one in feedback],
            [storable_text(one.address) for one in feedback],
            [one.permanent for one in feedback],
            [one.suppress for one in feedback],
            [storable_text(one.status)[:100] for one in feedback],
            [storable_text(one.reason)[:LONGEST_REASON] for one in feedback],
        )
        return [
            Concerned(
                feedback=feedback[row["number"] - 1],
                shop=row["shop"],
                delivery_id=row["id"],
                key=row["key"],
                channel=row["channel"],
                accepted_at=row["accepted_at"],
                hops=row["hops"],
            )
            for row in rows
        ]
