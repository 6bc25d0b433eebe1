"""What the catalog keeps, read with this release: another one may have deployed what this one can't read."""

from collections.abc import Mapping

from relevo_workflow import Definition, WorkflowError, compile_workflow


def read_stored(files: Mapping[str, str]) -> Definition | None:
    """The definition of stored files; None for one that this release can't read, which deploying anew mends."""
    try:
        return compile_workflow(files)
    except WorkflowError:
        return None
