"""The settings of ingest, read once at the start from `RELEVO_…` variables."""

from datetime import timedelta

from pydantic import Field

from relevo_ingest.core.drafts import Limits
from relevo_ingest.core.times import Plausible
from relevo_runtime.settings import RuntimeSettings


class IngestSettings(RuntimeSettings):
    """What ingest needs beyond the runtime's settings."""

    ingest_host: str = Field(default="127.0.0.1", description="address that ingest listens on")
    ingest_port: int = Field(default=8080, ge=0, le=65535, description="port that ingest listens on; 0: any free one")
    ingest_budget: float = Field(
        default=4.0,
        gt=0,
        le=60,
        description="seconds of wall-clock time for storing a webhook; after that 503 (Shopify gives up after 5 s)",
    )
    ingest_body_limit: int = Field(
        default=2 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="largest accepted request body in bytes"
    )
    ingest_body_timeout: float = Field(
        default=10.0, gt=0, le=300, description="seconds of wall-clock time in which a request body must have arrived"
    )
    ingest_batch_limit: int = Field(default=1000, ge=1, le=10_000, description="most events in one CloudEvents batch")
    ingest_message_limit: int = Field(
        default=900_000,
        ge=10_000,
        description="largest message for Kafka in bytes; below the broker's message.max.bytes (1 MB by default)",
    )
    ingest_retry_after: int = Field(
        default=5, ge=1, le=3600, description="seconds that a sender is told to wait after a 503"
    )
    ingest_most_waiting: int = Field(
        default=2000, ge=1, le=100_000, description="most requests that wait for Kafka at once; the next one gets 503"
    )
    ingest_rate: float = Field(
        default=2000.0,
        ge=0,
        le=1_000_000,
        description="requests (and events of a batch) a second that each process takes from one shop; 0: no limit",
    )
    ingest_burst: int = Field(
        default=20_000, ge=1, le=10_000_000, description="how many of them a shop may send at once before that holds"
    )
    ingest_storefront_rate: float = Field(
        default=500.0,
        ge=0,
        le=1_000_000,
        description="events a second that each process takes from the browsers of one shop; 0: no limit",
    )
    ingest_storefront_burst: int = Field(
        default=5_000, ge=1, le=10_000_000, description="how many of them may come at once before that holds"
    )
    ingest_visitor_rate: float = Field(
        default=2.0,
        ge=0,
        le=1_000_000,
        description="requests a second that each process takes from one visitor's address; 0: no limit",
    )
    ingest_visitor_burst: int = Field(
        default=120, ge=1, le=1_000_000, description="how many of them may come at once before that holds"
    )
    ingest_client_header: str = Field(
        default="",
        description="header in which the proxy before ingest tells the visitor's address, such as x-forwarded-for"
        " (its last entry counts); empty: the address that connects",
    )
    ingest_visit_links: timedelta = Field(
        default=timedelta(days=30), description="how long a link in a mail tells who opens it in the shop"
    )
    ingest_erasing_after: timedelta = Field(
        default=timedelta(hours=24),
        ge=timedelta(0),
        description="clock time that a webhook's request for erasure waits, and can be taken back; 0: none",
    )
    ingest_clock_skew: timedelta = Field(
        default=timedelta(minutes=5), description="how far in the future an event's time may lie"
    )
    ingest_oldest: timedelta = Field(
        default=timedelta(days=7),
        description="how old an event may be by its own account, unless it is marked as historical",
    )
    ingest_shops_interval: float = Field(
        default=1.0, ge=0.05, le=60, description="seconds of wall-clock time between two looks for changed shops"
    )
    ingest_shops_forced: float = Field(
        default=0.05, ge=0.01, le=60, description="least seconds between two looks that refusals cause"
    )
    ingest_state_days: int = Field(
        default=180,
        ge=7,
        le=3650,
        description="days after which the last state of an untouched order is forgotten",
    )
    ingest_poll_interval: timedelta = Field(
        default=timedelta(seconds=60),
        gt=timedelta(0),
        description="wall-clock time between two times that a shop without webhooks is asked what changed",
    )
    ingest_poll_longest_pause: timedelta = Field(
        default=timedelta(minutes=15),
        gt=timedelta(0),
        description="longest wall-clock time that a shop which can't be asked is left alone",
    )
    ingest_poll_overlap: timedelta = Field(
        default=timedelta(minutes=2),
        ge=timedelta(0),
        le=timedelta(days=1),
        description="how much of what was read is read again each time, for what a shop stored late",
    )
    ingest_poll_lease: timedelta = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=3),
        description="wall-clock time after which another process asks a shop in place of one that is gone",
    )
    ingest_poll_shops: int = Field(default=8, ge=1, le=200, description="most shops that a process asks at once")
    ingest_public_keys: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="where the public keys of platforms that sign with a private one are fetched from, in place of the"
        " platform's own host: a mirror that has the same paths, which you must trust as you trust the platform",
    )
    ingest_api_rate: float = Field(
        default=4.0, ge=0, le=1000, description="requests a second to the API of one shop; 0: no limit"
    )
    ingest_api_timeout: float = Field(
        default=30.0, gt=0, le=600, description="seconds of wall-clock time for one answer of a shop's API"
    )
    ingest_pool: int = Field(default=4, ge=1, le=50, description="most connections to PostgreSQL")

    def limits(self) -> Limits:
        """How far senders are believed, for the core."""
        return Limits(Plausible(self.ingest_clock_skew, self.ingest_oldest), self.ingest_message_limit)
