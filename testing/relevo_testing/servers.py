"""The Kafka and the PostgreSQL that tests run on: embedded, given by address, or in containers."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from relevo_embedded import EmbeddedKafka, EmbeddedPostgres

KINDS = ("embedded", "containers", "given")


class ServersError(Exception):
    """Kafka and PostgreSQL can't be had; the message says why."""


class Servers(Protocol):
    """Starts a server when it is first asked for. `postgres` is the URL of a database that may create others."""

    async def kafka(self) -> str:
        """Kafka's address."""
        ...

    async def postgres(self) -> str:
        """The URL of a database of PostgreSQL."""
        ...

    async def close(self) -> None:
        """Stop what was started."""
        ...


class EmbeddedServers:
    """Both from packages, in a folder that is removed at the end."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="relevo-tests-"))
        self._kafka: EmbeddedKafka | None = None
        self._postgres: EmbeddedPostgres | None = None

    async def kafka(self) -> str:
        """Kafka's address, once it takes connections."""
        if self._kafka is None:
            self._kafka = EmbeddedKafka(self._folder / "kafka")
            await self._kafka.start()
        return self._kafka.bootstrap

    async def postgres(self) -> str:
        """The URL of its first database, once it takes connections."""
        if self._postgres is None:
            self._postgres = EmbeddedPostgres(self._folder / "postgres")
            await self._postgres.start()
            await _in_a_hurry(self._postgres.dsn)
        return self._postgres.dsn

    async def close(self) -> None:
        """Stop what was started."""
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


class GivenServers:
    """Those of RELEVO_KAFKA and RELEVO_POSTGRES; what the tests make there has names of its own and is removed."""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises `ServersError` if an address is missing."""
        names = ("RELEVO_KAFKA", "RELEVO_POSTGRES")
        if missing := [name for name in names if not environment.get(name)]:
            raise ServersError(f"the servers are given, and {' and '.join(missing)} says of none")
        return cls(environment["RELEVO_KAFKA"], environment["RELEVO_POSTGRES"])

    def __init__(self, kafka: str, postgres: str) -> None:
        self._addresses = (kafka, postgres)

    async def kafka(self) -> str:
        """The address that was given."""
        return self._addresses[0]

    async def postgres(self) -> str:
        """The URL that was given."""
        return self._addresses[1]

    async def close(self) -> None:
        """They stay."""
        return


def make_servers(kind: str) -> Servers:
    """Those of a kind of KINDS; nothing starts yet. Raises `ServersError` where it can't be."""
    match kind:
        case "embedded":
            return EmbeddedServers()
        case "containers":
            from relevo_testing.containers import ContainerServers  # noqa: PLC0415 - an extra: who needs none lacks it

            return ContainerServers()
        case "given":
            return GivenServers.of_environment(os.environ)
    raise ServersError(f"servers are one of {', '.join(KINDS)}, not {kind!r}")


def containers_missing() -> str:
    """Why no container can be started here; empty if it can."""
    try:
        from relevo_testing.containers import docker_missing  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed: pip install 'relevo-testing[containers]'"
    return docker_missing()


def with_database(dsn: str, database: str) -> str:
    """`dsn` with another database."""
    parts = urlsplit(dsn)
    # By hand: urlunsplit drops the empty host of a URL for a Unix socket.
    return urlunsplit(("x", parts.netloc, f"/{database}", parts.query, "")).replace("x://", f"{parts.scheme}://", 1)
