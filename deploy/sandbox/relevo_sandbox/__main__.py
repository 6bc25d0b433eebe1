"""`python -m relevo_sandbox`: run the sandbox until it is told to stop, or its parent is gone."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from relevo_sandbox.faults import Faults
from relevo_sandbox.sandbox import parent_gone, run_sandbox


def main() -> int:
    """Parse the options and run. The first line of output is JSON: where everything listens."""
    parser = argparse.ArgumentParser(prog="relevo_sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=2525, help="0: any free port")
    parser.add_argument("--http-port", type=int, default=8026, help="0: any free port")
    parser.add_argument("--folder", type=Path, default=Path(".relevo/sandbox"), help="where the messages are kept")
    parser.add_argument("--faults", default="{}", help="JSON of the failures to play; see relevo_sandbox/faults.py")
    parser.add_argument("--token", default="", help="the token that the APIs want; empty accepts every token")
    parser.add_argument("--watch-parent", action="store_true", help="end when the parent process is gone")
    options = parser.parse_args()
    try:
        faults = msgspec.json.decode(options.faults, type=Faults)
    except msgspec.DecodeError as error:
        parser.error(f"--faults is not a set of faults: {error}")
    loop = _loop()
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_run(options, faults))
    return 0


async def _run(options: argparse.Namespace, faults: Faults) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait())]
    if options.watch_parent:
        waiting.append(asyncio.create_task(parent_gone()))
    async with run_sandbox(
        options.folder,
        host=options.host,
        smtp_port=options.smtp_port,
        http_port=options.http_port,
        faults=faults,
        token=options.token,
    ) as sandbox:
        ready = {
            "smtp": sandbox.smtp_port,
            "http": sandbox.http_port,
            "url": sandbox.url,
            "folder": str(options.folder),
        }
        sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
        sys.stdout.flush()
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()


def _loop() -> "type[asyncio.AbstractEventLoop] | None":
    """The loop of uvloop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415  # optional: the sandbox runs without it
    except ImportError:
        return None
    loop: type[asyncio.AbstractEventLoop] = uvloop.Loop
    return loop


if __name__ == "__main__":
    raise SystemExit(main())
