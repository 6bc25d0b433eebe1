"""Which Kafka and PostgreSQL a command talks to.

Addresses in the environment win (`RELEVO_KAFKA`, `RELEVO_POSTGRES`). Without them a command finds the system that
`relevo up` runs in the data folder; its addresses are in a file there while it runs.
"""

import os
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct
from pydantic import SecretStr

from relevo_cli.errors import CommandError
from relevo_runtime.settings import RuntimeSettings

DATA = Path(".relevo")
SERVER = "RELEVO_SERVER"
"""The variable with the address of the control API."""
_FILE = "running.json"


class Running(Struct, frozen=True, kw_only=True):
    """Where the parts of a running system listen, as `relevo up --json` prints it."""

    pid: int
    data: str
    kafka: str
    postgres: str
    ingest: str
    mail: str
    mail_folder: str
    sms: str
    sandbox: str
    logs: str
    speed: float
    clock_origin: str
    clock_anchor: float
    clock_file: str = ""
    tasks: str = ""
    control: str = ""
    admin: dict[str, str] = {}


def announce(data: Path, running: Running) -> None:
    """Leave the addresses of a running system in its data folder."""
    target = data / _FILE
    draft = target.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(running))
    draft.replace(target)


def withdraw(data: Path) -> None:
    """The system is no longer running."""
    (data / _FILE).unlink(missing_ok=True)


def running(data: Path) -> Running | None:
    """The system that runs in `data`, if there is one."""
    try:
        found = msgspec.json.decode((data / _FILE).read_bytes(), type=Running)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None
    return found if psutil.pid_exists(found.pid) else None


def control_url() -> str:
    """The address that the environment names; empty: commands work on the database."""
    return os.environ.get(SERVER, "").strip().rstrip("/")


def settings(data: Path = DATA) -> RuntimeSettings:
    """The runtime's settings with the addresses that apply.

    Raises `CommandError` where a control API is to be used: what needs these can't be done through it.
    """
    if url := control_url():
        raise CommandError(
            f"this needs the database, and is not among what the control API does; leave {url} out (--server, {SERVER})"
        )
    return RuntimeSettings(**of_system(running(data)))  # type: ignore[arg-type]  # pydantic checks each value


def public_url(data: Path = DATA) -> str:
    """Where customers and platforms reach ingest: what the environment says, else the system that runs here."""
    found = running(data)
    if "RELEVO_PUBLIC_URL" in os.environ or found is None:
        return RuntimeSettings().public_url
    return found.ingest


def of_system(found: Running | None) -> dict[str, object]:
    """Which settings commands take from the system that runs, by field: those that the environment doesn't give."""
    given: dict[str, object] = {}
    if found is None:
        return given
    if "RELEVO_KAFKA" not in os.environ:
        given["kafka"] = found.kafka
    if "RELEVO_POSTGRES" not in os.environ:
        given["postgres"] = SecretStr(found.postgres)
    # Its clock is that of its data: another database has its own.
    same = os.environ.get("RELEVO_POSTGRES", found.postgres) == found.postgres
    if same and found.clock_origin and "RELEVO_CLOCK_SPEED" not in os.environ:
        given |= {
            "clock_speed": found.speed,
            "clock_origin": found.clock_origin,
            "clock_anchor": found.clock_anchor,
            "clock_file": found.clock_file or None,
        }
    return given
