"""Every client of Kafka comes in by each kind of security, and who is turned away is told why."""

import asyncio
import uuid
from collections.abc import Sequence

import pytest
from aiokafka.errors import ClusterAuthorizationFailedError
from starlette.responses import JSONResponse

from relevo_contracts.topics import EVENTS
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import BatchConsumer, Publisher, Record, clients, create_topics, delete_topics
from relevo_runtime.kafka.refusals import KafkaUnreachable
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.tls import TlsFileError
from tests.security.certificates import Authority
from tests.security.conftest import PASSWORD, SecuredKafka
from tests.security.token_endpoint import Signer, TokenEndpoint

WAYS_IN = [
    ("TLS", {}),
    ("MUTUAL", {}),
    ("ELSEWHERE", {"kafka_verify_hostname": False}),
    ("SASL", {"kafka_sasl_mechanism": "PLAIN"}),
    ("SASL", {"kafka_sasl_mechanism": "SCRAM-SHA-256"}),
    ("SASL", {"kafka_sasl_mechanism": "SCRAM-SHA-512"}),
    ("CLEAR", {}),
    ("OAUTH", {}),
]


@pytest.mark.parametrize(("listener", "changes"), WAYS_IN)
async def test_all_clients_come_in(secured: SecuredKafka, listener: str, changes: dict[str, object]) -> None:
    settings = secured.settings(listener, **changes, topic_prefix=f"t{uuid.uuid4().hex[:8]}.")
    assert await round_trip(settings, count=20) == {str(n).encode() for n in range(20)}


REFUSALS = [
    ("SASL", {"kafka_password": "wrong"}, "refuses RELEVO_KAFKA_USERNAME with RELEVO_KAFKA_PASSWORD"),
    (
        "SASL",
        {"kafka_sasl_mechanism": "PLAIN", "kafka_password": "wrong"},
        "refuses RELEVO_KAFKA_USERNAME with RELEVO_KAFKA_PASSWORD",
    ),
    ("SASL", {"kafka_ca": None}, "not signed by a CA of RELEVO_KAFKA_CA, which is empty"),
    ("EXPIRED", {}, "its certificate has expired"),
    ("ELSEWHERE", {}, "its certificate is for another name"),
    ("MUTUAL", {"kafka_certificate": None, "kafka_key": None}, "RELEVO_KAFKA_CERTIFICATE is empty"),
    ("OAUTH", {"kafka_token_client_secret": "wrong"}, "401 invalid_client Unknown client; RELEVO_KAFKA_TOKEN_"),
    ("OAUTH", {"kafka_token_ca": None}, "can't be reached for a token"),
    ("OAUTH", {"kafka_token_url": "https://localhost:1/token"}, "https://localhost:1/token can't be reached"),
    ("TLS", {"kafka": "localhost:1"}, "nothing listens there"),
    ("TLS", {"kafka": "nowhere.invalid:9092"}, "the host name is not known"),
]


@pytest.mark.parametrize(("listener", "changes", "told"), REFUSALS)
async def test_who_is_turned_away_is_told_why(
    secured: SecuredKafka, listener: str, changes: dict[str, object], told: str
) -> None:
    settings = secured.settings(listener, **changes)
    with pytest.raises(KafkaUnreachable) as refused:
        await Publisher(settings).start()
    assert told in str(refused.value)
    assert PASSWORD not in str(refused.value)
    assert "wrong" not in str(refused.value)


