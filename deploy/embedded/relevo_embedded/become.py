"""Becomes another program, bound to the life of its parent and, if need be, as another user. Standard library only.

    python -I -S become.py USER DEATH_SIGNAL PARENT_PID COMMAND …

- USER, if not `-`, is whom the command runs as: PostgreSQL refuses to run as root.
- DEATH_SIGNAL, if not 0, is what Linux sends to the command when its parent dies (prctl(2), PR_SET_PDEATHSIG).
"""

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_LINUX = sys.platform.startswith("linux")


def become(name: str) -> None:
    """Change to the user `name`, on Linux keeping the one right to pass through folders that only root may enter."""
    user = pwd.getpwnam(name)
    libc = ctypes.CDLL(None) if _LINUX else None
    if libc is not None:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if libc is not None:
        bit = 1 << _CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        # Two triples of effective, permitted, inheritable; the capability is in the first 32 bits. Where a container
        # withholds it these calls fail without harm: then the folder's own permissions decide.
        sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
        libc.capset(header, sets)
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def die_with_parent(death_signal: int, parent: int) -> None:
    """Let the kernel end this process when its parent does (Linux). To be called after a change of user."""
    if _LINUX and death_signal:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent died while its child started")


def main(arguments: list[str]) -> None:
    """Turn this process into the command; returns only by an exception."""
    user, death_signal, parent, command = arguments[0], int(arguments[1]), int(arguments[2]), arguments[3:]
    if user != "-":
        become(user)
    die_with_parent(death_signal, parent)
    os.execv(command[0], command)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main(sys.argv[1:])
