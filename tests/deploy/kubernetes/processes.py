"""The processes of a cluster: started with a log each, waited for, and ended with the test."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path


class NotStarted(Exception):  # noqa: N818 - it is what has happened
    """A process has ended, or does not answer. Has the end of its log."""


class Processes:
    """Processes by their name, ended in the opposite order; `folder` has their logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
        program = shutil.which(command[0], path=search_path())
        assert program is not None, f"{command[0]} is not there, which run.sh has looked for"
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | (environment or {}) | {"PATH": search_path()},
            )

    def wait(self, name: str, answers: Callable[[], bool], seconds: float = 180) -> None:
        """Return once it answers. A machine that is busy takes long: the limit only ends what hangs."""
        end = time.monotonic() + seconds
        while not answers():
            if self._running[name].poll() is not None or time.monotonic() > end:
                raise NotStarted(f"{name} does not run:\n{self.log(name)}")
            time.sleep(0.3)

    def log(self, name: str, characters: int = 3000) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-characters:]

    def end(self) -> None:
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def search_path() -> str:
    """Where programs are looked for: KUBERNETES_BIN first, and the folders of the system's own."""
    own = os.environ.get("KUBERNETES_BIN", "")
    return os.pathsep.join([*([own] if own else []), os.environ["PATH"], "/usr/local/sbin", "/usr/sbin", "/sbin"])


def succeeds(*command: str) -> bool:
    """Whether a command ends with 0 within seconds."""
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=20, env=os.environ | {"PATH": search_path()}
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