async def test_another_ca_is_named(secured: SecuredKafka, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Authority(tmp_path_factory.mktemp("other"), "other")
    with pytest.raises(KafkaUnreachable, match=f"not signed by a CA of RELEVO_KAFKA_CA={other.ca}"):
        await create_topics(secured.settings("TLS", kafka_ca=other.ca))


async def test_a_certificate_of_another_ca_is_refused(
    secured: SecuredKafka, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mine = Authority(tmp_path_factory.mktemp("mine"), "mine").issue("client")
    settings = secured.settings("MUTUAL", kafka_certificate=mine.certificate, kafka_key=mine.key)
    with pytest.raises(
        KafkaUnreachable, match=f"another client certificate: RELEVO_KAFKA_CERTIFICATE={mine.certificate}"
    ):
        await create_topics(settings)


@pytest.mark.parametrize(
    ("listener", "security", "told"),
    [
        ("SASL", "PLAINTEXT", "may speak something else than RELEVO_KAFKA_SECURITY=PLAINTEXT"),
        ("CLEAR", "PLAINTEXT", "may speak something else than RELEVO_KAFKA_SECURITY=PLAINTEXT"),
        ("CLEAR", "SSL", "RELEVO_KAFKA_SECURITY=SSL"),
        ("SASL", "SSL", "may speak something else than RELEVO_KAFKA_SECURITY=SSL"),
    ],
)
async def test_a_listener_that_speaks_something_else(
    secured: SecuredKafka, listener: str, security: str, told: str
) -> None:
    ca = secured.authority.ca if security == "SSL" else None
    address = secured.kafka.address(listener)
    settings = RuntimeSettings.model_validate({"kafka": address, "kafka_security": security, "kafka_ca": ca})
    with pytest.raises(KafkaUnreachable) as refused:
        await create_topics(settings)
    assert told in str(refused.value)


async def test_sasl_where_there_is_none(secured: SecuredKafka) -> None:
    settings = secured.settings("SASL", kafka=secured.kafka.address("TLS"))
    with pytest.raises(KafkaUnreachable, match="wants no SASL"):
        await create_topics(settings)


async def test_a_mechanism_that_the_listener_lacks(secured: SecuredKafka) -> None:
    settings = secured.settings("SASL", kafka=secured.kafka.address("OAUTH"))
    with pytest.raises(KafkaUnreachable, match="does not offer RELEVO_KAFKA_SASL_MECHANISM=SCRAM-SHA-512"):
        await create_topics(settings)


async def test_a_token_that_the_broker_does_not_trust(
    secured: SecuredKafka, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secured.endpoint.signer = Signer(tmp_path_factory.mktemp("stranger"))
    with pytest.raises(KafkaUnreachable, match="refuses the token of RELEVO_KAFKA_TOKEN_URL"):
        await create_topics(secured.settings("OAUTH"))


async def test_a_file_that_is_not_there_is_told_before_anything_connects(secured: SecuredKafka) -> None:
    with pytest.raises(TlsFileError, match=r"RELEVO_KAFKA_CA=/nowhere/ca\.pem can't be read: No such file"):
        await Publisher(secured.settings("TLS", kafka_ca="/nowhere/ca.pem")).start()


class Unwelcome:
    """A client whose broker does not allow it to begin, as one without ACLs answers a producer."""

    async def start(self) -> None:
        raise ClusterAuthorizationFailedError

    async def stop(self) -> None:
        pass


async def test_a_user_without_rights_is_told_what_it_needs() -> None:
    settings = RuntimeSettings.model_validate({"kafka": "kafka-1:9093"})
    with pytest.raises(KafkaUnreachable, match=r"kafka-1:9093 refuses: .*Authorization.*; its ACLs have to allow"):
        await clients.start(Unwelcome(), settings)


async def test_an_endpoint_that_fails_costs_retries_not_messages(secured: SecuredKafka) -> None:
    """The broker ends each session after two seconds, so connections are made anew, which needs a token."""
    secured.endpoint.seconds = 4.0
    settings = secured.settings("OAUTH", topic_prefix=f"t{uuid.uuid4().hex[:8]}.")
    seen: set[bytes] = set()

    async def handler(records: Sequence[Record]) -> None:
        seen.update(record.value for record in records)

    await create_topics(settings)
    consumer = BatchConsumer(settings, service="test", topics=[EVENTS], handler=handler, clock=SystemClock())
    async with Publisher(settings) as publisher, consumer, asyncio.TaskGroup() as tasks:
        tasks.create_task(outage(secured.endpoint))
        for n in range(20):
            await publish_whatever_it_takes(publisher, str(n).encode())
            await asyncio.sleep(0.3)
        await until(lambda: len(seen) == 20)
    refused = secured.endpoint.refused
    await delete_topics(secured.settings("TLS", topic_prefix=settings.topic_prefix))
    assert refused > 0


async def outage(endpoint: TokenEndpoint) -> None:
    """It is away for longer than a session and a token live."""
    await asyncio.sleep(1)
    endpoint.broken = JSONResponse({"error": "temporarily_unavailable"}, 503)
    await asyncio.sleep(5)
    endpoint.broken = None


async def publish_whatever_it_takes(publisher: Publisher, value: bytes) -> None:
    while True:
        try:
            return await publisher.publish(EVENTS, [(b"acme/one", value)])
        except Exception:  # noqa: BLE001  # as callers do: they try again
            await asyncio.sleep(0.2)


async def round_trip(settings: RuntimeSettings, count: int) -> set[bytes]:
    """Create topics, publish and consume: every kind of client."""
    seen: set[bytes] = set()

    async def handler(records: Sequence[Record]) -> None:
        seen.update(record.value for record in records)

    await create_topics(settings)
    consumer = BatchConsumer(settings, service="test", topics=[EVENTS], handler=handler, clock=SystemClock())
    async with Publisher(settings) as publisher, consumer:
        await publisher.publish(EVENTS, [(f"acme/{n}".encode(), str(n).encode()) for n in range(count)])
        await until(lambda: len(seen) == count)
    await delete_topics(settings)
    return seen


async def until(done: object) -> None:
    async with asyncio.timeout(60):
        while not done():  # type: ignore[operator]
            await asyncio.sleep(0.05)
