"""What tests of IO stand on: a real Kafka and a real PostgreSQL, a database of its own and topics of its own a test.

Ask for `database` (a URL), `pool`, `settings` (a factory), `topics`; servers start when they are first asked for.
"""

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Protocol, TypeVar

import asyncpg
import hypothesis
import pytest

from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import create_topics, delete_topics
from relevo_runtime.migrations import installed_packages, migrate
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.settings import RuntimeSettings
from tests.platforms import Platform, default_kind, docker_answers, make_platform, with_database

# A test says what is right, not how long it takes: a busy machine must not make an example fail.
hypothesis.settings.register_profile("relevo", deadline=None)
hypothesis.settings.load_profile("relevo")

SettingsT = TypeVar("SettingsT", bound=RuntimeSettings)


class Platforms:
    """The platforms of a test run, each started once, with its migrated template database."""

    def __init__(self) -> None:
        self._made: dict[str, Platform] = {}
        self._templates: dict[str, str] = {}

    def get(self, kind: str) -> Platform:
        if kind not in self._made:
            self._made[kind] = make_platform(kind)
        return self._made[kind]

    async def new_database(self, platform: Platform) -> str:
        """A fresh database with all migrations of the installed packages; returns its URL."""
        admin = await platform.postgres()
        template = self._templates.get(admin) or await self._make_template(admin)
        name = f"relevo_test_{uuid.uuid4().hex[:12]}"
        # The write-ahead copy needs no checkpoint: for a database this small it is the quicker way.
        await _execute(admin, f"create database {name} template {template} strategy wal_log")
        return with_database(admin, name)

    async def drop_database(self, platform: Platform, dsn: str) -> None:
        name = dsn.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
        await _execute(await platform.postgres(), f"drop database if exists {name} with (force)")

    async def close(self) -> None:
        for admin, template in self._templates.items():
            await _execute(admin, f"drop database if exists {template} with (force)")
        for platform in self._made.values():
            await platform.close()

    async def _make_template(self, admin: str) -> str:
        name = f"relevo_template_{uuid.uuid4().hex[:12]}"
        await _execute(admin, f"create database {name}")
        self._templates[admin] = name
        await migrate(with_database(admin, name), installed_packages())
        return name


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `containers` runs on the default platform, and on containers too where a Docker engine answers."""
    if metafunc.definition.get_closest_marker("containers") is None or "platform_kind" not in metafunc.fixturenames:
        return
    kinds = [default_kind()]
    if "containers" not in kinds and docker_answers():
        kinds.append("containers")
    metafunc.parametrize("platform_kind", kinds)


@pytest.fixture
def platform_kind() -> str:
    return default_kind()


@pytest.fixture(scope="session")
async def platforms() -> AsyncIterator[Platforms]:
    started = Platforms()
    yield started
    await started.close()


@pytest.fixture
def platform(platforms: Platforms, platform_kind: str) -> Platform:
    """Where Kafka and PostgreSQL are: the one place that chooses."""
    return platforms.get(platform_kind)


@pytest.fixture
async def kafka(platform: Platform) -> str:
    """Kafka's address."""
    return await platform.kafka()


@pytest.fixture
async def database(platforms: Platforms, platform: Platform) -> AsyncIterator[str]:
    """The URL of a fresh, migrated database."""
    dsn = await platforms.new_database(platform)
    yield dsn
    await platforms.drop_database(platform, dsn)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """A pool on the test's database."""
    opened = await open_pool(database, application_name="relevo-tests")
    yield opened
    opened.terminate()


class SettingsFactory(Protocol):
    """`settings()` or `settings(EngineSettings, partitions=1)`; all of one test share topics and database."""

    def __call__(self, cls: type[SettingsT] = ..., **changes: object) -> SettingsT: ...


@pytest.fixture
def settings(kafka: str, database: str) -> SettingsFactory:
    """Makes settings for the test's own topics and database."""
    prefix = f"t{uuid.uuid4().hex[:8]}."

    def make(cls: type[SettingsT] = RuntimeSettings, **changes: object) -> SettingsT:  # type: ignore[assignment]
        # mypy can't say that the default fits the variable (python/mypy#3737)
        values: dict[str, object] = {
            "kafka": kafka,
            "postgres": database,
            "topic_prefix": prefix,
            "partitions": 4,
            "session_timeout": 6.0,
            "log_format": "console",
            "link_secret": "a secret for tests only",
        }
        return cls.model_validate(values | changes)

    return make


@pytest.fixture
async def topics(settings: SettingsFactory) -> AsyncIterator[list[str]]:
    """Creates the topics of the contracts under the test's prefix; their names on the broker."""
    created = await create_topics(settings())
    yield created
    await delete_topics(settings())


@pytest.fixture
def system_clock() -> Iterator[SystemClock]:
    """The wall clock, for tests that run real services."""
    yield SystemClock()
