"""What the settings listing says of a system that runs here, and how errors of files are told."""

import asyncio
import errno
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import msgspec
import pytest

from relevo_cli.addresses import DATA, Running, announce
from relevo_cli.explain import describe_error

SOCKET = "postgresql://relevo@/relevo?host=/tmp/sockets&port=5432"
PLACES = dict.fromkeys(("data", "ingest", "mail", "mail_folder", "sms", "sandbox", "logs"), "")


async def relevo_in(folder: Path, *arguments: str, stdout: int = PIPE, **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command that is run in `folder`."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relevo_cli", *arguments),
        cwd=folder,
        env={**surroundings, **environment},
        stdin=DEVNULL,
        stdout=stdout,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, (out or b"").decode(), err.decode()


def runs_in(folder: Path, postgres: str = SOCKET) -> None:
    """A system seems to run in the data folder of `folder`."""
    clock = {"speed": 60.0, "clock_origin": "2031-05-01T00:00:00Z", "clock_anchor": 1_700_000_000.0}
    here = {"pid": os.getpid(), "kafka": "127.0.0.1:9", "postgres": postgres}
    (folder / DATA).mkdir()
    announce(folder / DATA, msgspec.convert({**here, **PLACES, **clock}, Running))


async def test_addresses_of_the_system_that_runs_here_are_shown_with_where_they_come_from(tmp_path: Path) -> None:
    runs_in(tmp_path)
    code, out, err = await relevo_in(tmp_path, "settings")
    assert code == 0, err
    assert out.startswith(f"`relevo up` runs here (process {os.getpid()}): commands use what is marked")
    assert "\nRELEVO_KAFKA = 127.0.0.1:9 (from .relevo; default: 127.0.0.1:9092)\n" in out
    assert f"\nRELEVO_POSTGRES = {SOCKET} (from .relevo" in out
    assert "\nRELEVO_CLOCK_SPEED = 60.0 (from .relevo; default: 1.0)\n" in out
    assert "\nRELEVO_PARTITIONS = 12\n" in out


async def test_the_environment_wins_and_passwords_never_show(tmp_path: Path) -> None:
    runs_in(tmp_path, "postgresql://relevo:hush@db.example.com/relevo")
    _, out, _ = await relevo_in(tmp_path, "settings", "--json", RELEVO_KAFKA="kafka.example.com:9092")
    entries = {one["variable"]: one for one in json.loads(out)["every service"]}
    assert (entries["RELEVO_KAFKA"]["value"], entries["RELEVO_KAFKA"]["source"]) == (
        "kafka.example.com:9092",
        "environment",
    )
    assert (entries["RELEVO_POSTGRES"]["value"], entries["RELEVO_POSTGRES"]["source"]) == ("********", ".relevo")
    assert entries["RELEVO_PARTITIONS"]["source"] == "default"
    assert "hush" not in out


async def test_without_a_system_only_the_environment_and_the_defaults_count(tmp_path: Path) -> None:
    _, out, _ = await relevo_in(tmp_path, "settings")
    assert "relevo up` runs here" not in out
    assert "\nRELEVO_KAFKA = 127.0.0.1:9092\n" in out


async def test_a_full_disk_is_told_as_such_and_once(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        code, _, err = await relevo_in(tmp_path, "settings", "--json", stdout=full)
    finally:
        os.close(full)
    assert code == 2
    assert err == "relevo: No space left on device; the disk is full: make room on it\n"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device; the disk is full"),
        (OSError(errno.ENOSPC, "No space left on device", "a.svg"), "a.svg: No space left on device; the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "may not read or write there"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x/a.svg"), "x/a.svg: No such file; choose another file"),
        (ExceptionGroup("two", [OSError(errno.EROFS, "Read-only file system", "a")]), "a: Read-only file system"),
    ],
)
def test_errors_of_files_are_not_taken_for_those_of_the_network(error: BaseException, sentence: str) -> None:
    said = describe_error(error) or ""
    assert sentence in said
    assert "RELEVO_KAFKA" not in said


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "refused"), OSError(errno.EHOSTUNREACH, "no route")])
def test_errors_of_the_network_still_ask_for_the_address(error: OSError) -> None:
    assert "is the address right? Set RELEVO_KAFKA" in (describe_error(error) or "")
