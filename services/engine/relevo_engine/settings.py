"""The engine's settings, read once at the start from `RELEVO_…` variables."""

from pydantic import Field

from relevo_runtime.settings import RuntimeSettings


class EngineSettings(RuntimeSettings):
    """What the engine needs beyond the runtime's settings."""

    engine_consumers: int = Field(
        default=1,
        ge=1,
        le=32,
        description="Members of the consumer group in this process. One decides while PostgreSQL writes already; more"
        " of them fetch more often.",
    )
    engine_batch: int = Field(
        default=1000, ge=1, le=10_000, description="Most messages that are decided in one transaction."
    )
    engine_http_host: str = Field(default="127.0.0.1", description="Where the tasks of the staff are served over HTTP.")
    engine_http_port: int = Field(default=0, ge=0, le=65535, description="Their port; 0 turns it off.")
    engine_task_url: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description="Where the staff sees a task, for the links in what it hears:"
        " `https://ops.example.com/tasks/{shop}/{id}`. Empty: no links.",
    )
    engine_decision_days: int = Field(
        default=30, ge=1, le=3650, description="How many days decisions are kept for `relevo explain`."
    )
    engine_run_days: int = Field(
        default=90, ge=7, le=3650, description="How many days ended runs and closed tasks are kept."
    )
