"""A small disk of its own for a server, which can be full for a while. Needs the right to mount (root on Linux)."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

SIZE = "1500m"
PIECE = 65536
RUN_UP = 32 * 1024 * 1024
"""What others may write while the disk is being filled."""


class Disk:
    """A folder on a disk of its own, or a plain one where none can be had."""

    def __init__(self, folder: Path, *, own: bool) -> None:
        self.folder = folder
        self.own = own

    async def full_for(self, seconds: float) -> None:
        """Let nothing more fit on it for a while."""
        ballast = self.folder / "ballast"
        try:
            await asyncio.to_thread(self._fill, ballast)
            await asyncio.sleep(seconds)
        finally:
            ballast.unlink(missing_ok=True)

    def _fill(self, ballast: Path) -> None:
        """Until it is full, whoever else writes meanwhile."""
        free = os.statvfs(self.folder)
        with ballast.open("wb", buffering=0) as file:
            os.posix_fallocate(file.fileno(), 0, max(PIECE, free.f_bavail * free.f_frsize - RUN_UP))
            file.seek(0, os.SEEK_END)
            with contextlib.suppress(OSError):
                while file.write(bytes(PIECE)):
                    pass


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """A disk at `folder` while the block runs; `own` says whether it could be had."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", str(folder)]
    own = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield Disk(folder, own=own)
    finally:
        if own:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
