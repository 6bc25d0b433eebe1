"""The scheduler's settings, read once at the start from `RELEVO_…` variables."""

from datetime import timedelta

from pydantic import Field

from relevo_runtime.settings import RuntimeSettings


class SchedulerSettings(RuntimeSettings):
    """What the scheduler needs beyond the runtime's settings. Durations are wall-clock time."""

    scheduler_batch: int = Field(
        default=1000, ge=1, le=10_000, description="most timers or outbox rows claimed in one transaction"
    )
    scheduler_lease: timedelta = Field(
        default=timedelta(seconds=30),
        description="how long a published timer is left to the engine before it is published again",
    )
    scheduler_longest_sleep: timedelta = Field(
        default=timedelta(seconds=1),
        description="longest time between two looks for due timers, if no notification comes",
    )
    scheduler_rescue_after: timedelta = Field(
        default=timedelta(seconds=5),
        description="age at which an outbox row counts as left behind by a dead engine",
    )
    scheduler_rescue_pause: timedelta = Field(
        default=timedelta(seconds=2), description="time between two looks for outbox rows left behind"
    )
