"""Runs commands of `relevo` in processes that have imported everything already.

Each command is a process of its own, with its arguments, environment, folder, outputs and exit code. It is forked
from a server that has imported the command's modules, which would cost each process a second. What a start from nothing
imports is tested in tests/cli/test_overview.py, and whole systems are started as a person starts them.
"""

import asyncio
import io
import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from relevo_cli.main import COMMANDS, main, module_of

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.e2e.commands", *map(module_of, COMMANDS)])


async def run(
    arguments: tuple[str, ...], environment: dict[str, str], cwd: Path, outputs: Path
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command; `outputs` is a folder of its own for it."""
    files = (outputs / "out", outputs / "err")
    process = _CONTEXT.Process(target=_command, args=(arguments, environment, cwd, *files), daemon=False)
    process.start()
    try:
        code = await _ended(process)
    finally:
        if process.is_alive():  # the test was given up
            process.kill()
    return code, files[0].read_text(), files[1].read_text()


async def _ended(process: ForkServerProcess) -> int:
    """Waits without a thread, so that a test that times out leaves none."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _command(arguments: Sequence[str], environment: dict[str, str], cwd: Path, out: Path, err: Path) -> None:
    """In the forked process: become the command."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for number, path, flags in (
        (0, Path(os.devnull), os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False))
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8")
    errors = io.BufferedWriter(io.FileIO(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(errors, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.argv = ["relevo", *arguments]
    try:
        main()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
