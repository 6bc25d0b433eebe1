"""What is wrong with a workflow, where, and what to do: every problem at once, not only the first."""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct


class Position(Struct, frozen=True):
    """A place in a file; `line` and `column` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def right(self, columns: int) -> "Position":
        """The place `columns` further on the same line."""
        return Position(self.file, self.line, self.column + columns)


class Diagnostic(Struct, frozen=True):
    """One problem: where it is, what is wrong, and what would help."""

    position: Position
    message: str
    help: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = f"{self.position.file}:{self.position.line}:{self.position.column}"
        tail = f" (help: {self.help})" if self.help else ""
        return f"{place}: {self.severity}: {self.message}{tail}"


class WorkflowError(Exception):
    """The files are not a valid workflow; `diagnostics` has every problem, in the order of the files' lines."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(one) for one in self.diagnostics))


class Problems:
    """Collects diagnostics while a workflow is read."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.lints: list[Diagnostic] = []  # those errors in spite of which there is a definition that can run

    def error(self, position: Position, message: str, advice: str = "") -> None:
        """Notes an error; reading goes on."""
        self.found.append(Diagnostic(position, message, advice))

    def lint(self, position: Position, message: str, advice: str = "") -> None:
        """Notes an error of a workflow that can run as it is: nobody may deploy it, and what is deployed goes on."""
        self.error(position, message, advice)
        self.lints.append(self.found[-1])

    def warning(self, position: Position, message: str, advice: str = "") -> None:
        """Notes something that is allowed and yet probably not meant."""
        self.note(Diagnostic(position, message, advice, "warning"))

    def note(self, found: Diagnostic) -> None:
        """Notes a finding, once."""
        if found not in self.found:
            self.found.append(found)

    @property
    def sorted(self) -> list[Diagnostic]:
        """Everything that was found, in the order of files and lines."""
        return sorted(self.found, key=lambda one: (one.position.file, one.position.line, one.position.column))

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors, without the warnings, in the order of files and lines."""
        return [one for one in self.sorted if one.severity == "error"]

    @property
    def fatal(self) -> list[Diagnostic]:
        """The errors that leave no definition which could run."""
        return [one for one in self.errors if one not in self.lints]

    @property
    def warnings(self) -> list[Diagnostic]:
        """The warnings, in the order of files and lines."""
        return [one for one in self.sorted if one.severity == "warning"]


def suggestion(word: str, known: Iterable[str]) -> str:
    """Help for a word that is not known: the nearest one, or all that are; of an event, those of the same kind."""
    names = sorted(set(known))
    near = nearest(word, names)
    if near:
        return f"did you mean '{near}'?"
    names = _same_kind(word, names) or names
    return f"known here: {', '.join(names)}" if names else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant; empty if none is near enough.

    `order.created` is near `order.deleted` by its letters alone, so names with a common beginning must be nearer.
    """
    names = sorted(set(known))
    alike = _same_kind(word, names)
    cutoff = 0.85 if alike else 0.6
    return next(iter(get_close_matches(word, alike or names, n=1, cutoff=cutoff)), "")


def _same_kind(word: str, names: Iterable[str]) -> list[str]:
    """Those of the dotted `names` that begin as `word` does."""
    kind, dot, _ = word.partition(".")
    return [name for name in names if name.startswith(kind + dot)] if dot else []
