"""A server under guard: its folder is locked, its output kept, and it never outlives its owner."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_GUARD = Path(__file__).with_name("guard.py")
_BECOME = Path(__file__).with_name("become.py")
_TAIL = 3000
_HANDOVER_SECONDS = 20.0
_LOOK_SECONDS = 0.1
_ALIVE_SECONDS = 1.0  # an owner that was killed this instant may still look alive


class EmbeddedError(Exception):
    """An embedded server can't run; the message says why, with the end of its log."""


class FolderInUseError(EmbeddedError):
    """A living process runs a server in this folder already."""

    def __init__(self, folder: Path, owner: int) -> None:
        super().__init__(f"{folder} is in use by process {owner}; stop that one, or choose another folder")
        self.folder = folder
        self.owner = owner


@dataclass(frozen=True, kw_only=True, slots=True)
class Guarded:
    """What to run. `stop_signal` asks it to end, `death_signal` ends it when its guard is killed; `grace` is seconds.

    `user` is whom it runs as, `-` as we do.
    """

    command: Sequence[str]
    stop_signal: signal.Signals
    death_signal: signal.Signals
    grace: float
    user: str = "-"


class GuardedProcess:
    """One server in one folder. `start` returns at once: wait with `ready`. `started`: it was, at some time."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.log = folder / "server.log"
        self._pid_file = folder / "server.pid"
        self._guard: subprocess.Popen[bytes] | None = None
        self.started = False

    @property
    def running(self) -> bool:
        """Whether the server was started and has not ended."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def pid(self) -> int:
        """The server's process id (not the guard's). Raises `EmbeddedError` if it doesn't run."""
        try:
            return int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            raise EmbeddedError(f"{self.name} doesn't run in {self.folder}") from None

    @property
    def guard_pid(self) -> int:
        """The guard's process id. Raises `EmbeddedError` if it doesn't run."""
        if self._guard is None:
            raise EmbeddedError(f"{self.name} doesn't run in {self.folder}")
        return self._guard.pid

    def start(self, what: Guarded, lock: int) -> None:
        """Start the server. `lock` is what `lock_folder` gave; it is closed here, the server holds it from now on."""
        arguments = [
            *(str(os.getpid()), str(lock), str(int(what.stop_signal)), str(what.grace), str(self._pid_file)),
            *as_user(what.user, int(what.death_signal), "GUARD_PID"),
            *what.command,
        ]
        self.started = True
        self._pid_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal must reach the services before their database.
            self._guard = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, "-I", "-S", str(_GUARD), *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                start_new_session=True,
                cwd=self.folder,
            )
        os.close(lock)

    async def ready(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `is_ready()`. Raises `EmbeddedError` if the server ends before, or takes longer than `seconds`."""
        until = time.monotonic() + seconds
        while not is_ready():
            if not self.running:
                raise EmbeddedError(f"{self.name} ended while it started. The end of {self.log}:\n{self.tail()}")
            if time.monotonic() > until:
                await self.stop()
                raise EmbeddedError(f"{self.name} was not ready in {seconds:.0f} s. {self.log}:\n{self.tail()}")
            await asyncio.sleep(0.02)

    async def ended(self) -> None:
        """Returns once the server has ended, whoever ended it."""
        while self.running:  # noqa: ASYNC110 - another process ends: nobody sets an event
            await asyncio.sleep(_LOOK_SECONDS)

    async def stop(self) -> None:
        """Stop the server and wait until it is gone; does nothing if it doesn't run."""
        guard, self._guard = self._guard, None
        if guard is None:
            return
        if guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                guard.stdin.close()
        await asyncio.to_thread(guard.wait)

    async def kill(self) -> None:
        """End the server as a crash would (SIGKILL), for tests of what a crash does."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
        await self.stop()

    def tail(self) -> str:
        """The end of the server's output."""
        return self.log.read_text(errors="replace")[-_TAIL:] if self.log.exists() else ""


def as_user(user: str, death_signal: int, parent: str) -> list[str]:
    """What to put before a command so that it runs as `user` (`-`: as we do) and ends with its parent."""
    return [sys.executable, "-I", "-S", str(_BECOME), user, str(death_signal), parent]


async def lock_folder(folder: Path, *, ours: bool = False) -> int:
    """Create `folder` if needed and lock it; returns the lock's file descriptor.

    After a crash its server needs a moment to end: that is waited for, if its owner is dead, or if it is `ours` that
    crashed. Raises `FolderInUseError` if the owner is alive.
    """
    lock = _lock_file(folder)
    since = time.monotonic()
    while not _locked(lock):
        owner = int(os.pread(lock, 20, 0) or b"0")
        patience = _ALIVE_SECONDS if not ours and _alive(owner) else _HANDOVER_SECONDS
        if time.monotonic() - since > patience:
            os.close(lock)
            raise FolderInUseError(folder, owner)
        await asyncio.sleep(0.05)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _lock_file(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_ports(count: int) -> list[int]:
    """TCP ports of the loopback interface that are free now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def accepts(port: int) -> bool:
    """Whether something listens on this port of the loopback interface."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True
