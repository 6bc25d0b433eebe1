"""The command's own error: something that the person at the keyboard can mend."""

from pathlib import Path

from relevo_control.app.errors import OperationError


class CommandError(OperationError):
    """The message says what is wrong and what to do."""


class NotTextError(CommandError):
    """A file that is not UTF-8 text."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not UTF-8 text")
        self.path = path
