"""What the catalog keeps of a workflow, made of its raw files: from a folder here, or as they came over HTTP.

The catalog also keeps what the notifier and ingest need without a YAML parser: `compiled/templates.json`,
`compiled/blocks.json`, `compiled/secrets.json` and the words of each layout as JSON. They are made here and nowhere
else, so that nobody can deploy a workflow whose templates are others than its files say.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from relevo_templates.blocks import COMPILED_BLOCKS
from relevo_workflow import Definition, HttpStep, Problems, WorkflowError, load_workflow, read_yaml, secrets_of

LAYOUTS = "layouts"
COMPILED = "compiled/"
"""What begins so is made of the other files."""


class CompiledFiles(Struct, frozen=True):
    """A workflow that was read, and what the catalog keeps of it."""

    definition: Definition
    files: dict[str, str]


def compiled_files(raw: Mapping[str, str]) -> CompiledFiles:
    """Reads raw files; what was compiled before is made anew.

    Raises `WorkflowError`.
    """
    files = sources(raw)
    # The words count for the version as the layouts do, so they are there before the version is made.
    files |= layout_words(files)
    definition = load_workflow(files)
    templates = msgspec.json.encode(definition.templates, order="deterministic").decode()
    compiled = {f"{COMPILED}templates.json": templates}
    if definition.blocks:
        compiled[COMPILED_BLOCKS] = msgspec.json.encode(definition.blocks, order="deterministic").decode()
    secrets = secrets_named(definition)
    if secrets:
        compiled[f"{COMPILED}secrets.json"] = msgspec.json.encode(secrets).decode()
    return CompiledFiles(definition, {**files, **compiled})


def sources(files: Mapping[str, str]) -> dict[str, str]:
    """What somebody wrote: the files without what was compiled of them."""
    return {path: text for path, text in files.items() if not path.startswith(COMPILED)}


def secrets_named(definition: Definition) -> list[str]:
    """The secrets that the calls of a workflow need, in alphabetical order: each is `RELEVO_CALL_SECRET_NAME`."""
    calls = (step for step in definition.program.steps.values() if isinstance(step, HttpStep))
    return sorted({name for call in calls for name in secrets_of(header for _, header in call.headers)})


def layout_words(files: Mapping[str, str]) -> dict[str, str]:
    """The words of each layout as JSON, beside its YAML."""
    return {
        path.removesuffix(".yaml") + ".json": msgspec.json.encode(parse_yaml(path, text)).decode()
        for path, text in files.items()
        if path.startswith(f"{LAYOUTS}/") and path.endswith(".yaml")
    }


def parse_yaml(path: str, text: str) -> object:
    """What a file holds; nothing for an empty one.

    Raises `WorkflowError` for one that is not YAML, or too large once its aliases are written out.
    """
    problems = Problems()
    found = read_yaml(path, text, problems) if text.strip() else None
    if problems.errors:
        raise WorkflowError(problems.errors)
    return found.plain() if found is not None else None
