"""The command's own error: something that the person at the keyboard can mend."""

from pathlib import Path


class CommandError(Exception):
    """The message says what is wrong and what to do."""


class NotTextError(CommandError):
    """A file that is not UTF-8 text."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not UTF-8 text")
        self.path = path


def unknown_shop(name: str) -> str:
    """The sentence for a shop that the catalog doesn't have."""
    return f"shop {name!r} is not known; `relevo shops list` prints those that are"
