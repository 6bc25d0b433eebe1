"""One Kafka and one PostgreSQL of each kind for all processes of a test run.

The process that the run began with (with pytest-xdist the controller, which starts the workers) owns the servers: they
start when a test first asks for one and stop when the run ends, also by Ctrl-C; if that process is killed their guards
stop them. It meets the workers in a folder: `<kind>.<server>.wanted`, then `.address` or `.failed`.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from relevo_testing.servers import Servers, ServersError, make_servers

_LOOK_EVERY = 0.05


class ServerHost:
    """The owner's part: starts what is asked for, in a thread of its own, until it is closed."""

    def __init__(self, folder: Path, make: Callable[[str], Servers] = make_servers) -> None:
        self._folder = folder
        self._make = make
        self._made: dict[str, Servers] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="servers of the tests")
        self._thread.start()

    def close(self) -> None:
        """Stops the servers and waits until they are gone."""
        self._closing.set()
        self._thread.join()

    async def _serve(self) -> None:
        starting: dict[str, asyncio.Task[None]] = {}
        try:
            while not self._closing.is_set():
                for wanted in self._folder.glob("*.wanted"):
                    if wanted.stem not in starting:
                        starting[wanted.stem] = asyncio.create_task(self._start(*wanted.stem.split(".")))
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            await asyncio.gather(*starting.values(), return_exceptions=True)
            for servers in self._made.values():
                await servers.close()

    async def _start(self, kind: str, server: str) -> None:
        try:
            if kind not in self._made:
                self._made[kind] = self._make(kind)
            servers = self._made[kind]
            address = await (servers.kafka() if server == "kafka" else servers.postgres())
        except Exception as error:  # noqa: BLE001  # the tests that wait for it hear of it, whatever it is
            _write(self._folder / f"{kind}.{server}.failed", f"{type(error).__name__}: {error}")
        else:
            _write(self._folder / f"{kind}.{server}.address", address)


class SharedServers:
    """A test's part: the servers of the run, of one kind. They stay when the test ends."""

    def __init__(self, folder: Path, kind: str = "embedded") -> None:
        self._folder = folder
        self._kind = kind

    async def kafka(self) -> str:
        """Kafka's address. Raises `ServersError` with the reason if it can't start."""
        return await self._address("kafka")

    async def postgres(self) -> str:
        """The URL of a database that may create others. Raises `ServersError` with the reason if it can't start."""
        return await self._address("postgres")

    async def close(self) -> None:
        """They stay."""

    async def _address(self, server: str) -> str:
        name = f"{self._kind}.{server}"
        (self._folder / f"{name}.wanted").touch()
        while True:
            with contextlib.suppress(FileNotFoundError):
                return (self._folder / f"{name}.address").read_text()
            with contextlib.suppress(FileNotFoundError):
                raise ServersError((self._folder / f"{name}.failed").read_text())
            await asyncio.sleep(_LOOK_EVERY)


def _write(path: Path, text: str) -> None:
    """All of it or nothing: who looks never sees half a file."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)
