"""Runs the relevo command as a person would: as a process of its own."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any

import psutil

from tests.e2e import commands

ROOT = Path(__file__).resolve().parents[2]


async def relevo(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command, run in the checkout."""
    with tempfile.TemporaryDirectory(prefix="relevo-command-") as folder:
        return await commands.run(arguments, surroundings() | environment, ROOT, Path(folder))


async def relevo_from_nothing(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """The same in a process that Python starts anew, for commands that start processes themselves."""
    process = await start(*arguments, **environment)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def start(*arguments: str, **environment: str) -> Process:
    """The command as a running process; the addresses of the surroundings are not passed on."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relevo_cli", *arguments),
        cwd=ROOT,
        env=surroundings() | environment,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


def surroundings() -> dict[str, str]:
    """The environment without the addresses of a system that runs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")}


async def started(process: Process) -> dict[str, Any]:
    """What `relevo up --json` prints once everything listens. Fails with its errors if it ends instead."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = await process.stdout.readline()
    if not line:
        raise AssertionError((await process.stderr.read()).decode())
    found: dict[str, Any] = json.loads(line)
    return found


async def stopped(process: Process) -> int:
    """Ctrl-C, then the exit code."""
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode is not None
    return process.returncode


def family(process: Process) -> list[psutil.Process]:
    """The processes that this one started, and those that they started."""
    return psutil.Process(process.pid).children(recursive=True)


async def gone(processes: list[psutil.Process]) -> None:
    """Waits until all have ended; the test's own timeout is the limit."""
    while [one for one in processes if _alive(one)]:
        await asyncio.sleep(0.1)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
