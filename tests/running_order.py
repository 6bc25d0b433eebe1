"""In which order the tests run, and which never run side by side."""

from collections.abc import Iterable

import pytest

FOLDERS = (
    # Pure: a mistake shows within seconds.
    *("contracts", "templates", "workflow", "golden", "architecture", "audit", "deploy", "year"),
    *("budgets", "engine", "ingest", "notifier", "scheduler", "persons", "runtime", "upgrade", "security", "control"),
    *("clients", "conformance", "cli"),
    *("e2e", "plugin", "chaos", "docs"),  # whole systems; with workers, one of them begins with these
)
WHOLE_SYSTEM = ("e2e", "plugin", "chaos", "docs")
"""Folders whose tests start every service: two such systems at once would keep a small machine from answering."""
OWN_SERVERS = ("security",)
"""Folders whose tests share servers of their own: each runs in one worker, so that there is one of each."""


def folder_of(nodeid: str) -> str:
    """The folder of tests/ that a test stands in."""
    return nodeid.split("/")[1]


def in_order(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Sorted by folder; within one they stay as they are."""
    return sorted(items, key=lambda item: _place(folder_of(item.nodeid)))


def _place(folder: str) -> int:
    return FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)
