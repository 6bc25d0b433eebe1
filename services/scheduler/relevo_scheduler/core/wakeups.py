"""What a due timer becomes on `relevo.wakeups`."""

from collections.abc import Sequence

import msgspec

from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import WakeUp, wake_up_id
from relevo_runtime.outgoing import Timer

_ENCODER = msgspec.json.Encoder()


def wake_up(timer: Timer, traceparent: str = "") -> WakeUp:
    """The wake-up of a timer, in the trace of `traceparent`. The same timer published twice is one wake-up."""
    return WakeUp(
        id=wake_up_id(timer.timer_id, timer.due_at, timer.turn),
        shop=timer.shop,
        key=timer.key,
        timer_id=timer.timer_id,
        due_at=timer.due_at,
        run_id=timer.run_id,
        turn=timer.turn,
        name=timer.name,
        traceparent=traceparent,
    )


def wake_up_messages(timers: Sequence[Timer], traceparent: str = "") -> list[tuple[bytes, bytes]]:
    """Keyed Kafka messages, earliest due time first, so that one key's wake-ups are in the order of their times."""
    ordered = sorted(timers, key=lambda timer: timer.due_at)
    return [(partition_key(one.shop, one.key), _ENCODER.encode(wake_up(one, traceparent))) for one in ordered]
