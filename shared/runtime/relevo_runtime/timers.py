"""Durable timers: the one way to the table `scheduler.timer`.

Every function works inside the caller's transaction, so that a run and its timers never disagree. A timer that was
claimed stays in the table until it is consumed by `consume_timers`, so a wake-up that is lost on its way comes back
when its lease ends.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from relevo_contracts.messages import WakeUp
from relevo_runtime.outgoing import Claim, Timer
from relevo_runtime.postgres import Connection, Part, Statements, text_array

ARMED = "relevo_timer_armed"
"""The notification channel on which `announce` says that a timer was armed."""

STATEMENTS = Statements.load("relevo_runtime", "timers.sql")


async def set_timers(connection: Connection, timers: Sequence[Timer]) -> None:
    """Arm `timers`; one that is armed already is moved, and of two with the same id the last one counts.

    Where the same transaction cancels and arms an id, cancel first.
    """
    unique = {(timer.shop, timer.timer_id): timer for timer in timers}.values()
    if unique:
        part = arming(unique)
        await connection.execute(part.sql, *part.parameters)


def arming(timers: Collection[Timer]) -> Part:
    """As `set_timers`, for timers with different ids; to be executed with others."""
    return Part(STATEMENTS["set_timers"], _columns(timers))


def disarming(ids: Collection[tuple[str, str]], fired: Collection[WakeUp]) -> Part:
    """As `cancel_timers` for `ids` and `consume_timers` for `fired`, to be executed with others.

    None of them may be armed by the same statement, so what is armed anew needs no consuming.
    """
    return Part(
        STATEMENTS["disarm_timers"],
        (
            [*(shop for shop, _ in ids), *(wakeup.shop for wakeup in fired)],
            [*(timer for _, timer in ids), *(wakeup.timer_id for wakeup in fired)],
            [*(None for _ in ids), *(wakeup.due_at for wakeup in fired)],
            [*(None for _ in ids), *(wakeup.turn for wakeup in fired)],
        ),
    )


def _columns(timers: Collection[Timer]) -> tuple[object, ...]:
    return (
        text_array([timer.shop for timer in timers]),
        text_array([timer.timer_id for timer in timers]),
        text_array([timer.key for timer in timers]),
        text_array([timer.run_id for timer in timers]),
        [timer.turn for timer in timers],
        text_array([timer.name for timer in timers]),
        [timer.due_at for timer in timers],
    )


async def arm_missing(connection: Connection, timers: Sequence[Timer]) -> None:
    """Arm those of `timers` that are not armed; one that is armed stays as it is."""
    if timers:
        await connection.execute(STATEMENTS["arm_missing"], *_columns(timers))


async def rekey_timers(connection: Connection, keys: Mapping[tuple[str, str], str]) -> None:
    """The timers `(shop, timer_id)` wake these keys from now on; what is not armed is not an error."""
    if keys:
        columns = [shop for shop, _ in keys], [timer for _, timer in keys], list(keys.values())
        await connection.execute(STATEMENTS["rekey_timers"], *columns)


async def cancel_timers(connection: Connection, ids: Sequence[tuple[str, str]]) -> None:
    """Disarm the timers `(shop, timer_id)`; what is not armed is not an error."""
    if ids:
        await connection.execute(STATEMENTS["cancel_timers"], [shop for shop, _ in ids], [timer for _, timer in ids])


async def consume_timers(connection: Connection, fired: Sequence[WakeUp]) -> None:
    """These wake-ups were handled: their timers don't come back.

    A timer that was armed anew meanwhile, for another instant or in another turn, stays. Consume before arming in the
    same transaction.
    """
    if fired:
        await connection.execute(
            STATEMENTS["consume_timers"],
            [wakeup.shop for wakeup in fired],
            [wakeup.timer_id for wakeup in fired],
            [wakeup.due_at for wakeup in fired],
            [wakeup.turn for wakeup in fired],
        )


async def claim_due(connection: Connection, now: datetime, lease_until: datetime, limit: int) -> Claim:
    """Up to `limit` timers that are due at `now`; nobody else gets them before `lease_until`.

    One that was claimed before stays away for longer, each time twice as long, up to 64 times.
    """
    rows = await connection.fetch(STATEMENTS["claim_due"], now, lease_until, limit)
    timers = [Timer(*values) for _, *values in rows if values[0] is not None]
    return Claim(sorted(timers, key=lambda timer: timer.due_at), rows[0][0])


async def unclaim(connection: Connection, claimed: Sequence[Timer], back_at: datetime) -> None:
    """What `claim_due` gave was not published after all: the claim does not count, and it ends at `back_at`."""
    if claimed:
        await connection.execute(
            STATEMENTS["unclaim"],
            [timer.shop for timer in claimed],
            [timer.timer_id for timer in claimed],
            [timer.due_at for timer in claimed],
            [timer.attempts for timer in claimed],
            back_at,
        )


async def announce(connection: Connection, due_at: datetime) -> None:
    """Tell waiting schedulers that a timer was armed for `due_at`.

    At most once a batch and outside of its transaction: a notification inside takes a lock that all writers share.
    """
    await connection.execute(STATEMENTS["announce"], due_at.isoformat())
