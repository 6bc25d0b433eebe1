"""Where new workflows come from: the starter, and the library that comes with this command."""

from pathlib import Path

from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import workflow_folders
from relevo_workflow import suggestion

_PACKAGE = Path(__file__).resolve().parents[1]
STARTER = _PACKAGE / "starter"
_INSTALLED = _PACKAGE / "library"
"""The library in an installed package; `cli/hatch_build.py` puts it there."""
_CHECKOUT = _PACKAGE.parents[1] / "workflows"


def shipped_library() -> Path:
    """The library that comes with this command. Raises `CommandError` if it was installed without one."""
    for folder in (_INSTALLED, _CHECKOUT):
        if next(workflow_folders(folder), None) is not None:
            return folder
    raise CommandError(
        "this installation comes without the library of workflows: install relevo again, or run it from a checkout"
    )


def from_library(name: str) -> Path:
    """The folder of a workflow of the library. Raises `CommandError` with the names that there are."""
    known = {folder.name: folder for folder in workflow_folders(shipped_library())}
    if name not in known:
        near = suggestion(name, known)
        advice = near if near.startswith("did you mean") else f"it has {', '.join(known)}"
        raise CommandError(f"the library has no workflow {name!r}: {advice}")
    return known[name]
