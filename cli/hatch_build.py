"""Puts the library of workflows into the built package; an editable install reads it where it lies."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class LibraryHook(BuildHookInterface):
    """Adds `workflows/` as `relevo_cli/library/`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds a wheel; `version` is `standard` or `editable`."""
        library = Path(self.root).parent / "workflows"
        if version != "editable" and library.is_dir():
            build_data["force_include"][str(library)] = "relevo_cli/library"
