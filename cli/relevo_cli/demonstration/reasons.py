"""Why a message was sent, in a few words, from the decisions that the engine recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_cli import database
from relevo_contracts.messages import SendDelivery
from relevo_runtime.postgres import Statements
from relevo_runtime.settings import RuntimeSettings

TIMER = "timer"
RESPONSE = "response"


STATEMENTS = Statements.load("relevo_cli.demonstration", "figures.sql")


class Condition(Struct, frozen=True, kw_only=True):
    """A condition that was looked at: where in the workflow, and what came out."""

    at: str
    expression: str
    value: object = None


class Decision(Struct, frozen=True, kw_only=True):
    """What one input (an event type, or `timer`) did to a run."""

    run_id: str
    at: datetime
    input: str
    trace: list[Condition] = []


async def decisions(settings: RuntimeSettings, deliveries: Sequence[SendDelivery]) -> list[Decision]:
    """What was decided about the runs of these deliveries, oldest first."""
    if not deliveries:
        return []
    keys, run_ids = [one.key for one in deliveries], [one.run_id for one in deliveries]
    async with database.transaction(settings) as connection:
        rows = await connection.fetch(STATEMENTS["decisions"], deliveries[0].shop, keys, run_ids)
    return [msgspec.convert(dict(row), Decision) for row in rows]


def why(delivery: SendDelivery, known: Sequence[Decision]) -> str:
    """Such as `abandoned-cart: 28 h after checkout.started, customer.orders_count == 0`.

    `known` holds the decisions of the delivery's run, oldest first; the delivery's own reason is the answer where the
    decision is not among them.
    """
    own = [one for one in known if one.run_id == delivery.run_id and one.at <= delivery.decided_at]
    here = [one for one in own if one.at == delivery.decided_at]
    events = [one for one in own if one.input not in (TIMER, RESPONSE)]
    if not here or not events:
        return delivery.reason
    # What a call answers goes on with what was decided when it was made.
    decided = [one for one in own if one.input != RESPONSE][-1] if here[-1].input == RESPONSE else here[-1]
    conditions = [one.expression for one in decided.trace if one.value is True and one.at.startswith("branch")]
    cause = decided.input
    if cause == TIMER:
        cause = f"{span(delivery.decided_at - events[-1].at)} after {events[-1].input}"
    return ", ".join([f"{delivery.workflow}: {cause}", *conditions])


def span(length: timedelta) -> str:
    """`28 h`, `1 h 30 min`."""
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    return (
        " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)
        or "0 min"
    )
