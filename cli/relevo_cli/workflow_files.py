"""Reads workflow folders, and makes of each what the catalog keeps.

A definition's files are `workflow.yaml`, `templates/*.yaml`, `surveys/*.yaml`, the layouts and the content blocks that
its templates use, `segments.yaml` if it names segments, the declarations of the shop's own events that it names
(`events/custom.*.json`), and `policy.yaml` if it names a purpose of it, which does not count for the version: the
policy is deployed by itself. Its tests are not part of it: changing a test deploys nothing. What the catalog keeps
beside them is made of them by `relevo_control.app.source_files`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs

from relevo_cli.errors import CommandError, NotTextError
from relevo_contracts.declared import Declared
from relevo_contracts.event_types import mentioned
from relevo_contracts.policy import Policy
from relevo_control.app.source_files import LAYOUTS, compiled_files, parse_yaml
from relevo_workflow import (
    BLOCKS_FOLDER,
    EVENT_FILE_SUFFIXES,
    EVENTS_FOLDER,
    NAME_PATTERN,
    POLICY_FILE,
    Definition,
    Diagnostic,
    Position,
    WorkflowError,
    diagnose_events,
    diagnose_policy,
    event_files,
    nearest,
)

WORKFLOW = "workflow.yaml"
LIBRARY = Path("workflows")
"""The folder of workflows, where none is named."""
SEGMENTS = "segments.yaml"
_PURPOSE = re.compile(r"\bpurpose\s*:\s*[\"']?(?!marketing\b|transactional\b)[a-z]|\bchannel\s*:\s*[\"']?preferred\b")
"""What a workflow can't be read without its policy for: a purpose of its own, a channel that is chosen by it."""


class Loaded(Struct, frozen=True):
    """A workflow folder that was read and checked. `files` is what the catalog keeps."""

    folder: Path
    definition: Definition
    files: dict[str, str]


def load_folders(path: Path) -> list[Loaded]:
    """Every workflow at `path`: one workflow folder, or a folder of such folders, in order of name.

    Raises `CommandError` if there is none, or one twice, and `WorkflowError` with all errors of all and their paths.
    """
    loaded: dict[str, Loaded] = {}
    errors: list[Diagnostic] = []
    for folder in need_folders(path):
        try:
            one = load_folder(folder)
        except WorkflowError as error:
            errors += (placed(folder, one) for one in error.diagnostics)
            continue
        name = one.definition.name
        if name in loaded:
            raise CommandError(f"{folder} and {loaded[name].folder} are both the workflow {name!r}: rename one")
        loaded[name] = one
    if errors:
        raise WorkflowError(errors)
    return list(loaded.values())


def need_folders(path: Path) -> list[Path]:
    """The workflow folders at `path`. Raises `CommandError` if there is none, with the one that was probably meant."""
    folders = list(workflow_folders(path))
    if not folders:
        raise CommandError(f"there is no workflow in {path}: {_instead_of(path)}")
    return folders


def _instead_of(path: Path) -> str:
    """What to do where `path` has no workflow."""
    here = Path()
    around = [one for base in (path.parent, LIBRARY, here) for one in workflow_folders(base)]
    known = {one.resolve().name: one for one in reversed(around)}
    name = path.name if path.name in known else nearest(path.name, known)
    if name:
        return f"did you mean {known[name]}?"
    if not around:
        return f"a workflow is a folder with a {WORKFLOW}; `relevo new my-workflow` writes one"
    if path == LIBRARY:
        return "there are some here: name one, or . for all of them"
    return f"a workflow is a folder with a {WORKFLOW}"


def library() -> Path:
    """The library of workflows: `workflows/` here, or that of the checkout that this command is installed from."""
    return LIBRARY if LIBRARY.is_dir() else Path(__file__).resolve().parents[2] / "workflows"


def workflow_folders(path: Path) -> Iterator[Path]:
    """The workflow folders at `path`; a `workflow.yaml` stands for its folder."""
    if path.name == WORKFLOW and path.is_file():
        yield path.parent
    elif (path / WORKFLOW).is_file():
        yield path
    elif path.is_dir():
        yield from sorted(child for child in path.iterdir() if (child / WORKFLOW).is_file())


def load_folder(folder: Path) -> Loaded:
    """Read and check one workflow folder. Raises `WorkflowError`, or `CommandError` for a file that is not YAML."""
    compiled = compiled_files(read_folder(folder))
    return Loaded(folder, compiled.definition, compiled.files)


def read_folder(folder: Path, *, parse: bool = True) -> dict[str, str]:
    """The raw files of a definition by their paths inside it.

    Raises `CommandError` for a template that is not YAML; without `parse` every layout and block is read, and
    nothing is raised.
    """
    files = {WORKFLOW: _read(folder / WORKFLOW)}
    for template in _yaml_files(folder / "templates"):
        files[f"templates/{template.name}"] = _read(template)
    for survey in _yaml_files(folder / "surveys"):
        files[f"surveys/{survey.name}"] = _read(survey)
    for layout in sorted(_layouts(files)) if parse else ["*"]:
        for source in sorted((beside(folder) / LAYOUTS).glob(f"{layout}.*")):
            files[f"{LAYOUTS}/{source.name}"] = _read(source)
    for block in sorted(_blocks_shown(files)) if parse else ["*"]:
        for source in _yaml_files(beside(folder) / BLOCKS_FOLDER, block):
            files[f"{BLOCKS_FOLDER}{source.name}"] = _read(source)
    segments = beside(folder) / SEGMENTS
    # A workflow that names none is the same version whatever becomes of them.
    if segments.is_file() and any("segment" in text for text in files.values()):
        files[SEGMENTS] = _read(segments)
    policy = read_policy(beside(folder))
    if policy and (not parse or _PURPOSE.search(files[WORKFLOW])):
        files |= policy
    return files | _own_events(folder, files, every=not parse)


