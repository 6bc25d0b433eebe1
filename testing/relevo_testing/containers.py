"""Kafka and PostgreSQL in containers of their official images, for who has a Docker engine (extra `containers`)."""

import asyncio
import contextlib
import os
from functools import lru_cache
from typing import TypeVar

import asyncpg
import docker
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from relevo_embedded.process import free_ports

KAFKA_IMAGE = "apache/kafka:4.1.1"
POSTGRES_IMAGE = "postgres:18-alpine"

_PATIENCE_SECONDS = 60.0
ContainerT = TypeVar("ContainerT", bound=DockerContainer)


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
        """Its address from here."""
        return f"{self.docker_host()}:{self.port}"


class ContainerServers:
    """Both in containers of their official images."""

    def __init__(self) -> None:
        self._kafka: KafkaContainer | None = None
        self._postgres: PostgresContainer | None = None

    async def kafka(self) -> str:
        """Kafka's address, once it takes connections."""
        if self._kafka is None:
            self._kafka = await _started(KafkaContainer())
        return self._kafka.bootstrap

    async def postgres(self) -> str:
        """The URL of its first database, once it takes connections."""
        if self._postgres is None:
            self._postgres = await _started(PostgresContainer(POSTGRES_IMAGE, driver=None))
            await _takes_connections(self._postgres.get_connection_url())
        url: str = self._postgres.get_connection_url()
        return url

    async def close(self) -> None:
        """Stop and remove them."""
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


async def _takes_connections(url: str) -> None:
    """Returns once it does, from here: inside the container it answers earlier, which is what testcontainers asks."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE_SECONDS
    while True:
        try:
            await (await asyncpg.connect(url)).close()
        except (OSError, asyncpg.PostgresError):
            if loop.time() > until:
                raise
            await asyncio.sleep(0.1)
        else:
            return


def docker_missing() -> str:
    """Why no container can be started here; empty if a Docker engine answers."""
    return _missing_at(os.environ.get("DOCKER_HOST") or "the usual socket")


@lru_cache(maxsize=2)
def _missing_at(where: str) -> str:
    """The engine of the environment, which is `where`, is asked once."""
    try:
        with contextlib.closing(docker.from_env(timeout=5)) as client:
            return "" if client.ping() else f"no Docker engine answers at {where}"
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no engine
        return f"no Docker engine answers at {where} ({type(error).__name__})"
