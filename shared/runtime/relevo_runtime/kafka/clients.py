"""The one place that makes clients of Kafka: each has the addresses, the TLS and the credentials of the settings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from relevo_runtime.errors import described
from relevo_runtime.kafka.refusals import LACKS_A_RIGHT, NEEDED_RIGHTS, KafkaUnreachable, why_unreachable
from relevo_runtime.server_settings import PREFIX, ServerSettings
from relevo_runtime.tls import RereadingContext, TlsFiles

_CLOSE_SECONDS = 1.0


def connection(settings: ServerSettings) -> dict[str, Any]:
    """The arguments of aiokafka that say where the brokers are and how they are talked to.

    Raises `TlsFileError` if a file that the settings name can't be used.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka,
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_security.endswith("SSL"):
        options["ssl_context"] = RereadingContext(_tls_files(settings))
    if settings.kafka_security.startswith("SASL_"):
        options |= _credentials(settings)
    return options


def producer(settings: ServerSettings, **options: Any) -> AIOKafkaProducer:
    """A producer that is not started yet."""
    return AIOKafkaProducer(**connection(settings), **options)


def consumer(settings: ServerSettings, *topics: str, **options: Any) -> AIOKafkaConsumer:
    """A consumer of the topics (their names on the broker) that is not started yet, and commits nothing by itself."""
    return AIOKafkaConsumer(*topics, **connection(settings), enable_auto_commit=False, **options)


async def start(client: Any, settings: ServerSettings) -> None:
    """Start a producer, a consumer or an admin client.

    Raises `KafkaUnreachable`, which says what is in the way and which setting is about it; the client is closed then.
    """
    async with explained(settings):
        try:
            await client.start()
        except BaseException:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
            raise


@contextlib.asynccontextmanager
async def explained(settings: ServerSettings) -> AsyncIterator[None]:
    """Around a start: that no broker could be used, or refuses what is asked, becomes a `KafkaUnreachable`."""
    try:
        yield
    except LACKS_A_RIGHT as error:
        raise KafkaUnreachable(f"Kafka at {settings.kafka} refuses: {described(error)}; {NEEDED_RIGHTS}") from error
    except KafkaConnectionError as error:
        raise KafkaUnreachable(await why_unreachable(settings, connection(settings))) from error


@contextlib.asynccontextmanager
async def admin(settings: ServerSettings, **options: Any) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for as long as the block runs. Raises `KafkaUnreachable`."""
    client = AIOKafkaAdminClient(**connection(settings), **options)
    await start(client, settings)
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def reading(settings: ServerSettings, *topics: str, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer without a group, for as long as the block runs. Raises `KafkaUnreachable`."""
    client = consumer(settings, *topics, group_id=None, **options)
    await start(client, settings)
    try:
        yield client
    finally:
        await client.stop()


def _tls_files(settings: ServerSettings) -> TlsFiles:
    return TlsFiles(
        ca=settings.kafka_ca,
        certificate=settings.kafka_certificate,
        key=settings.kafka_key,
        key_password=settings.kafka_key_password.get_secret_value(),
        verify_hostname=settings.kafka_verify_hostname,
        variables=f"{PREFIX}KAFKA_",
    )


def _credentials(settings: ServerSettings) -> dict[str, Any]:
    mechanism = settings.kafka_sasl_mechanism
    if mechanism != "OAUTHBEARER":
        password = settings.kafka_password.get_secret_value()
        return {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": password,
        }
    from relevo_runtime.kafka.tokens import Tokens  # noqa: PLC0415  # an HTTP client, which only these need

    return {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": Tokens.of(settings)}
