"""A new workflow's files: what is to be written where, without anything that is there being written over."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from ruamel.yaml import YAML

from relevo_cli.authoring.sources import STARTER, shipped_library
from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import SEGMENTS, WORKFLOW, path_of, read_folder, read_policy, read_tests
from relevo_control.app.source_files import LAYOUTS
from relevo_workflow import NAME_PATTERN, workflow_schema

SCHEMA = "workflow.schema.json"
_NAMED = re.compile(r"^workflow:.*$", re.MULTILINE)
_SCHEMA_LINE = f"# yaml-language-server: $schema=../{SCHEMA}\n"
_NAMES_SEGMENT = r"""["']{name}["'] in customer\.segments|segment: *["']?{name}\b"""


class Scaffold(Struct, frozen=True):
    """A workflow to write: its folder, the text of each file, the shared files that are there already.

    `segments` are the rules that the workflow names and the `segments.yaml` that is there lacks.
    """

    folder: Path
    files: dict[Path, str]
    kept: tuple[Path, ...]
    segments: dict[str, str]


def scaffold(library: Path, name: str, source: Path = STARTER) -> Scaffold:
    """The workflow `name` in the folder of workflows `library`, made after `source`.

    Raises `CommandError` if the name can't be one, or if something is there by that name.
    """
    if not NAME_PATTERN.match(name):
        raise CommandError(f"{name!r} can't name a workflow: lower-case letters and digits, words joined by '-'")
    folder = library / name
    if folder.exists():
        raise CommandError(f"{folder} is there already, and nothing is written over: choose another name")
    texts = _under_its_name(_texts(source), name)
    texts[WORKFLOW] = _SCHEMA_LINE + _NAMED.sub(f"workflow: {name}", texts[WORKFLOW], count=1)
    wanted = {path_of(folder, file): text for file, text in texts.items()}
    kept = tuple(path for path in wanted if path.exists())
    wanted.setdefault(library / SCHEMA, json.dumps(workflow_schema(), indent=2, ensure_ascii=False) + "\n")
    new = {path: text for path, text in wanted.items() if not path.exists()}
    return Scaffold(folder, new, kept, _lacking(library / SEGMENTS, texts))


def _under_its_name(texts: Mapping[str, str], name: str) -> dict[str, str]:
    """The files of a workflow in which it knows what it sends itself by `name`: `workflow` or `form` of the event."""
    found = _NAMED.search(texts[WORKFLOW])
    if found is None:
        return dict(texts)
    own = re.escape(found[0].removeprefix("workflow:").strip())
    asks = re.compile(rf'(\b(?:workflow|form)(?:: | == ")){own}(?![\w-])')  # `event.workflow == "sunset"`
    return {file: asks.sub(rf"\g<1>{name}", text) for file, text in texts.items()}


def write(made: Scaffold) -> None:
    """Writes the files. Raises `CommandError` rather than write over one that has come in the meantime."""
    for path, text in made.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError as error:
            raise CommandError(f"{path} is there already, and nothing is written over") from error


def _texts(source: Path) -> dict[str, str]:
    """The files of a workflow with its tests and what it shares with others, by their paths inside it."""
    texts = {**read_folder(source), **read_tests(source)}
    if source != STARTER:
        texts |= read_policy(source.parent)
    else:
        layouts = sorted((shipped_library() / LAYOUTS).glob("message.*"))
        texts |= {f"{LAYOUTS}/{path.name}": path.read_text(encoding="utf-8") for path in layouts}
    return texts


def _lacking(segments: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """The rules of segments that the workflow names, where `segments.yaml` is there and has none by their names."""
    if SEGMENTS not in texts or not segments.exists():
        return {}
    yaml = YAML(typ="safe", pure=True)
    known = yaml.load(segments.read_text(encoding="utf-8")) or {}
    rules = yaml.load(texts[SEGMENTS])
    return {
        name: str(rule)
        for name, rule in rules.items()
        if name not in known and re.search(_NAMES_SEGMENT.format(name=re.escape(name)), texts[WORKFLOW])
    }