def _own_events(folder: Path, files: Mapping[str, str], *, every: bool) -> dict[str, str]:
    """The declarations of the events that a workflow names; all of them where it names one that is not there."""
    declared = read_events(beside(folder))
    named = mentioned(files.values())
    every = every or not named <= {name for name, _ in event_files(declared)}
    return {path: declared[path] for name, path in event_files(declared) if every or name in named}


def read_events(library: Path) -> dict[str, str]:
    """The declarations of the shop's own events in a folder of workflows: `events/custom.*.json` (or YAML)."""
    paths = [path for ending in EVENT_FILE_SUFFIXES for path in (library / EVENTS_FOLDER).glob(f"*{ending}")]
    return {f"{EVENTS_FOLDER}{path.name}": _read(path) for path in sorted(paths)}


def read_policy(library: Path) -> dict[str, str]:
    """The contact policy of a folder of workflows, if it has one."""
    path = library / POLICY_FILE
    return {POLICY_FILE: _read(path)} if path.is_file() else {}


def contact_policy(loaded: Sequence[Loaded]) -> tuple[Policy, str] | None:
    """The contact policy beside workflows, with its text; `None` if there is none.

    Raises `WorkflowError` with everything that is wrong with it, and `CommandError` if there are several.
    """
    libraries = {one.resolve(): one for one in map(beside, (each.folder for each in loaded))}
    texts = {library: files[POLICY_FILE] for library in libraries.values() if (files := read_policy(library))}
    if not texts:
        return None
    if len(texts) > 1:
        raise CommandError(f"there are several contact policies ({', '.join(map(str, texts))}): deploy one at a time")
    [(library, text)] = texts.items()
    policy, found = diagnose_policy({POLICY_FILE: text})
    if policy is None:
        errors = (one for one in found if one.severity == "error")
        raise WorkflowError(structs.replace(one, position=_at(library, one.position)) for one in errors)
    return policy, text


def read_tests(folder: Path) -> dict[str, str]:
    """The files of tests beside a workflow by their paths inside its folder."""
    return {f"tests/{path.name}": _read(path) for path in _yaml_files(folder / "tests")}


def declared_events(loaded: Sequence[Loaded]) -> list[Declared]:
    """The events that are declared beside workflows, whether one of them names them or not.

    Raises `WorkflowError` with everything that is wrong with them.
    """
    found: dict[str, Declared] = {}
    errors: list[Diagnostic] = []
    for library in dict.fromkeys(beside(one.folder) for one in loaded):
        declared, wrong = diagnose_events(read_events(library))
        errors += (structs.replace(one, position=_at(library, one.position)) for one in wrong)
        found |= {one.name: one for one in declared}
    if errors:
        raise WorkflowError(errors)
    return [found[name] for name in sorted(found)]


def _at(library: Path, where: Position) -> Position:
    return Position((library / where.file).as_posix(), where.line, where.column)


def _yaml_files(folder: Path, stem: str = "*") -> list[Path]:
    return sorted([*folder.glob(f"{stem}.yaml"), *folder.glob(f"{stem}.yml")])


def beside(folder: Path) -> Path:
    """The folder that a workflow's folder lies in, also for `.` and `..`."""
    return folder.parent if folder.name not in ("", "..") else folder / ".."


def path_of(folder: Path, file: str) -> Path:
    """Where a file of a definition lies: the shared ones beside its folder, the others inside it."""
    shared = file in (SEGMENTS, POLICY_FILE) or file.startswith((f"{LAYOUTS}/", BLOCKS_FOLDER, EVENTS_FOLDER))
    return (beside(folder) if shared else folder) / file


def placed(folder: Path, found: Diagnostic) -> Diagnostic:
    """The same with the path of the file as it is from here."""
    return structs.replace(found, position=placed_at(folder, found.position))


def placed_at(folder: Path, where: Position) -> Position:
    """The same place with the path of the file as it is from here."""
    return Position(path_of(folder, where.file).as_posix(), where.line, where.column)


def _layouts(files: Mapping[str, str]) -> set[str]:
    return {str(template["layout"]) for template in _templates(files) if template.get("layout")}


def _blocks_shown(files: Mapping[str, str]) -> set[str]:
    """The names of the content blocks that templates show, as far as they are written as they have to be."""
    shown = [template["blocks"] for template in _templates(files) if template.get("blocks")]
    each = [one for blocks in shown for one in (blocks if isinstance(blocks, list) else [blocks])]
    names = [one.get("block") if isinstance(one, dict) else one for one in each]
    return {one for one in names if isinstance(one, str) and NAME_PATTERN.match(one)}


def _templates(files: Mapping[str, str]) -> list[dict[str, object]]:
    found = [parse_yaml(path, text) for path, text in files.items() if path.startswith("templates/")]
    return [template for template in found if isinstance(template, dict)]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotTextError(path) from error
