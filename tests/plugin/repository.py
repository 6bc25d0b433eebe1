"""A shop's repository in a folder of its own, and pytest in it as a shop would run it."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.e2e import commands
from tests.e2e.machine import ROOT, surroundings

EXAMPLE = ROOT / "testing" / "example"
INIT = ("--platform", "shopify", "--languages", "en", "--flows", "abandoned-cart,order-status", "--yes")
"""As testing/example/README.md has it."""
SECONDS = 280
"""A limit for a run that hangs."""


async def made(folder: Path) -> Path:
    """What `relevo init` makes, and what the example adds."""
    shop = folder / "casa-luna"
    outputs = folder / "outputs"
    outputs.mkdir()
    code, _, err = await commands.run(("init", shop.name, *INIT), surroundings(), folder, outputs)
    assert code == 0, err
    shutil.copytree(EXAMPLE, shop, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    return shop


def begun(folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """pytest as a process of its own, in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *quiet(arguments)],
        cwd=folder,
        env=surroundings() | {"PYTHONUNBUFFERED": "1"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and output of pytest."""
    process = begun(folder, *arguments, **environment)
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        printed, _ = process.communicate()
    return process.returncode, printed


def quiet(arguments: Sequence[str]) -> list[str]:
    """Without the plugins that a shop need not have."""
    without = [option for name in ("asyncio", "timeout") for option in ("-p", f"no:{name}")]
    return ["-p", "no:cacheprovider", *without, *arguments]


def environment_of(kafka: str, postgres: str) -> dict[str, str]:
    """The servers of these tests, for who is told `--relevo-servers=given`."""
    return {"RELEVO_KAFKA": kafka, "RELEVO_POSTGRES": postgres}
