"""`relevo diagram`: workflows as pictures that a person can read."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import LIBRARY, load_folder, need_folders
from relevo_workflow.diagram import Diagram, diagram_of, mermaid_page, render_mermaid, render_svg


class Format(StrEnum):
    """What a diagram can be."""

    MERMAID = "mermaid"
    SVG = "svg"


class DrawnWorkflow(Struct, frozen=True):
    """The files of one workflow; `changed` are those that were not so already."""

    workflow: str
    files: list[str]
    changed: list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diagram")(diagram)


def diagram(
    path: Annotated[Path, typer.Argument(help="A workflow folder, or a folder of workflow folders.")] = LIBRARY,
    kind: Annotated[Format, typer.Option("--format", help="Mermaid text or an SVG picture.")] = Format.MERMAID,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file; default: standard output.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write diagram.svg and diagram.md into each workflow's folder.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --write: print one JSON document.")] = False,
) -> None:
    """Draw a workflow, with its waits and conditions in words."""
    folders = need_folders(path)
    if write:
        _print([_write(folder) for folder in folders], as_json=as_json)
        return
    if len(folders) > 1:
        raise CommandError(f"{path} has {len(folders)} workflows: name one, or use --write to draw them all")
    made = diagram_of(load_folder(folders[0]).definition)
    text = _text(made, kind, output)
    if output is None:
        sys.stdout.write(text)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")


def drawings(folder: Path) -> dict[str, str]:
    """The text of each drawing of a workflow by its name inside the folder."""
    made = diagram_of(load_folder(folder).definition)
    return {"diagram.svg": render_svg(made), "diagram.md": mermaid_page(made)}


def _text(made: Diagram, kind: Format, output: Path | None) -> str:
    if kind is Format.SVG:
        return render_svg(made)
    return mermaid_page(made) if output is not None and output.suffix == ".md" else render_mermaid(made)


def _write(folder: Path) -> DrawnWorkflow:
    changed = []
    wanted = drawings(folder)
    for name, text in wanted.items():
        file = folder / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            changed.append(file.as_posix())
    return DrawnWorkflow(folder.name, [(folder / name).as_posix() for name in wanted], changed)


def _print(written: list[DrawnWorkflow], *, as_json: bool) -> None:
    if as_json:
        print_json(written)
        return
    for one in written:
        what = f"wrote {', '.join(one.changed)}" if one.changed else "is drawn as it is"
        out().print(f"{one.workflow}  {what}", markup=False)
