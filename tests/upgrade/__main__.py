"""`python -m tests.upgrade FOLDER`: an upgrade from the release that is set up in FOLDER; see `playing`."""

import asyncio
import json
import sys
from pathlib import Path

from msgspec import to_builtins

from tests.upgrade.playing import played
from tests.upgrade.releases import previous


def main(folder: str) -> int:
    """The exit code."""
    result = asyncio.run(played(previous(Path(folder))))
    sys.stdout.write(json.dumps(to_builtins(result)) + "\n")
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
