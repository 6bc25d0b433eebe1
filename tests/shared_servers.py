"""One Kafka and one PostgreSQL for all worker processes of a test run.

The process that starts the workers (pytest-xdist's controller) owns the servers: they start when a worker first asks
for one and stop when the run ends, also by Ctrl-C; if the controller is killed their guards stop them. Workers and
controller meet in a folder: `<server>.wanted`, then `<server>.address` or `<server>.failed`.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from tests.platforms import EmbeddedPlatform

SERVERS = ("kafka", "postgres")
_LOOK_EVERY = 0.05


class ServerHost:
    """The controller's part: starts what workers ask for, in a thread of its own, until it is closed."""

    def __init__(self, folder: Path, platform: Callable[[], EmbeddedPlatform] = EmbeddedPlatform) -> None:
        self._folder = folder
        self._platform = platform
        self._closing = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="servers of the tests")
        self._thread.start()

    def close(self) -> None:
        """Stops the servers and waits until they are gone."""
        self._closing.set()
        self._thread.join()

    async def _serve(self) -> None:
        platform = self._platform()
        starting: dict[str, asyncio.Task[None]] = {}
        try:
            while not self._closing.is_set():
                for server in SERVERS:
                    if server not in starting and (self._folder / f"{server}.wanted").exists():
                        starting[server] = asyncio.create_task(self._start(platform, server))
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            await asyncio.gather(*starting.values(), return_exceptions=True)
            await platform.close()

    async def _start(self, platform: EmbeddedPlatform, server: str) -> None:
        try:
            address = await (platform.kafka() if server == "kafka" else platform.postgres())
        except Exception as error:  # noqa: BLE001  # the workers that wait for it are told, whatever it is
            _write(self._folder / f"{server}.failed", f"{type(error).__name__}: {error}")
        else:
            _write(self._folder / f"{server}.address", address)


class SharedPlatform:
    """A worker's part: the servers of the controller. They stay when the worker ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def kafka(self) -> str:
        return await self._address("kafka")

    async def postgres(self) -> str:
        return await self._address("postgres")

    async def close(self) -> None:
        return None

    async def _address(self, server: str) -> str:
        """Asks for the server and waits until it is there. Raises `RuntimeError` with the reason if it can't start."""
        (self._folder / f"{server}.wanted").touch()
        while True:
            with contextlib.suppress(FileNotFoundError):
                return (self._folder / f"{server}.address").read_text()
            with contextlib.suppress(FileNotFoundError):
                raise RuntimeError((self._folder / f"{server}.failed").read_text())
            await asyncio.sleep(_LOOK_EVERY)


def _write(path: Path, text: str) -> None:
    """All of it or nothing: who looks never sees half a file."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)
