"""Schemathesis on an OpenAPI document against a running application, as a command of its own within bounds."""

import asyncio
import copy
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIMIT = 300.0
"""Seconds after which a run that hangs is ended; it is not a measure."""


async def fuzz(document: Mapping[str, Any], url: str, *, cases: int, headers: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of a run, which is 0 if nothing was answered by a 5xx, and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "openapi.json"
        file.write_text(json.dumps(document))
        given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", str(file), "--url", url, *given),
            *("--checks", "not_a_server_error", "--max-examples", str(cases), "--phases", "examples,coverage,fuzzing"),
            *("--generation-database", "none", "--suppress-health-check", "all", "--no-shrink", "--no-color"),
            *("--continue-on-failure", "--warnings", "off"),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), LIMIT)
        except TimeoutError:
            process.kill()
            raise
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")


def narrowed(document: Mapping[str, Any], values: Mapping[str, list[str]], most: int) -> dict[str, Any]:
    """The document with parameters that have one of `values`, and no more than `most` alternatives of a schema.

    With the eighty types of events as alternatives the generator would make nothing else.
    """
    found: dict[str, Any] = copy.deepcopy(dict(document))
    _narrow(found, values, most)
    return found


def _narrow(node: Any, values: Mapping[str, list[str]], most: int) -> None:
    if isinstance(node, list):
        for one in node:
            _narrow(one, values, most)
    if not isinstance(node, dict):
        return
    if "in" in node and node.get("name") in values:
        node["schema"] = {"type": "string", "enum": values[node["name"]]}
    for name in ("oneOf", "anyOf"):
        if isinstance(node.get(name), list):
            node[name] = node[name][:most]
    for one in node.values():
        _narrow(one, values, most)
