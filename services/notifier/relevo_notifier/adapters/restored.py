"""What a restored database is told of what happened after the moment that was restored. No notifier runs meanwhile."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from relevo_contracts.messages import CallAnswered, DeliveryOutcome, SendDelivery
from relevo_notifier.core.restored import call_state, code_of
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "restored.sql")
_encode = msgspec.json.Encoder().encode


async def settle(connection: Connection, outcomes: Sequence[DeliveryOutcome]) -> None:
    """These deliveries have ended: none of them is sent again."""
    await connection.execute(
        STATEMENTS["settle"],
        [one.shop for one in outcomes],
        [one.delivery_id for one in outcomes],
        [one.key for one in outcomes],
        [one.channel for one in outcomes],
        [one.status for one in outcomes],
        [int(one.status != "skipped") for one in outcomes],
        [one.at for one in outcomes],
        [one.detail.get("provider_id", "") for one in outcomes],
        [one.reason for one in outcomes],
    )


async def doubt(connection: Connection, deliveries: Sequence[SendDelivery], now: datetime) -> None:
    """These deliveries were with a notifier when it ended: their purpose decides."""
    await connection.execute(
        STATEMENTS["doubt"],
        [one.shop for one in deliveries],
        [one.id for one in deliveries],
        [one.key for one in deliveries],
        [one.channel for one in deliveries],
        [one.purpose for one in deliveries],
        [one.decided_at for one in deliveries],
        [_encode(one) for one in deliveries],
        [one.hops for one in deliveries],
        [one.to == "staff" for one in deliveries],
        now,
    )


async def settle_calls(connection: Connection, answers: Sequence[CallAnswered]) -> None:
    """These calls were answered: none of them is made again, and the codes that were handed out are taken."""
    await connection.execute(
        STATEMENTS["settle_calls"],
        [one.shop for one in answers],
        [one.call_id for one in answers],
        [one.key for one in answers],
        [call_state(one) for one in answers],
        [0] * len(answers),
        [one.at for one in answers],
        [one.status for one in answers],
        [one.error for one in answers],
    )
    taken = [(one, code) for one in answers if (code := code_of(one)) is not None]
    await connection.execute(
        STATEMENTS["take_codes"],
        [one.shop for one, _ in taken],
        [one.call_id for one, _ in taken],
        [code for _, code in taken],
        [one.at for one, _ in taken],
    )


async def report_anew(connection: Connection, outcomes: Sequence[DeliveryOutcome], now: datetime) -> None:
    """The outcomes of these deliveries are reported once more, as soon as a notifier runs."""
    await connection.execute(
        STATEMENTS["report_anew"],
        [one.shop for one in outcomes],
        [one.delivery_id for one in outcomes],
        [_encode(one) for one in outcomes],
        now,
    )
