"""Every metric that Relevo exports, in one place, typed and explained. A service makes one `Metrics`, passed on."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LATENESS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)


class Metrics:
    """The metrics of one service, in a registry of their own: nothing is global, so two services fit in one process."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

        # Consuming: the same for every service that reads topics.
        self.records_consumed = self._counter("records_consumed", "Records that were handled.", ("topic",))
        self.batch_seconds = self._histogram("batch_seconds", "From a batch's arrival to its end.", _SECONDS)
        self.batch_records = self._histogram("batch_records", "Records in a batch.", _SIZES)
        self.batch_retries = self._counter("batch_retries", "Batches tried again after a temporary failure.")
        self.commit_failures = self._counter("commit_failures", "Commits that a rebalance overtook; redelivered.")
        self.dead_letters = self._counter("dead_letters", "Records that could never be processed.", ("topic",))
        self.records_parked = self._counter("records_parked", "Records put aside: their shop is paused.", ("topic",))
        self.shops_paused = self._gauge("shops_paused", "Shops whose records are put aside: 0 is right.", ("consumer",))
        self.records_shredded = self._counter("records_shredded", "Records passed over: their person was erased.")
        self.assigned_partitions = self._gauge("assigned_partitions", "Partitions that this process holds now.")

        # Publishing.
        self.records_published = self._counter("records_published", "Records that Kafka acknowledged.", ("topic",))
        self.publish_failures = self._counter("publish_failures", "Publishes that Kafka did not take.", ("topic",))

        # ingest
        self.webhooks = self._counter("webhooks", "Requests taken or refused, by HTTP status.", ("shop", "status"))
        self.visits = self._counter("visits", "Requests of visitors' browsers, by HTTP status.", ("shop", "status"))
        self.unrecognised = self._counter(
            "unrecognised", "Genuine messages without an event, kept by reason.", ("shop", "topic", "reason")
        )
        self.values_left_out = self._counter(
            "values_left_out", "Values of webhooks that could not be read and were left out.", ("shop", "topic")
        )
        self._count_polling()

        # engine
        self.decisions = self._counter("decisions", "Decisions by workflow and kind.", ("workflow", "kind"))
        self.definitions_unreadable = self._gauge(
            "definitions_unreadable", "Deployed versions of workflows that this release can't read: should be 0."
        )

        # scheduler
        self.timers_published = self._counter("timers_published", "Wake-ups that were published.")
        self.timer_lateness = self._histogram(
            "timer_lateness_seconds",
            "How long after its due time a timer was first taken, in clock time.",
            _LATENESS,
        )
        self.outbox_rescued = self._counter("outbox_rescued", "Outbox rows published for an engine that died.")

        # notifier
        self.deliveries = self._counter("deliveries", "Deliveries by channel and outcome.", ("channel", "status"))
        self.circuits_opened = self._counter(
            "circuits_opened", "How often a host that failed was left alone for a while."
        )
        self.provider_feedback = self._counter(
            "provider_feedback", "What providers told of messages after they took them.", ("provider", "kind")
        )
        self.provider_seconds = self._histogram("provider_seconds", "One call of a provider.", _SECONDS, ("channel",))

        # Loops of every service.
        self.loop_seconds = self._histogram("loop_seconds", "One turn of a loop.", _SECONDS, ("loop",))
        self.loop_failures = self._counter("loop_failures", "Turns of a loop that failed.", ("loop",))

    def _count_polling(self) -> None:
        """What the poller counts, the second process of ingest."""
        self.records_polled = self._counter(
            "records_polled", "Records that a polled shop's lists gave.", ("shop", "resource")
        )
        self.poll_failures = self._counter("poll_failures", "Turns of asking a shop that failed.", ("shop",))
        self.poll_lag = self._gauge(
            "poll_lag_seconds", "Wall-clock time since everything of a polled shop was read to its end.", ("shop",)
        )

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"relevo_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(f"relevo_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float], labels: Sequence[str] = ()) -> Histogram:
        return Histogram(f"relevo_{name}", meaning, labels, buckets=tuple(buckets), registry=self.registry)
