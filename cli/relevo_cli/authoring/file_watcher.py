"""Notices saves of workflows by looking at their files, on every file system and without a library."""

from collections.abc import Iterator
from pathlib import Path

from relevo_cli.workflow_files import SEGMENTS, WORKFLOW, beside, workflow_folders
from relevo_control.app.source_files import LAYOUTS
from relevo_workflow import BLOCKS_FOLDER, EVENTS_FOLDER, POLICY_FILE

Stamps = dict[Path, tuple[int, int, int]]


class SaveWatcher:
    """The workflows at `path` as they were when they were last looked at."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[Path, Stamps] = {}

    def changed(self) -> list[Path]:
        """The workflow folders that are not as they were at the last call; all of them at the first.

        What several share (layouts, content, segments, declared events) concerns all of them.
        """
        seen = {folder: stamps_of(folder) for folder in workflow_folders(self._path)}
        changed = [folder for folder, stamps in seen.items() if self._known.get(folder) != stamps]
        self._known = seen
        return changed

    @property
    def watched(self) -> list[Path]:
        """The workflow folders that were there at the last call."""
        return list(self._known)


def stamps_of(folder: Path) -> Stamps:
    """When each file that a workflow is made of was written, and its size; those that can't be read are left out."""
    found: Stamps = {}
    for file in _files(folder):
        try:
            about = file.stat()
        except OSError:
            continue  # it is being replaced: the next look finds it
        # The inode: editors replace a file, and a copy can keep the time and the size of what it replaces.
        found[file] = (about.st_mtime_ns, about.st_size, about.st_ino)
    return found


def _files(folder: Path) -> Iterator[Path]:
    shared = beside(folder)
    yield folder / WORKFLOW
    yield shared / SEGMENTS
    yield shared / POLICY_FILE
    own, of_all = ("templates", "surveys", "tests"), (LAYOUTS, BLOCKS_FOLDER, EVENTS_FOLDER)
    for inside in (*(folder / name for name in own), *(shared / name for name in of_all)):
        yield from sorted(inside.glob("*.*"))
