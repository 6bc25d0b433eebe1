"""The scheduler's settings, read once at the start from `RELEVO_…` variables."""

from pydantic import Field

from relevo_runtime.settings import RuntimeSettings


class SchedulerSettings(RuntimeSettings):
    """What the scheduler needs beyond the runtime's settings. Durations are seconds of wall-clock time."""

    scheduler_batch: int = Field(
        default=1000, ge=1, le=10_000, description="Most timers or outbox rows claimed in one transaction."
    )
    scheduler_lease: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="Seconds for which a published timer is left to the engine before it is published again; each"
        " further time twice as long, up to 64 times.",
    )
    scheduler_longest_sleep: float = Field(
        default=1.0,
        gt=0,
        le=3600,
        description="Longest time in seconds between two looks for due timers, if no notification comes.",
    )
    scheduler_rescue_after: float = Field(
        default=5.0,
        gt=0,
        le=3600,
        description="Age in seconds at which an outbox row counts as left behind by a dead engine.",
    )
    scheduler_rescue_pause: float = Field(
        default=2.0, gt=0, le=3600, description="Seconds between two looks for outbox rows left behind."
    )
