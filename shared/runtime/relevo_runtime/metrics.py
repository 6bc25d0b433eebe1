"""Every metric that Relevo exports, declared once; docs/metrics.md lists them. A service makes one, passed on."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from relevo_runtime.metric_types import (
    Label,
    counter,
    counters,
    declared,
    gauge,
    gauges,
    histogram,
    histograms,
)

__all__ = ["Counter", "Gauge", "Histogram", "Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LATENESS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_WAITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)

_KAFKA_TOPIC = Label("topic", "A Kafka topic of Relevo.", values=20)
_CONSUMER = Label("consumer", "What reads topics: `engine`, `notifier`, `notifier-calls` …", values=20)
_LOOP = Label("loop", "What a service does again and again.", values=50)
_CHANNEL = Label("channel", "`email`, `sms`, `push` …; `http` for calls of other systems.", values=20)
_STATUS = Label("status", "The HTTP status of the answer.", values=50)
_OUTCOME = Label("status", "`sent` or `answered`, `failed`, `skipped`, `in_doubt`.", values=5)
_REASON = Label("reason", "Why: one of a few words.", values=10)
_HIT = Label("kind", "`opened`, `clicked`, `scanned`.", values=10)
_RESULT = Label("result", "`taken`, `empty`, `made`, `refused`.", values=4)
_RESULT_OF_REPORT = Label("result", "`sent`, `left_out`.", values=2)
_DECISION = Label("kind", "What was decided of a run: `started`, `advanced`, `ended` …", values=8)
_FEEDBACK = Label("kind", "What a provider told: `delivered`, `bounced` …", values=20)
_SHOP = Label("shop", "The shop; `unknown` if nobody knows it.")
_WORKFLOW = Label("workflow", "The workflow's name.")
_PROVIDER = Label("provider", "The provider, or the queue of a shop that sends by its own.")
_PLATFORM_TOPIC = Label("topic", "The topic of a webhook, as the shop's platform names it.")
_RESOURCE = Label("resource", "A list of the shop's platform that is polled.")
_KEYWORD = Label("keyword", "`stop`, `start`, `help` …, or `message`.", values=20)


class Metrics:
    """The metrics of one service, in a registry of their own: nothing is global, so two services fit in one process."""

    # Consuming: the same for every service that reads topics.
    records_consumed = counters("records", "Records that were handled.", _KAFKA_TOPIC)
    record_wait_seconds = histograms(
        "seconds",
        "How long the oldest record of a batch had waited on its topic, in wall-clock time.",
        _WAITS,
        _KAFKA_TOPIC,
    )
    batch_seconds = histogram("seconds", "From a batch's arrival to its end.", _SECONDS)
    batch_records = histogram("records", "Records in a batch.", _SIZES)
    batch_retries = counter("turns", "Batches tried again after a temporary failure.")
    commit_failures = counter("turns", "Commits that a rebalance overtook; redelivered.")
    dead_letters = counters("records", "Records that could never be processed.", _KAFKA_TOPIC)
    records_parked = counters("records", "Records put aside: their shop is paused.", _KAFKA_TOPIC)
    shops_paused = gauges("shops", "Shops whose records are put aside: 0 is right.", _CONSUMER)
    records_shredded = counter("records", "Records passed over: their person was erased.")
    assigned_partitions = gauge("partitions", "Partitions that this process holds now.")

    # Publishing.
    records_published = counters("records", "Records that Kafka acknowledged.", _KAFKA_TOPIC)
    publish_failures = counters("records", "Publishes that Kafka did not take.", _KAFKA_TOPIC)

    # ingest
    webhooks = counters("requests", "Requests taken or refused, by HTTP status.", _SHOP, _STATUS)
    visits = counters("requests", "Requests of visitors' browsers, by HTTP status.", _SHOP, _STATUS)
    unrecognised = counters(
        "messages", "Genuine messages without an event, kept by reason.", _SHOP, _PLATFORM_TOPIC, _REASON
    )
    values_left_out = counters(
        "messages", "Values of webhooks that could not be read and were left out.", _SHOP, _PLATFORM_TOPIC
    )

    # The links of messages, and the poller, ingest's second process.
    link_hits = counters("requests", "Messages that were opened or clicked; 'scanned': by a machine.", _SHOP, _HIT)
    link_hits_lost = counters("requests", "Openings and clicks that could not be recorded.", _REASON)
    records_polled = counters("records", "Records that a polled shop's lists gave.", _SHOP, _RESOURCE)
    poll_failures = counters("turns", "Turns of asking a shop that failed.", _SHOP)
    poll_lag_seconds = gauges(
        "seconds", "Wall-clock time since everything of a polled shop was read to its end.", _SHOP
    )

    # engine
    decisions = counters("records", "Decisions by workflow and kind.", _WORKFLOW, _DECISION)
    definitions_unreadable = gauge(
        "versions", "Deployed versions of workflows that this release can't read: should be 0."
    )

    # scheduler
    timers_published = counter("records", "Wake-ups that were published.")
    timer_lateness_seconds = histogram(
        "seconds", "How long after its due time a timer was first taken, in clock time.", _LATENESS
    )
    outbox_rescued = counter("records", "Outbox rows published for an engine that died.")

    # notifier
    deliveries = counters("messages", "Deliveries by channel and outcome.", _CHANNEL, _OUTCOME)
    deliveries_waiting = gauges(
        "messages",
        "Deliveries in a provider's queue: kept back by a limit (rate) or since it is down (provider), due and not"
        " begun (turn), or put off (later).",
        _PROVIDER,
        _REASON,
    )
    circuits_opened = counter("turns", "How often a failing host was left alone for a while.")
    coupons = counters(
        "messages",
        "Codes that workflows asked for: taken from a pool that may be empty, made by the shop, or refused by it.",
        _RESULT,
    )
    provider_feedback = counters(
        "messages", "What providers told of messages after they took them.", _PROVIDER, _FEEDBACK
    )
    messages_received = counters("messages", "What people wrote.", _PROVIDER, _KEYWORD)
    provider_seconds = histograms("seconds", "One call of a provider.", _SECONDS, _CHANNEL)

    # Telemetry itself.
    spans_dropped = counters("spans", "Spans that were not sent: the queue was full, or it failed.", _REASON)
    errors_reported = counters(
        "messages", "Errors for Sentry: sent, or left out since there were too many.", _RESULT_OF_REPORT
    )

    # Loops of every service.
    loop_seconds = histograms("seconds", "One turn of a loop.", _SECONDS, _LOOP)
    loop_failures = counters("turns", "Turns of a loop that failed.", _LOOP)

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        for one in declared(type(self)):
            vars(self)[one.attribute] = one.make(self.registry)

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)
