"""How long records waited on their topic, as the metric tells it."""

import time
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from relevo_contracts.topics import EVENTS
from relevo_runtime.metrics import Metrics
from tests.conftest import SettingsFactory
from tests.runtime.consuming import consumer
from tests.runtime.test_kafka import Seen

HOUR = 3600


@pytest.mark.usefixtures("topics")
async def test_the_oldest_record_of_a_batch_says_how_long_it_waited(settings: SettingsFactory) -> None:
    metrics, seen = Metrics("engine"), Seen()
    own = settings()
    producer = AIOKafkaProducer(bootstrap_servers=own.kafka)
    await producer.start()
    try:
        now = int(time.time() * 1000)
        for age in (2 * HOUR, HOUR, -HOUR):  # the last one is of a machine whose clock is ahead
            await producer.send_and_wait(own.topic(EVENTS), b"1", key=b"acme/1", timestamp_ms=now - age * 1000)
    finally:
        await producer.stop()
    async with consumer(own, seen, metrics=metrics):
        await seen.until(lambda: len(seen.records) == 3)
    found = {sample.name: sample.value for sample in samples(metrics) if sample.labels.get("topic") == EVENTS}
    batches = found["relevo_record_wait_seconds_count"]
    assert 1 <= batches <= 3
    assert 2 * HOUR <= found["relevo_record_wait_seconds_sum"] < 5 * HOUR


def samples(metrics: Metrics) -> list[Any]:
    [family] = [one for one in metrics.registry.collect() if one.name == "relevo_record_wait_seconds"]
    return list(family.samples)
