"""`relevo docs`: write the documents that are generated from the code."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from relevo_cli.console import out
from relevo_cli.errors import CommandError
from relevo_cli.event_catalogue import catalogue
from relevo_cli.metric_reference import metric_reference
from relevo_cli.port_reference import port_reference
from relevo_cli.service_settings import sections
from relevo_cli.step_reference import step_reference
from relevo_cli.typescript import event_types
from relevo_cli.workflow_files import load_folders
from relevo_contracts.payloads import EVENT_TYPES
from relevo_contracts.schemas import asyncapi, event_schema
from relevo_control.entrypoints.openapi import openapi as openapi_control
from relevo_engine.entrypoints.openapi import openapi as openapi_tasks
from relevo_ingest.entrypoints.openapi import openapi as openapi_ingest
from relevo_runtime.settings import Setting
from relevo_workflow import Definition, policy_schema, workflow_schema

_SETTINGS_HEAD = """# Settings

Every service reads its settings from the environment, once, at the start. Written by `relevo docs`; `relevo settings`
prints the same with the values that hold now.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("docs")(docs)


def docs(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("docs"),
    library: Annotated[Path, typer.Option(help="The workflows whose use of events is told.")] = Path("workflows"),
    types: Annotated[Path, typer.Option(help="Where the types of the TypeScript client go.")] = Path(
        "clients/typescript/src/events.ts"
    ),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a document is out of date.")] = False,
) -> None:
    """Write the schemas, AsyncAPI and OpenAPI documents, types, pages of events, settings, metrics, steps and ports."""
    named = documents([one.definition for one in load_folders(library)])
    wanted = {**{folder / name: text for name, text in named.items()}, types: event_types()}
    stale = [path for path, text in wanted.items() if _read(path) != text]
    gone = [path for path in (folder / "schemas").glob("*.json") if path not in wanted]
    if check:
        if stale or gone:
            names = ", ".join(sorted(str(path) for path in stale + gone))
            raise CommandError(f"out of date: {names}; run `relevo docs` and commit the result")
        return
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for path in gone:
        path.unlink()
    out().print(f"{len(wanted)} documents in {folder}: {len(stale)} written, {len(gone)} removed")


def documents(library: Sequence[Definition]) -> dict[str, str]:
    """The text of every generated document by its path inside the folder."""
    schemas = {f"schemas/{name}.json": _json(event_schema(name)) for name in EVENT_TYPES}
    return {
        **schemas,
        "workflow.schema.json": _json(workflow_schema()),
        "policy.schema.json": _json(policy_schema()),
        "asyncapi.yaml": _yaml(asyncapi()),
        "openapi-ingest.json": _json(openapi_ingest()),
        "openapi-tasks.json": _json(openapi_tasks()),
        "openapi-control.json": _json(openapi_control()),
        "event-catalogue.md": catalogue(library),
        "metrics.md": metric_reference(),
        "settings.md": _settings(sections()),
        "steps.md": step_reference(),
        "ports.md": port_reference(),
    }


def _settings(listing: dict[str, list[Setting]]) -> str:
    parts = [_SETTINGS_HEAD]
    for section, entries in listing.items():
        title = section if section == "every service" else f"{section} adds"
        rows = [f"| `{one.variable}` | {_cell(one.meaning)} | {_default(one)} |" for one in entries]
        parts.append(
            "\n".join([f"## {title.capitalize()}\n", "| variable | meaning | default |", "|---|---|---|", *rows])
        )
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _default(setting: Setting) -> str:
    return f"`{setting.default}`" if setting.default else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _yaml(document: dict[str, Any]) -> str:
    writer = YAML(typ="rt")
    writer.width = 120
    text = io.StringIO()
    writer.dump(document, text)
    return "# Written by `relevo docs` from relevo_contracts.\n" + text.getvalue()


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
