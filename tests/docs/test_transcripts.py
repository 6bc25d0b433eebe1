"""Every command of README.md and docs/*.md is tried as it stands, against one running system."""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.docs.transcripts import ROOT, Transcript, of_text, outside_containers, transcripts
from tests.e2e.machine import started, stopped

COMMAND_SECONDS = 60
NOT_TRIED = {
    "make run": "the demonstration, which tests/e2e/test_demo.py runs",
    "make test": "these tests",
    "make setup": "the environment of these tests",
    "make up": "it needs Docker; `make test-images` runs what it runs",
    "cd deploy": "it needs Docker; what the command does there is tried by `first_event`",
    "kubectl ": "it needs a cluster; `make kubernetes-test` does it on one",
    "helm ": "the same",
    "relevo up": "it runs already, on free ports",
    "relevo watch": "it goes on until Ctrl-C; tests/cli has it",
    "relevo events tail": "it goes on until Ctrl-C; tests/cli has it",
    "relevo explain --shop my-shop": "ada@example.com stands for a customer of one's own",
    "relevo import ": "it needs files of one's own; tests/cli has some",
    "relevo products tea p-1": "p-1 stands for a product of one's own",
    "relevo connect": "it needs a shop with an API; tests/cli has servers that speak them",
    "relevo coupons create": "it needs a shop that is connected; tests/e2e/test_coupons.py has one",
    "relevo shops move": "it needs a second cell; tests/e2e/test_cells.py has one",
    "relevo restore-check --repair": "no service may run; tests/chaos/restoring.py does it",
    "pg_dump ": "PostgreSQL's programs are not on everybody's PATH; tests/chaos/restoring.py runs them",
    "relevo unrecognised list": "w-1 stands for a webhook that was not recognised; tests/cli has one",
}
"""Commands, by their beginning, that can't be tried as they stand, and why."""
# An answer that refuses is a failure, whatever curl makes of it.
_PRELUDE = 'set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 20 "$@"; }\n'


CONTAINERS, KUBERNETES = "docs/containers.md", "docs/kubernetes.md"


def tried() -> list[Transcript]:
    return [one for one in transcripts() if not one.command.startswith(tuple(NOT_TRIED))] + [first_event(CONTAINERS)]


def first_event(page: str) -> Transcript:
    """How a page comes to the first event by the command in a container, as on this machine, for a shop of its own."""
    [found] = [one for one in transcripts() if one.page == page and " shops add tea " in one.command]
    return structs.replace(found, command=re.sub(r"\btea\b", "tea-of-containers", outside_containers(found.command)))


def test_what_is_not_tried_stands_in_a_document() -> None:
    commands = [one.command for one in transcripts()]
    assert [start for start in NOT_TRIED if not any(command.startswith(start) for command in commands)] == []


def test_commands_are_found_with_what_continues_them() -> None:
    text = (
        "```console\n$ one \\\n  --more\nsaid\n$ cat > f <<'END'\n{}\nEND\n$ two  # why\n```\n"
        "```json\n{}\n```\n```sh\nthree\nfour\n```\n"
    )
    found = [(one.line, one.command) for one in of_text("page", text)]
    assert found == [
        (2, "one \\\n  --more"),
        (5, "cat > f <<'END'\n{}\nEND"),
        (8, "two  # why"),
        (14, "three\nfour"),
    ]


def test_a_first_event_on_kubernetes_is_prepared_as_in_containers() -> None:
    """So that what is tried here of the one holds for the other, which `make kubernetes-test` runs."""
    containers, kubernetes = (first_event(page).command for page in (CONTAINERS, KUBERNETES))
    assert containers.startswith(kubernetes)
    assert "relevo deploy workflows/" in kubernetes


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """A folder with the library and the event that docs/events.md declares, and the system that runs there."""
    shutil.copytree(ROOT / "workflows", tmp_path / "workflows")
    declared = re.search(r"```json\n(.*?)```", (ROOT / "docs/events.md").read_text(encoding="utf-8"), re.DOTALL)
    assert declared is not None
    (tmp_path / "workflows/events").mkdir(exist_ok=True)
    (tmp_path / "workflows/events/custom.loyalty_reached.json").write_text(declared[1])
    command = (sys.executable, "-m", "relevo_cli", "up", "--json", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=environment(), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    up = await started(process)
    yield up
    await stopped(process)


def environment() -> dict[str, str]:
    """That of a person who has made the setup, and has set nothing of Relevo."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")}
    return {**own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"}


def here(command: str, up: dict[str, Any]) -> str:
    """The command with the addresses of this system instead of the usual ones."""
    addresses = {
        "8080": up["ingest"],
        "8081": up["tasks"].rsplit("/", 1)[0],
        "8082": up["sandbox"],
        "8083": up["control"],
        "8026": up["sandbox"],
    }
    return re.sub(r"http://127\.0\.0\.1:(808[0-3]|8026)\b", lambda found: addresses[found[1]], command)


async def run(command: str, folder: Path) -> tuple[int, str]:
    """Exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", _PRELUDE + command), cwd=folder, env=environment(), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
    )
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.timeout(900)
async def test_every_command_of_the_documents_does_what_it_says(tmp_path: Path, system: dict[str, Any]) -> None:
    failed = []
    for one in tried():
        code, said = await run(here(one.command, system), tmp_path)
        if code:
            failed.append(f"{one.place}: exit code {code}\n{one.command}\n{said}")
    assert not failed, "\n\n".join(failed)
    assert json.loads((tmp_path / "order.json").read_text())["id"] == 1001
