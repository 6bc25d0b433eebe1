"""What tests of IO stand on: a real Kafka and a real PostgreSQL, a database of its own and topics of its own a test.

Ask for `database` (a URL), `pool`, `settings` (a factory), `topics`; servers start when they are first asked for.
"""

import signal
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

import hypothesis
import pytest

from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import create_topics, delete_topics
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.settings import RuntimeSettings
from relevo_testing.plugin import meeting_place
from relevo_testing.servers import Servers
from relevo_testing.shared_servers import SharedServers
from tests.databases import Databases
from tests.running_order import in_order

# A test says what is right, not how long it takes: a busy machine must not make an example fail.
hypothesis.settings.register_profile("relevo", deadline=None)
hypothesis.settings.load_profile("relevo")

if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets its background jobs ignore Ctrl-C, and so would every process that a test starts and ends by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

SettingsT = TypeVar("SettingsT", bound=RuntimeSettings)


class Platforms:
    """The servers of a test run by kind, which `relevo_testing` starts for all workers together, with databases."""

    def __init__(self, meeting: Path) -> None:
        self._meeting = meeting
        self._databases: dict[str, Databases] = {}

    def get(self, kind: str) -> Servers:
        return SharedServers(self._meeting, kind)

    async def databases(self, platform: Servers) -> Databases:
        """The databases of its PostgreSQL."""
        admin = await platform.postgres()
        if admin not in self._databases:
            self._databases[admin] = Databases(admin)
        return self._databases[admin]

    async def close(self) -> None:
        for databases in self._databases.values():
            await databases.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Which worker runs what."""
    from tests.scheduling import InOrder  # noqa: PLC0415  # tests run without pytest-xdist too

    return InOrder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick and pure tests first, so that what is wrong shows soon."""
    items[:] = in_order(items)


@pytest.fixture(scope="session")
async def platforms(pytestconfig: pytest.Config) -> AsyncIterator[Platforms]:
    started = Platforms(meeting_place(pytestconfig))
    yield started
    await started.close()


@pytest.fixture
def platform(platforms: Platforms, relevo_servers_kind: str) -> Servers:
    """Where Kafka and PostgreSQL are: `--relevo-servers`, and containers too for a test marked `relevo_containers`."""
    return platforms.get(relevo_servers_kind)


@pytest.fixture
async def kafka(platform: Servers) -> str:
    """Kafka's address."""
    return await platform.kafka()


@pytest.fixture
async def database(platforms: Platforms, platform: Servers) -> AsyncIterator[str]:
    """The URL of a fresh, migrated database."""
    databases = await platforms.databases(platform)
    dsn = await databases.take()
    yield dsn
    await databases.give_back(dsn)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """A pool on the test's database."""
    opened = await open_pool(database, application_name="relevo-tests")
    yield opened
    opened.terminate()


class SettingsFactory(Protocol):
    """`settings()` or `settings(EngineSettings, partitions=1)`; all of one test share topics and database."""

    @overload
    def __call__(self, **changes: object) -> RuntimeSettings: ...
    @overload
    def __call__(self, cls: type[SettingsT], /, **changes: object) -> SettingsT: ...


@pytest.fixture
def settings(kafka: str, database: str) -> SettingsFactory:
    """Makes settings for the test's own topics and database."""
    prefix = f"t{uuid.uuid4().hex[:8]}."

    def make(cls: type[Any] = RuntimeSettings, /, **changes: object) -> Any:
        values: dict[str, object] = {
            "kafka": kafka,
            "postgres": database,
            "topic_prefix": prefix,
            "partitions": 4,
            "session_timeout": 6.0,
            "batch_window": 0.0,
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
