"""Runs one server and stops it when its owner is gone, even by kill -9. A script of its own: standard library only.

    python -I -S guard.py OWNER_PID LOCK_FD STOP_SIGNAL GRACE_SECONDS PID_FILE COMMAND …

- The owner holds the write end of this process's standard input: end of file means that the owner is gone, or that
  it wants the server to stop. The owner's pid is looked at too, in case a child of the owner inherited that pipe.
- LOCK_FD carries the flock of the data folder; the server inherits it, so the folder is free only when both are gone.
- `GUARD_PID` in the command is replaced by this process's id.
"""

import contextlib
import os
import select
import signal
import sys
import time
from pathlib import Path


def _start(command: list[str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(command[0], command)  # noqa: S606 - no shell is what we want
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error}\n".encode())
    os._exit(127)


def _ended(pid: int, seconds: float) -> int | None:
    """The exit code of `pid` if it ends within `seconds`."""
    until = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.02)


def _stop(pid: int, stop_signal: int, grace: float) -> int:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
    code = _ended(pid, grace)
    if code is not None:
        return code
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _watch(pid: int, owner: int, wake: int) -> int | None:
    """Wait until the server ended (its exit code) or has to stop (None)."""
    while True:
        code = _ended(pid, 0)
        if code is not None:
            return code
        ready, _, _ = select.select([0, wake], [], [], 1.0)
        if 0 in ready and not os.read(0, 1):
            return None
        if wake in ready and signal.SIGTERM in os.read(wake, 64):
            return None
        if os.getppid() != owner:
            return None


def main(arguments: list[str]) -> int:
    """Run the command until it ends or its owner does; returns its exit code (128 + n for a signal n)."""
    owner, lock, stop_signal = (int(text) for text in arguments[:3])
    grace, pid_file = float(arguments[3]), Path(arguments[4])
    command = [str(os.getpid()) if text == "GUARD_PID" else text for text in arguments[5:]]
    os.set_inheritable(lock, True)
    wake, wake_end = os.pipe()
    os.set_blocking(wake_end, False)
    signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    pid = _start(command)
    pid_file.write_text(str(pid))
    code = _watch(pid, owner, wake)
    if code is None:
        code = _stop(pid, stop_signal, grace)
    pid_file.unlink(missing_ok=True)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
