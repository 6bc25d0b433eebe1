"""The Kafka and the PostgreSQL that the tests run on: embedded, given by address, or in containers."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import docker
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from relevo_embedded import EmbeddedKafka, EmbeddedPostgres
from relevo_embedded.process import free_ports

KAFKA_IMAGE = "apache/kafka:4.1.1"
POSTGRES_IMAGE = "postgres:18-alpine"

ContainerT = TypeVar("ContainerT", bound=DockerContainer)


class Platform(Protocol):
    """Starts a server when it is first asked for. `postgres` is the URL of a database that may create others."""

    async def kafka(self) -> str: ...
    async def postgres(self) -> str: ...
    async def close(self) -> None: ...


class EmbeddedPlatform:
    """Both from packages, in a folder that is removed at the end."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="relevo-tests-"))
        self._kafka: EmbeddedKafka | None = None
        self._postgres: EmbeddedPostgres | None = None

    async def kafka(self) -> str:
        if self._kafka is None:
            self._kafka = EmbeddedKafka(self._folder / "kafka")
            await self._kafka.start()
        return self._kafka.bootstrap

    async def postgres(self) -> str:
        if self._postgres is None:
            self._postgres = EmbeddedPostgres(self._folder / "postgres")
            await self._postgres.start()
            await _in_a_hurry(self._postgres.dsn)
        return self._postgres.dsn

    async def close(self) -> None:
        for server in (self._kafka, self._postgres):
            if server is not None:
                await server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


async def _in_a_hurry(dsn: str) -> None:
    """Let it wait for no disk: what the tests write need not outlive a crash of the machine.

    Tests of crashes start a server of their own, which keeps the product's settings.
    """
    connection = await asyncpg.connect(dsn)
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        await connection.execute(f"alter system set {setting} = off")
    await connection.execute("select pg_reload_conf()")
    await connection.close()


class GivenPlatform:
    """Those of RELEVO_KAFKA and RELEVO_POSTGRES; what the tests make there has names of its own and is removed."""

    def __init__(self, kafka: str, postgres: str) -> None:
        self._addresses = (kafka, postgres)

    async def kafka(self) -> str:
        return self._addresses[0]

    async def postgres(self) -> str:
        return self._addresses[1]

    async def close(self) -> None:
        return None


class KafkaContainer(DockerContainer):
    """The official image. Its address must be known before it starts, so it gets a port that is free now."""

    def __init__(self) -> None:
        super().__init__(KAFKA_IMAGE)
        [self.port] = free_ports(1)
        self.with_bind_ports(9092, self.port)
        settings = {
            "NODE_ID": "1",
            "PROCESS_ROLES": "broker,controller",
            "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "ADVERTISED_LISTENERS": f"PLAINTEXT://{self.docker_host()}:{self.port}",
            "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
            "AUTO_CREATE_TOPICS_ENABLE": "false",
        }
        for name, value in settings.items():
            self.with_env(f"KAFKA_{name}", value)
        self.waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(60))

    def docker_host(self) -> str:
        """The Docker host's address, which the engine knows before there is a container."""
        host: str = self.get_docker_client().host()
        return "127.0.0.1" if host == "localhost" else host

    @property
    def bootstrap(self) -> str:
        return f"{self.docker_host()}:{self.port}"


class ContainerPlatform:
    """Both in containers of their official images."""

    def __init__(self) -> None:
        self._kafka: KafkaContainer | None = None
        self._postgres: PostgresContainer | None = None

    async def kafka(self) -> str:
        if self._kafka is None:
            self._kafka = await _started(KafkaContainer())
        return self._kafka.bootstrap

    async def postgres(self) -> str:
        if self._postgres is None:
            self._postgres = await _started(PostgresContainer(POSTGRES_IMAGE, driver=None))
        url: str = self._postgres.get_connection_url()
        return url

    async def close(self) -> None:
        for container in (self._kafka, self._postgres):
            if container is not None:
                await asyncio.to_thread(container.stop)


async def _started(container: ContainerT) -> ContainerT:
    """Start it; what didn't come up is removed."""
    try:
        await asyncio.to_thread(container.start)
    except Exception:
        await asyncio.to_thread(container.stop)
        raise
    return container


@lru_cache(maxsize=1)
def docker_answers() -> bool:
    """Whether a Docker engine is there to run containers."""
    with contextlib.suppress(Exception):
        client = docker.from_env(timeout=5)
        try:
            return bool(client.ping())
        finally:
            client.close()
    return False


def default_kind() -> str:
    """`given` where both addresses are in the environment, else RELEVO_TEST_PLATFORM, else `embedded`."""
    if os.environ.get("RELEVO_KAFKA") and os.environ.get("RELEVO_POSTGRES"):
        return "given"
    return os.environ.get("RELEVO_TEST_PLATFORM", "embedded")


def make_platform(kind: str) -> Platform:
    match kind:
        case "embedded":
            return EmbeddedPlatform()
        case "containers":
            return ContainerPlatform()
        case "given":
            return GivenPlatform(os.environ["RELEVO_KAFKA"], os.environ["RELEVO_POSTGRES"])
    raise ValueError(f"RELEVO_TEST_PLATFORM is embedded or containers, not {kind!r}")


def with_database(dsn: str, database: str) -> str:
    """`dsn` with another database."""
    parts = urlsplit(dsn)
    # By hand: urlunsplit drops the empty host of a URL for a Unix socket.
    return urlunsplit(("x", parts.netloc, f"/{database}", parts.query, "")).replace("x://", f"{parts.scheme}://", 1)
