"""A release of Relevo that is set up in a folder, and what is asked of it: by its own Python, in its own words."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
from msgspec import Struct

from relevo_cli.child import Spec
from tests.e2e.machine import ROOT

HERE = Path(__file__).parent


class FailedError(Exception):
    """A program of a release ended with an error."""


class Release(Struct, frozen=True):
    """A release by name, with its files and the Python that has it installed."""

    name: str
    folder: Path
    python: str

    async def relevo(self, *arguments: str) -> str:
        """What its command prints. Raises `FailedError`."""
        return await self._output("-m", "relevo_cli", *arguments)

    async def specs(self, data: Path, smtp: int, sandbox: int) -> dict[str, Spec]:
        """How it starts its services, each on free ports, by name."""
        said = await self._output(str(HERE / "starts.py"), str(data), str(smtp), str(sandbox))
        found = msgspec.json.decode(said, type=list[Spec], dec_hook=lambda kind, value: kind(value))
        return {one.name: one for one in found}

    async def unprepared(self) -> list[str]:
        """Its statements that the database does not understand, each with the reason."""
        found: list[str] = json.loads(await self._output(str(HERE / "statements.py")))
        return found

    async def _output(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(self.python, "-P", *arguments), cwd=self.folder, env=os.environ, stdout=PIPE, stderr=PIPE
        )
        out, err = await process.communicate()
        if process.returncode:
            raise FailedError(f"{self.name}: {' '.join(arguments)}: {err.decode()}{out.decode()}")
        return out.decode()


THIS = Release("this", ROOT, sys.executable)


def previous(folder: Path) -> Release:
    """The one that `run.sh` has set up in a folder."""
    return Release("previous", folder, str(folder.absolute() / ".venv" / "bin" / "python"))
