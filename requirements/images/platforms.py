"""Prints pip's options for the wheels of another machine, as Docker names it: `platforms.py arm64`.

It has the same Linux as this one: the versions of the C library that count are those that count here.
"""

import platform
import sys

from packaging.tags import platform_tags

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def options(machine: str) -> list[str]:
    """An option for each tag of wheels that run there, the best first."""
    return [f"--platform={tag.removesuffix(platform.machine())}{MACHINES[machine]}" for tag in platform_tags()]


if __name__ == "__main__":
    sys.stdout.write(" ".join(options(sys.argv[1])) + "\n")
